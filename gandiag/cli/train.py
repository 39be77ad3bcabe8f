"""``gandiag train``"""

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import click
from tqdm import tqdm

from gandiag.applications import ApplicationResult
from gandiag.applications.session import Settings, read_session, session_model
from gandiag.cli.applications import APPLICATIONS, check_options, field_names, option, run_name
from gandiag.errors import GandiagError
from gandiag.nets import MODELS
from gandiag.report import write_report
from gandiag.training import PRESETS, TrainingConfig, TrainingResult, read_checkpoint, train

CORE = "the core"
AnySettings = TypeVar("AnySettings", bound=Settings)


def setting_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """One option for each field of :class:`TrainingConfig`, and for each further one that an application has."""
    everyone = {CORE: TrainingConfig} | {model: application.settings for model, application in APPLICATIONS.items()}
    names = dict.fromkeys(name for settings in everyone.values() for name in field_names(settings))
    for name in reversed(names):
        owners = {model: settings for model, settings in everyone.items() if name in field_names(settings)}
        function = _setting_option(name, owners)(function)
    return function


def _setting_option(name: str, owners: dict[str, Any]) -> Callable[..., Any]:
    """An option as its first owner describes it, with the defaults of those that have another."""
    first, settings = next(iter(owners.items()))
    defaults = {model: settings.__dataclass_fields__[name].default for model, settings in owners.items()}
    others = [f"; {model}: {default}" for model, default in defaults.items() if default != defaults[first]]
    whose = "" if first == CORE else f"Of {' and '.join(owners)}: "
    return click.option(
        option(name),
        name,
        type=_option_type(get_type_hints(settings)[name]),
        help=f"{whose}{setting_helps(settings)[name]} [default: {defaults[first]}{''.join(others)}]",
    )


def setting_helps(settings: Any = TrainingConfig) -> dict[str, str]:
    """Field → its description in the docstring of a settings class."""
    attributes = (settings.__doc__ or "").split("Attributes:")[1].split("\n    Raises:")[0]
    found = re.findall(r"^ {8}(\w+): (.+?)(?=^ {8}\w+: |\Z)", attributes, re.MULTILINE | re.DOTALL)
    return {name: " ".join(text.replace("``", "").split()) for name, text in found}


def _option_type(hint: Any) -> type:
    for kind in (int, float):
        if hint in (kind, kind | None):
            return kind
    return str


@click.command("train", epilog=f"Models that are applications, with settings of their own: {', '.join(APPLICATIONS)}.")
@setting_options
@click.option("--preset", help=f"Begin from a named setting: {', '.join(PRESETS)}.")
@click.option(
    "--data-dir", type=click.Path(path_type=Path), help="Folder that holds the data set, in torchvision's layout."
)
@click.option("--out", type=click.Path(path_type=Path), help="Run directory. [default: runs/ and the settings' names]")
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint in --out.")
@click.option("--device", default="cpu", show_default=True, help="torch device, such as cuda.")
def command(
    preset: str | None, data_dir: Path | None, out: Path | None, resume: bool, device: str, **settings: Any
) -> None:
    """Train one GAN, watch it, and say the verdict.

    Writes the recording, the last checkpoint and a report into the run directory.
    """
    given = {name: value for name, value in settings.items() if value is not None}
    if resume and out is None:
        raise GandiagError("--resume needs the run directory to go on in; give it with --out.")
    model = session_model(out) if resume and out is not None else given.get("model")
    result: TrainingResult | ApplicationResult
    if model is not None and model in APPLICATIONS:
        refused = [] if preset is None else ["preset"]
        result, out = _train_application(model, given, refused, out, data_dir, device, resume)
    else:
        result, out = _train_core(preset, given, out, data_dir, device, resume)
    say(result, out)


def _train_core(
    preset: str | None, given: dict[str, Any], out: Path | None, data_dir: Path | None, device: str, resume: bool
) -> tuple[TrainingResult, Path]:
    """Train with the core; returns the run directory too."""
    model = given.get("model", TrainingConfig.model)
    if model not in MODELS:
        raise GandiagError(f"Unknown model '{model}'; choose one of {', '.join([*MODELS, *APPLICATIONS])}.")
    check_options(model, field_names(TrainingConfig), list(given))
    checkpoint = None
    if resume and out is not None:
        config, checkpoint = read_checkpoint(out)
        config = longer(config, given)
    else:
        config = configure(preset, given)
    out = out or default_directory(preset, config)
    with _bar(config.iterations, checkpoint, out) as progress:
        return train(config, out=out, data_dir=data_dir, device=device, checkpoint=checkpoint, progress=progress), out


def _train_application(
    model: str,
    given: dict[str, Any],
    refused: list[str],
    out: Path | None,
    data_dir: Path | None,
    device: str,
    resume: bool,
) -> tuple[ApplicationResult, Path]:
    """Train an application; returns the run directory too."""
    application = APPLICATIONS[model]
    named = given.pop("model", model)
    if named != model:
        raise GandiagError(f"--resume goes on with the settings of the run; its model is '{model}', not '{named}'.")
    check_options(model, field_names(application.settings), [*given, *refused])
    checkpoint = None
    if resume and out is not None:
        checkpoint = read_session(out, model)
        settings = longer(application.settings(**checkpoint["settings"]), given)
    else:
        settings = application.settings(**given)
    out = out or Path("runs") / run_name(model, settings)
    with _bar(settings.iterations, checkpoint, out) as progress:
        result = application.train(
            settings, out=out, data_dir=data_dir, device=device, checkpoint=checkpoint, progress=progress
        )
    return result, out


@contextmanager
def _bar(iterations: int, checkpoint: Mapping[str, Any] | None, out: Path) -> Iterator[Callable[[int], None]]:
    """A progress bar; gives what moves it to a number of generator steps done."""
    done = 0 if checkpoint is None else int(checkpoint["iteration"])
    with tqdm(total=iterations, initial=done, desc=str(out), unit="it") as bar:
        yield lambda iteration: bar.update(iteration - bar.n)


def configure(preset: str | None, given: dict[str, Any]) -> TrainingConfig:
    """The preset, or the defaults, with what was given on the command line."""
    if preset is None:
        return TrainingConfig(**given)
    if preset not in PRESETS:
        raise GandiagError(f"Unknown preset '{preset}'; choose one of {', '.join(PRESETS)}.")
    return dataclasses.replace(PRESETS[preset], **given)


def longer(settings: AnySettings, given: dict[str, Any]) -> AnySettings:
    """A resumed run may be made longer; anything else would make it another run."""
    changed = [name for name in given if name != "iterations" and given[name] != getattr(settings, name)]
    if changed:
        raise GandiagError(
            f"--resume goes on with the settings of the run; only --iterations can change, not {changed[0]}."
        )
    return dataclasses.replace(settings, **given)


def default_directory(preset: str | None, config: TrainingConfig) -> Path:
    """A folder under ``runs/`` named after what sets the run apart."""
    name = preset or f"{config.model}-{config.loss}-{config.regularizer}"
    return Path("runs") / f"{config.dataset}-{name}-seed{config.seed}"


def say(result: TrainingResult | ApplicationResult, out: Path) -> None:
    """The verdict, and where to look."""
    if result.ended_early:
        click.echo(f"The run ended after {result.iterations} iterations: {result.ended_early}", err=True)
    click.echo(str(result.diagnosis))
    try:
        path = write_report(result.recording, result.diagnosis, out / "report.html", title=f"gandiag: {out.name}")
    except GandiagError as error:
        click.echo(f"gandiag: {error}", err=True)
    else:
        click.echo(f"Report: {path}")
