"""What a study leaves behind: tidy tables, a manifest, figures and a page."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from gandiag.errors import GandiagError
from gandiag.report.output import write_output
from gandiag.study.answer import answer, beside_published
from gandiag.study.execution import calls
from gandiag.study.figures import budget_figure, budgets, drawn, figure_of, first_measure, matrix_figure
from gandiag.study.grids import names_of
from gandiag.study.matrix import best_overall, best_remedies, mended, pooled
from gandiag.study.one_run import finished, kept
from gandiag.study.page import study_page
from gandiag.study.provenance import provenance
from gandiag.study.statistics import summarise
from gandiag.study.study import Study, label

RUNS, CURVES, MANIFEST = "runs.csv", "curves.parquet", "manifest.json"


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


def write_results(study: Study, out: Path, *, into: Path | None = None, command: str = "") -> Path:
    """Write all tables, ``manifest.json``, the pictures and ``index.html``; returns the page.

    Args:
        study: The study.
        out: Folder of its runs.
        into: Folder of what is written; left out, the same.
        command: What made the runs.

    Raises:
        GandiagError: If no run is finished, or a file cannot be written.
    """
    into = out if into is None else into
    runs, curves = read(study, out)
    write_output(into / RUNS, runs.to_csv(index=False).encode())
    write_output(into / CURVES, curves.to_parquet(index=False))
    told = manifest(study, runs, command, calls(out))
    write_output(into / MANIFEST, json.dumps(told, indent=1).encode())
    return _write_page(study, runs, into, command)


def redraw(study: Study, folder: Path, into: Path | None = None) -> Path:
    """Write the summary, the pictures and the page anew from a folder's tables, there or into another.

    Verdicts stay those of the table: the recordings that they were read from need not be there.

    Raises:
        GandiagError: If there are no such tables, or they are another study's.
    """
    try:
        runs = pd.read_csv(folder / RUNS)
        command = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["command"]
    except (OSError, ValueError, KeyError) as error:
        raise GandiagError(f"{folder} holds no tables of the study '{study.name}' ({error}); run it first.") from error
    unknown = set(runs["setting"]) - {label(setting) for setting in study.grid}
    if unknown:
        raise GandiagError(f"{folder} holds another study's tables, or an older one's: it has no '{min(unknown)}'.")
    return _write_page(study, runs, into or folder, command)


def _write_page(study: Study, runs: pd.DataFrame, into: Path, command: str) -> Path:
    """All that follows from the table of runs."""
    summary, measure = summarise(study, runs), first_measure(study, runs)
    paragraphs = answer(study, runs, summary)
    figures = {}
    if study.matrix is not None:
        matrix, overall = mended(study, runs), pooled(study, runs)
        paragraphs = best_overall(study, overall) + best_remedies(study, matrix) + paragraphs
        write_output(into / "matrix.csv", matrix.to_csv(index=False).encode())
        write_output(into / "overall.csv", overall.to_csv(index=False).encode())
        if (figure := matrix_figure(study, runs, matrix)) is not None:
            figures["study"] = figure
            if measure is not None:
                figures["budget"] = budget_figure(study, runs, measure)
    figures = figures or {"study": figure_of(study, runs, summary)}
    write_output(into / "summary.csv", summary.to_csv(index=False).encode())
    if measure is not None:
        write_output(into / "budget.csv", budgets(study, runs, measure).to_csv(index=False).encode())
    if study.published_values:
        write_output(into / "published.csv", beside_published(study, runs).to_csv(index=False).encode())
    pictures = {name: drawn(figure, "png") for name, figure in figures.items()}
    for name, figure in figures.items():
        write_output(into / f"{name}.png", pictures[name])
        write_output(into / f"{name}.svg", drawn(figure, "svg"))
    page = study_page(study, paragraphs, summary, list(pictures.values()), command)
    return write_output(into / "index.html", page)


def manifest(study: Study, runs: pd.DataFrame, command: str, called: list[dict[str, Any]]) -> dict[str, Any]:
    """All that is needed to say where the numbers are from.

    Args:
        study: The study.
        runs: A row a finished run.
        command: What made them.
        called: How each call that trained was made, and how long it took.
    """
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
        "processor_seconds_of_all_runs": round(float(runs["seconds"].sum()), 1),
        "calls": called,
        **provenance(),
    }
