"""A study on one page, the answer first."""

import base64

import pandas as pd

from gandiag.report.rendering import render
from gandiag.study.answer import share
from gandiag.study.statistics import OUTCOMES
from gandiag.study.study import Study

READ_AS = (
    "Shares of runs by verdict with Wilson 95 % intervals. IQM: interquartile mean over seeds. Differences are means "
    "over the same seeds with bootstrap 95 % intervals; d is Cohen's d of the paired differences; p is Student's, "
    "corrected after Benjamini and Hochberg; the last number says how many seeds would decide where the interval holds "
    "0 (power 0.8). Seconds are of the processor, a run's median."
)


def study_page(study: Study, paragraphs: list[str], summary: pd.DataFrame, picture: bytes, command: str) -> bytes:
    """The page as HTML; it works offline."""
    measures = [one for one in study.measures if summary[f"{one}_iqm"].notna().any()]
    columns = [name.replace("_", " ") for name in OUTCOMES] + ["errors"]
    for measure in measures:
        columns += [f"{measure.replace('_', ' ')}, IQM", "against baseline", "d", "p", "seeds needed"]
    rows = [(row["setting"], _cells(row, measures)) for _, row in summary.iterrows()]
    told = (
        f"{made_by(command)} Tables: runs.csv, curves.parquet, summary.csv; where the numbers are from: manifest.json."
    )
    return result_page(study.question, paragraphs, picture, [*columns, "seconds"], rows, READ_AS, told)


def made_by(command: str) -> str:
    """The command in a sentence; nothing, where there is none."""
    return f"Made by {command}." if command else ""


def result_page(
    title: str,
    paragraphs: list[str],
    picture: bytes,
    columns: list[str],
    rows: list[tuple[str, list[str]]],
    read_as: str,
    source: str,
) -> bytes:
    """A question, its answer, a picture and a table, as HTML that works offline.

    Args:
        title: The question.
        paragraphs: The answer, and how far it carries.
        picture: PNG.
        columns: Heads of the table's columns but the first.
        rows: Setting → cells.
        read_as: What the table's words mean.
        source: Where the numbers are from.
    """
    encoded = base64.b64encode(picture).decode()
    return render(
        "study.html.j2",
        title=title, paragraphs=paragraphs, picture=encoded, columns=columns, rows=rows, read_as=read_as, source=source,
    )  # fmt: skip


def _cells(row: pd.Series, measures: list[str]) -> list[str]:
    cells = [share(row, one) for one in OUTCOMES] + [str(int(row["errors"]))]
    for measure in measures:
        difference, low, high = (row[f"{measure}_difference{end}"] for end in ("", "_low", "_high"))
        cells += [
            _number(row[f"{measure}_iqm"]),
            "–" if pd.isna(difference) else f"{difference:+.3g} [{_signed(low)}, {_signed(high)}]",
            _number(row[f"{measure}_effect_size"]),
            _number(row[f"{measure}_p_adjusted"]),
            _number(row[f"{measure}_seeds_needed"]),
        ]
    return [*cells, _number(row["seconds"])]


def _number(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:.3g}"


def _signed(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:+.3g}"
