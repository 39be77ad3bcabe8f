"""Several runs on one page: a table on the first screen, each run in full below."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gandiag.detect.finding import Diagnosis
from gandiag.recording import Recording
from gandiag.report import wording
from gandiag.report.output import write_output
from gandiag.report.panels import series_or_empty
from gandiag.report.rendering import render
from gandiag.report.views import Picture, RunView, run_view, thumbnail


@dataclass(frozen=True)
class RunSection:
    """One run of an overview.

    Attributes:
        name: What the run is called.
        description: What was set in it, in words.
        recording: The run.
        diagnosis: Its diagnosis.
    """

    name: str
    description: str
    recording: Recording
    diagnosis: Diagnosis


@dataclass(frozen=True)
class OverviewRow:
    """A run as a line of the overview's table, and in full."""

    name: str
    description: str
    run: RunView
    deciding: str
    decided_by: str
    fid: str
    modes: str
    picture: Picture | None


def write_overview(sections: Sequence[RunSection], path: str | Path, *, title: str, introduction: str) -> Path:
    """Write several runs as one HTML file: a table that compares them, then each run's report.

    Args:
        sections: The runs, in the order in which they are shown.
        path: Where to write; replaced whole, or left as it was.
        title: Heading of the page.
        introduction: What the runs have in common, and what to look at; a blank line starts a new paragraph.

    Returns:
        ``path``.

    Raises:
        GandiagError: If the file cannot be written.
    """
    rows = [_row(section, f"run-{index}") for index, section in enumerate(sections, start=1)]
    paragraphs = [paragraph.strip() for paragraph in introduction.split("\n\n") if paragraph.strip()]
    return write_output(path, render("overview.html.j2", title=title, paragraphs=paragraphs, rows=rows))


def _row(section: RunSection, anchor: str) -> OverviewRow:
    recording, diagnosis = section.recording, section.diagnosis
    value, description = _deciding(diagnosis)
    return OverviewRow(
        name=section.name,
        description=section.description,
        run=run_view(recording, diagnosis, anchor=f"{anchor}-"),
        deciding=value,
        decided_by=description,
        fid=_last(recording, "probes.fid_judge"),
        modes=_last(recording, "probes.modes"),
        picture=thumbnail(recording),
    )


def _deciding(diagnosis: Diagnosis) -> tuple[str, str]:
    """The number that the verdict rests on, against its threshold, and what it measures."""
    main = wording.main_finding(diagnosis)
    evidence = [one for one in wording.crossed_first(main) if not math.isnan(one.value)] if main else []
    return (wording.comparison(evidence[0]), evidence[0].description) if evidence else (wording.MISSING, "")


def _last(recording: Recording, signal: str) -> str:
    series = series_or_empty(recording, signal).sort_index(kind="stable")
    return wording.number(float(series.iloc[-1])) if len(series) else wording.MISSING
