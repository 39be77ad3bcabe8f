"""``gandiag train``"""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

import click
from tqdm import tqdm

from gandiag.errors import GandiagError
from gandiag.report import write_report
from gandiag.training import PRESETS, TrainingConfig, TrainingResult, read_checkpoint, train


def setting_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """One option for each field of :class:`TrainingConfig`, described as its docstring does."""
    helps = setting_helps()
    for field in reversed(dataclasses.fields(TrainingConfig)):
        option = "--" + field.name.replace("_", "-")
        shown = f"{helps[field.name]} [default: {field.default}]"
        function = click.option(option, field.name, type=_option_type(field.name), help=shown)(function)
    return function


def setting_helps() -> dict[str, str]:
    """Field → its description in the docstring of :class:`TrainingConfig`."""
    attributes = (TrainingConfig.__doc__ or "").split("Attributes:")[1]
    found = re.findall(r"^ {8}(\w+): (.+?)(?=^ {8}\w+: |\Z)", attributes, re.MULTILINE | re.DOTALL)
    return {name: " ".join(text.replace("``", "").split()) for name, text in found}


def _option_type(name: str) -> type:
    hint = get_type_hints(TrainingConfig)[name]
    for kind in (int, float):
        if hint in (kind, kind | None):
            return kind
    return str


@click.command("train")
@setting_options
@click.option("--preset", help=f"Begin from a named setting: {', '.join(PRESETS)}.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder that holds MNIST, in torchvision's layout.")
@click.option("--out", type=click.Path(path_type=Path), help="Run directory. [default: runs/ and the settings' names]")
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint in --out.")
@click.option("--device", default="cpu", show_default=True, help="torch device.")
def command(
    preset: str | None, data_dir: Path | None, out: Path | None, resume: bool, device: str, **settings: Any
) -> None:
    """Train one GAN, watch it, and say the verdict.

    Writes the recording, the last checkpoint and a report into the run directory.
    """
    given = {name: value for name, value in settings.items() if value is not None}
    checkpoint = None
    if resume:
        if out is None:
            raise GandiagError("--resume needs the run directory to go on in; give it with --out.")
        config, checkpoint = read_checkpoint(out)
        config = _longer(config, given)
    else:
        config = configure(preset, given)
    out = out or default_directory(preset, config)
    done = 0 if checkpoint is None else int(checkpoint["iteration"])
    with tqdm(total=config.iterations, initial=done, desc=str(out), unit="it") as bar:
        result = train(
            config,
            out=out,
            data_dir=data_dir,
            device=device,
            checkpoint=checkpoint,
            progress=lambda iteration: bar.update(iteration - bar.n),
        )
    say(result, out)


def configure(preset: str | None, given: dict[str, Any]) -> TrainingConfig:
    """The preset, or the defaults, with what was given on the command line."""
    if preset is None:
        return TrainingConfig(**given)
    if preset not in PRESETS:
        raise GandiagError(f"Unknown preset '{preset}'; choose one of {', '.join(PRESETS)}.")
    return dataclasses.replace(PRESETS[preset], **given)


def _longer(config: TrainingConfig, given: dict[str, Any]) -> TrainingConfig:
    """A resumed run may be made longer; anything else would make it another run."""
    changed = [name for name in given if name != "iterations" and given[name] != getattr(config, name)]
    if changed:
        raise GandiagError(
            f"--resume goes on with the settings of the run; only --iterations can change, not {changed[0]}."
        )
    return dataclasses.replace(config, **given)


def default_directory(preset: str | None, config: TrainingConfig) -> Path:
    """A folder under ``runs/`` named after what sets the run apart."""
    name = preset or f"{config.model}-{config.loss}-{config.regularizer}"
    return Path("runs") / f"{config.dataset}-{name}-seed{config.seed}"


def say(result: TrainingResult, out: Path) -> None:
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
