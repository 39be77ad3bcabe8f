"""``gandiag report RUN``"""

from pathlib import Path

import click

from gandiag.detect import diagnose
from gandiag.recording import Recording
from gandiag.report import write_report


@click.command("report")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="The page to write. [default: RUN/report.html]")
def command(run: Path, out: Path | None) -> None:
    """Write the report on a recorded run: one HTML file that works offline.

    RUN is the folder that the run was recorded to.
    """
    recording = Recording.load(run)
    path = write_report(recording, diagnose(recording), out or run / "report.html", title=f"gandiag: {run.name}")
    click.echo(f"Report: {path}")
