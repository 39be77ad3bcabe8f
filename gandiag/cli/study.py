"""``gandiag study NAME|FILE``"""

import runpy
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import click

from gandiag.cli.main import explain_errors
from gandiag.errors import GandiagError
from gandiag.study import Study, run_study, write_results
from gandiag.study.execution import MARK, Engine
from gandiag.study.results import RUNS, redraw

STUDIES = Path("studies")
FOLDERS = ("--out", "--into", "--data-dir")


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
        click.option("--iterations", type=int, help="Budget of each run, in generator steps."),
        click.option("--dataset", help="Data set of every run whose setting does not name one."),
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


@click.command("study")
@click.argument("study")
@options
def command(study: str, **given: Any) -> None:
    """Run a STUDY, which is a file with a `STUDY` in it, or the name of one in ./studies; go on where it stopped.

    Leaves runs.csv, curves.parquet, summary.csv, manifest.json, study.png and index.html in its folder.
    """
    perform(load_study(study), **given)


def perform(
    study: Study,
    *,
    smoke: bool,
    seeds: int | None,
    iterations: int | None,
    dataset: str | None,
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
    if smoke:
        study = study.smoke()
    changes: dict[str, Any] = {"iterations": iterations, "dataset": dataset}
    base = replace(study.base, **{name: value for name, value in changes.items() if value is not None})
    study = replace(study, base=base, seeds=study.seeds if seeds is None else seeds)
    out = out or Path("runs") / "studies" / study.name
    if not results_only:
        run_study(study, out, workers=workers, data_dir=data_dir, engine=engine, address=address, device=device)
    elif not (out / MARK).exists() and (out / RUNS).exists():
        click.echo(f"Look here: {redraw(study, out)}")
        return
    click.echo(f"Look here: {write_results(study, out, into=into, command=_told(sys.argv))}")


def _told(argv: list[str]) -> str:
    """The command that does it again elsewhere: without folders of this machine."""
    words, skip = [Path(argv[0]).name], False
    for word in argv[1:]:
        if not skip and word not in (*FOLDERS, "--results-only"):
            words.append(word)
        skip = word in FOLDERS
    return " ".join(words)


def run_as_script(study: Study) -> None:
    """What ``python studies/NAME.py`` does: the same as ``gandiag study``, with the same options."""

    @click.command(help=study.question, context_settings={"help_option_names": ["-h", "--help"]})
    @options
    def script(**given: Any) -> None:
        perform(study, **given)

    explain_errors(lambda: script.main(standalone_mode=False))


def load_study(name: str) -> Study:
    """The study in a file, or by its name in ./studies.

    Raises:
        GandiagError: If there is no such file, or no study in it.
    """
    path = Path(name) if name.endswith(".py") else STUDIES / f"{name}.py"
    if not path.is_file():
        known = sorted(one.stem for one in STUDIES.glob("*.py") if "STUDY = " in one.read_text(encoding="utf-8"))
        raise GandiagError(
            f"There is no study {path}; give a Python file, or one of {', '.join(known) or 'none here'}."
        )
    study = runpy.run_path(str(path)).get("STUDY")
    if not isinstance(study, Study):
        raise GandiagError(f"{path} holds no study; assign a gandiag.study.Study to STUDY in it.")
    return study
