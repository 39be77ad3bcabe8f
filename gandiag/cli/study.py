"""``gandiag study NAME|FILE``"""

import runpy
import sys
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import click

from gandiag.cli.main import explain_errors
from gandiag.errors import GandiagError
from gandiag.study import Study, run_study, write_results
from gandiag.study.execution import MARK, Engine
from gandiag.study.grids import KEYS
from gandiag.study.provenance import told
from gandiag.study.results import RUNS, redraw
from gandiag.training.config import KINDS

STUDIES = Path("studies")
MARKS = ("STUDY = ", "@click.command")
"""What a file has in it that is a study: a grid of runs, or a script with options of its own."""


def options(function: Any) -> Any:
    """What can be changed on a study without touching its file."""
    for option in (
        click.option(
            "--out", type=click.Path(path_type=Path), help="Folder of the results. [default: runs/studies/NAME]"
        ),
        click.option(
            "--into", type=click.Path(path_type=Path), help="Folder of the tables and the page. [default: --out]"
        ),
        click.option("--data-dir", type=click.Path(path_type=Path), help="Folder that holds MNIST."),
        click.option("--workers", type=int, default=1, show_default=True, help="Processes, each with one thread."),
        click.option(
            "--engine",
            type=click.Choice(get_args(Engine)),
            default="processes",
            show_default=True,
            help="Processes of this machine, each with one run or with a stack of them, or a cluster's by Ray.",
        ),
        click.option("--address", help="Of the Ray cluster. [default: one on this machine]"),
        click.option("--device", default="cpu", show_default=True, help="torch device of the stacks."),
        click.option("--iterations", type=int, help="Budget of every run, in generator steps."),
        click.option("--dataset", help="Data set of every run whose setting does not name one."),
        click.option("--set", "laid", multiple=True, metavar="KEY=VALUE", help="Any other setting of all runs."),
        click.option("--seeds", type=int, help="Paired seeds of every setting."),
        click.option(
            "--results-only",
            is_flag=True,
            help="Run nothing; write the tables of what is finished, or, where --out holds tables alone, their page.",
        ),
        click.option(
            "--smoke", is_flag=True, help="A minute's run that shows that all works; its numbers mean nothing."
        ),
    ):
        function = option(function)
    return function


class StudyCommand(click.Command):
    """Leaves the options of a study that is a script to the script."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """The script's own context, where the first argument names a script."""
        study = load_study(args[0]) if args and not args[0].startswith("-") else None
        if isinstance(study, click.Command):
            return study.make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, obj=study, **extra)


@click.command("study", cls=StudyCommand)
@click.argument("study")
@options
@click.pass_obj
def command(loaded: Study | None, /, study: str, **given: Any) -> None:
    """Run a STUDY, which is a file with a `STUDY` in it, or the name of one in ./studies; go on where it stopped.

    Leaves runs.csv, curves.parquet, summary.csv, manifest.json, study.png and index.html in its folder. Of a study that
    is a script, the options are its own: gandiag study NAME --help.
    """
    found = loaded or load_study(study)
    if isinstance(found, click.Command):
        raise GandiagError(f"The study {study} reads its options itself; give its name before them.")
    perform(found, **given)


def perform(
    study: Study,
    *,
    smoke: bool,
    seeds: int | None,
    iterations: int | None,
    dataset: str | None,
    laid: tuple[str, ...],
    out: Path | None,
    into: Path | None,
    workers: int,
    engine: Engine,
    address: str | None,
    device: str,
    data_dir: Path | None,
    results_only: bool,
) -> None:
    """Run a study as the options have it, and write its results."""
    changes = changes_of(study, dataset, laid)
    if smoke:
        study = study.smoke()
    if iterations is not None:
        study = study.budgeted(iterations)
    study = replace(study, base=replace(study.base, **changes), seeds=study.seeds if seeds is None else seeds)
    out = out or Path("runs") / "studies" / study.name
    if not results_only:
        run_study(study, out, workers=workers, data_dir=data_dir, engine=engine, address=address, device=device)
    elif not (out / MARK).exists() and (out / RUNS).exists():
        click.echo(f"Look here: {redraw(study, out, into)}")
        return
    click.echo(f"Look here: {write_results(study, out, into=into, command=told(sys.argv))}")


def changes_of(study: Study, dataset: str | None, laid: Sequence[str]) -> dict[str, Any]:
    """What --dataset and --set lay over the base of a study.

    Raises:
        GandiagError: If the settings say it themselves, there is no such key, or the value is of another kind.
    """
    changes: dict[str, Any] = {} if dataset is None else {"dataset": dataset}
    if changes and all("dataset" in setting for setting in study.grid):
        raise GandiagError(f"Every setting of the study '{study.name}' names its own data set; leave --dataset out.")
    for words in laid:
        key, _, text = words.partition("=")
        if key not in KEYS or "=" not in words:
            raise GandiagError(f"--set takes KEY=VALUE, with one of the keys {', '.join(KEYS)}; got '{words}'.")
        if any(key in setting for setting in study.grid):
            raise GandiagError(f"The grid of the study '{study.name}' sets {key} itself; leave --set {key} out.")
        try:
            changes[key] = KINDS[key](text)
        except ValueError:
            kind = "a whole number" if KINDS[key] is int else "a number"
            raise GandiagError(f"--set {key} takes {kind}; got '{text}'.") from None
    return changes


def run_as_script(study: Study) -> None:
    """What ``python studies/NAME.py`` does: the same as ``gandiag study``, with the same options."""

    @click.command(help=study.question, context_settings={"help_option_names": ["-h", "--help"]})
    @options
    def script(**given: Any) -> None:
        perform(study, **given)

    explain_errors(lambda: script.main(standalone_mode=False))


def load_study(name: str) -> Study | click.Command:
    """The study in a file, or by its name in ./studies; the command, where it is a script.

    Raises:
        GandiagError: If there is no such file, it cannot be loaded, or there is no study in it.
    """
    path = Path(name) if name.endswith(".py") else STUDIES / f"{name}.py"
    if not path.is_file():
        texts = {one.stem: one.read_text(encoding="utf-8", errors="replace") for one in sorted(STUDIES.glob("*.py"))}
        known = [stem for stem, text in texts.items() if any(mark in text for mark in MARKS)]
        raise GandiagError(
            f"There is no study {path}; give a Python file, or one of {', '.join(known) or 'none here'}."
        )
    try:
        found = runpy.run_path(str(path))
    except GandiagError:
        raise
    except Exception as error:
        raise GandiagError(f"{path} cannot be loaded{_place(error, path)}; mend it, and try again.") from error
    study = found.get("STUDY", found.get("main"))
    if not isinstance(study, (Study, click.Command)):
        raise GandiagError(
            f"{path} holds no study; assign a gandiag.study.Study to STUDY in it, or make `main` a click command."
        )
    return study


def _place(error: Exception, path: Path) -> str:
    """The line of the file that an error comes from, and the error, in words."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    told = f"{type(error).__name__}: {' '.join(str(error).split())}"
    if isinstance(error, SyntaxError) and error.filename == str(path):
        lines, told = [error.lineno], f"{type(error).__name__}: {error.msg}"
    return f" ({f'line {lines[-1]}, ' if lines else ''}{told})"
