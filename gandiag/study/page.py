"""A study on one page, the answer first."""

import base64

import pandas as pd

from gandiag.report.rendering import render
from gandiag.study.answer import share
from gandiag.study.statistics import OUTCOMES
from gandiag.study.study import Study


def study_page(study: Study, paragraphs: list[str], summary: pd.DataFrame, picture: bytes, command: str) -> bytes:
    """The page as HTML; it works offline."""
    measures = [one for one in study.measures if summary[f"{one}_iqm"].notna().any()]
    columns = [name.replace("_", " ") for name in OUTCOMES] + ["errors"]
    for measure in measures:
        columns += [f"{measure}, IQM", "against baseline", "d", "p", "seeds needed"]
    return render(
        "study.html.j2",
        title=study.question,
        paragraphs=paragraphs,
        columns=[*columns, "seconds"],
        rows=[(row["setting"], _cells(row, measures)) for _, row in summary.iterrows()],
        picture=base64.b64encode(picture).decode(),
        command=command,
    )


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
