"""A study on one page, the answer first."""

import base64
from collections.abc import Sequence

import pandas as pd

from gandiag.report.rendering import render
from gandiag.study.answer import interval, number, share
from gandiag.study.statistics import OUTCOMES
from gandiag.study.study import Study

READ_AS = (
    "Shares of runs by verdict with Wilson 95 % intervals, and how many more are healthy than with the baseline on the "
    "same seeds (p of McNemar's exact test). IQM: interquartile mean over seeds. Differences are means over the same "
    "seeds with bootstrap 95 % intervals; d is Cohen's d of the paired differences; p is Student's; every p is "
    "corrected after Benjamini and Hochberg. Where that leaves a difference open, the last number says how many seeds "
    "would decide it (power 0.8). Seconds are a run's median; of one trained in a stack, "
    "its share."
)
MOST_SEEDS = 1000  # beyond, it does not matter how many more


def study_page(
    study: Study, paragraphs: list[str], summary: pd.DataFrame, pictures: Sequence[bytes], command: str
) -> bytes:
    """The page as HTML; it works offline."""
    measures = [one for one in study.measures if summary[f"{one}_iqm"].notna().any()]
    columns = [name.replace("_", " ") for name in OUTCOMES] + ["errors", "healthy against baseline"]
    for measure in measures:
        columns += [f"{measure.replace('_', ' ')}, IQM", "against baseline", "d", "p", "seeds needed"]
    rows = [(row["setting"], _cells(row, measures)) for _, row in summary.iterrows()]
    told = (
        f"{made_by(command)} Tables: runs.csv, curves.parquet, summary.csv; where the numbers are from: manifest.json."
    )
    return result_page(study.question, paragraphs, pictures, [*columns, "seconds"], rows, READ_AS, told)


def made_by(command: str) -> str:
    """The command in a sentence; nothing, where there is none."""
    return f"Made by {command}." if command else ""


def result_page(
    title: str,
    paragraphs: list[str],
    pictures: Sequence[bytes],
    columns: list[str],
    rows: list[tuple[str, list[str]]],
    read_as: str,
    source: str,
) -> bytes:
    """A question, its answer, pictures and a table, as HTML that works offline.

    Args:
        title: The question.
        paragraphs: The answer, and how far it carries.
        pictures: PNG.
        columns: Heads of the table's columns but the first.
        rows: Setting → cells.
        read_as: What the table's words mean.
        source: Where the numbers are from.
    """
    encoded = [base64.b64encode(picture).decode() for picture in pictures]
    return render(
        "study.html.j2",
        title=title, paragraphs=paragraphs, pictures=encoded, columns=columns, rows=rows, read_as=read_as,
        source=source,
    )  # fmt: skip


def _cells(row: pd.Series, measures: list[str]) -> list[str]:
    cells = [share(row, one) for one in OUTCOMES] + [str(int(row["errors"])), _healthier(row)]
    for measure in measures:
        difference, low, high = (row[f"{measure}_difference{end}"] for end in ("", "_low", "_high"))
        cells += [
            number(row[f"{measure}_iqm"]),
            number(difference, "+") + interval(low, high, "+"),
            number(row[f"{measure}_effect_size"]),
            number(row[f"{measure}_p_adjusted"]),
            _seeds(row[f"{measure}_seeds_needed"]),
        ]
    return [*cells, number(row["seconds"])]


def _healthier(row: pd.Series) -> str:
    if pd.isna(row["healthy_difference"]):
        return "–"
    p = row["healthy_p_adjusted"]
    return f"{row['healthy_difference']:+.0%}" + ("" if pd.isna(p) else f", p {p:.2g}")


def _seeds(value: float) -> str:
    return f"over {MOST_SEEDS:,}" if value > MOST_SEEDS else number(value)
