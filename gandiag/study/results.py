"""What a study leaves behind: tidy tables, a manifest, figures and a page."""

import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd

from gandiag.errors import GandiagError
from gandiag.report.output import write_output
from gandiag.study.answer import answer
from gandiag.study.figures import drawn, figure_of, matrix_figure
from gandiag.study.grids import names_of
from gandiag.study.matrix import best_remedies, mended
from gandiag.study.one_run import CURVES, ROW, finished
from gandiag.study.page import study_page
from gandiag.study.statistics import summarise
from gandiag.study.study import Run, Study, label, versions


def read_runs(study: Study, out: Path) -> pd.DataFrame:
    """One row a finished run of the study, in the study's order.

    Raises:
        GandiagError: If none is finished, or a row cannot be read.
    """
    rows = [_read_row(finished(run, out) / ROW) | _called(run) for run in study.runs if finished(run, out).is_dir()]
    if not rows:
        raise GandiagError(f"{out} holds no finished run of the study '{study.name}'; run it first.")
    return pd.DataFrame(rows)


def _called(run: Run) -> dict[str, str]:
    """What the study calls a run today; its setting may have had another name when it was done."""
    return {"setting": label(run.setting), **names_of(run.setting)}


def _read_row(path: Path) -> dict[str, Any]:
    try:
        row: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise GandiagError(f"{path} cannot be read ({error}); delete {path.parent} and run the study again.") from error
    return row


def read_curves(study: Study, out: Path) -> pd.DataFrame:
    """One row a probe of every finished run."""
    done = [run for run in study.runs if finished(run, out).is_dir()]
    tables = [pd.read_parquet(finished(run, out) / CURVES).assign(setting=label(run.setting)) for run in done]
    return pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)


def write_results(
    study: Study, out: Path, *, into: Path | None = None, command: str = "", elapsed: float = 0.0
) -> Path:
    """Write all tables, ``manifest.json``, ``study.png``, ``study.svg`` and ``index.html``; returns the page.

    Args:
        study: The study.
        out: Folder of its runs.
        into: Folder of what is written; left out, the same.
        command: What made the runs.
        elapsed: Seconds that this took.

    Raises:
        GandiagError: If no run is finished, or a file cannot be written.
    """
    into = out if into is None else into
    into.mkdir(parents=True, exist_ok=True)
    runs = read_runs(study, out)
    summary = summarise(study, runs)
    paragraphs = answer(study, runs, summary)
    if study.matrix is not None:
        matrix = mended(study, runs)
        paragraphs = best_remedies(study, matrix) + paragraphs
        write_output(into / "matrix.csv", matrix.to_csv(index=False).encode())
        figure = matrix_figure(study, runs, matrix)
    else:
        figure = figure_of(study, runs, summary)
    write_output(into / "runs.csv", runs.to_csv(index=False).encode())
    write_output(into / "summary.csv", summary.to_csv(index=False).encode())
    write_output(into / CURVES, read_curves(study, out).to_parquet(index=False))
    write_output(into / "manifest.json", json.dumps(manifest(study, runs, command, elapsed), indent=1).encode())
    picture = drawn(figure, "png")
    write_output(into / "study.png", picture)
    write_output(into / "study.svg", drawn(figure, "svg"))
    return write_output(into / "index.html", study_page(study, paragraphs, summary, picture, command))


def manifest(study: Study, runs: pd.DataFrame, command: str, elapsed: float) -> dict[str, Any]:
    """All that is needed to say where the numbers are from."""
    return {
        "study": study.name,
        "question": study.question,
        "command": command,
        "settings": len(study.grid),
        "seeds": list(range(study.seeds)),
        "iterations": study.base.iterations,
        "runs_planned": len(study.runs),
        "runs_finished": len(runs),
        "runs_failed": int(runs["error"].notna().sum()),
        "seconds_of_all_runs": round(float(runs["seconds"].sum()), 1),
        "seconds_of_this_call": round(elapsed, 1),
        "versions": {**versions(), "python": platform.python_version(), "pandas": pd.__version__},
        "hardware": {"machine": platform.machine(), "system": platform.system(), "cores": os.cpu_count()},
        "git_commit": _git_commit(),
    }


def _git_commit() -> str | None:
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True, timeout=10,
            cwd=Path(__file__).parent,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
