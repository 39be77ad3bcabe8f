"""One run as one self-contained HTML page."""

from pathlib import Path

from gandiag.detect.finding import Diagnosis
from gandiag.recording import Recording
from gandiag.report.output import write_output
from gandiag.report.rendering import render
from gandiag.report.views import run_view


def write_report(
    recording: Recording, diagnosis: Diagnosis, path: str | Path, *, title: str = "gandiag report"
) -> Path:
    """Write a run's verdict, evidence, samples and settings as one HTML file.

    The page needs no network, no script and no other file, and the same input gives the same bytes.

    Args:
        recording: The run.
        diagnosis: Its diagnosis.
        path: Where to write; replaced whole, or left as it was.
        title: Heading of the page.

    Returns:
        ``path``.

    Raises:
        GandiagError: If the file cannot be written.
    """
    return write_output(path, render("page.html.j2", title=title, run=run_view(recording, diagnosis, anchor="")))
