"""What a study leaves behind: tidy tables, a manifest, figures and a page."""

import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from gandiag.errors import GandiagError
from gandiag.report.output import write_output
from gandiag.study.answer import answer, beside_published
from gandiag.study.figures import drawn, figure_of, matrix_figure
from gandiag.study.grids import names_of
from gandiag.study.matrix import best_remedies, mended
from gandiag.study.one_run import finished, kept
from gandiag.study.page import study_page
from gandiag.study.statistics import summarise
from gandiag.study.study import Study, label, versions


def read(study: Study, out: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What was found: one row a finished run, in the study's order, and one row a probe of each.

    Verdicts are by the rules as they are now, whatever they were when the run was done.

    Raises:
        GandiagError: If no run is finished, or one cannot be read.
    """
    done = [run for run in study.runs if finished(run, out).is_dir()]
    if not done:
        raise GandiagError(f"{out} holds no finished run of the study '{study.name}'; run it first.")
    rows, curves = [], []
    for run in tqdm(done, unit="run", desc="judging", leave=False):
        row, probes = kept(run, out)
        called = {"setting": label(run.setting), **names_of(run.setting)}  # the name may have been another then
        rows.append(row | called)
        curves.append(probes.assign(run=run.identity, setting=called["setting"], seed=run.config.seed))
    return pd.DataFrame(rows), pd.concat([one for one in curves if len(one)] or curves[:1], ignore_index=True)


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
    runs, curves = read(study, out)
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
    if study.published_values:
        write_output(into / "published.csv", beside_published(study, runs).to_csv(index=False).encode())
    write_output(into / "curves.parquet", curves.to_parquet(index=False))
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
