"""A study as one self-contained HTML page: what was found, then the figures and tables that show it."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from gandiag.report.canvas import png
from gandiag.report.output import write_output
from gandiag.report.rendering import render
from gandiag.report.views import Picture


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        title: Its heading.
        lead: What it shows, in a few sentences.
        pictures: Its figures; several are laid out as small multiples.
        columns: Heads of its table, if it has one.
        rows: Cells of the table, the first of each being its name.
    """

    title: str
    lead: str
    pictures: Sequence[Picture] = ()
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


def drawn(figure: Figure, title: str, caption: str, note: str = "") -> Picture:
    """A figure inside the page, with what stands above and below it."""
    uri = "data:image/png;base64," + base64.b64encode(png(figure)).decode("ascii")
    return Picture(uri, alt=f"{title}. {caption}", title=title, caption=caption, note=note)


def write_article(path: str | Path, *, title: str, paragraphs: Sequence[str], sections: Sequence[Section]) -> Path:
    """Write the page.

    Args:
        path: Where to write; replaced whole, or left as it was.
        title: Heading of the page.
        paragraphs: What was found, before all else.
        sections: What shows it.

    Raises:
        GandiagError: If the file cannot be written.
    """
    return write_output(path, render("article.html.j2", title=title, paragraphs=paragraphs, sections=sections))
