"""``gandiag compare RUN RUN``"""

from pathlib import Path

import click
import pandas as pd

from gandiag.detect import diagnose
from gandiag.errors import GandiagError
from gandiag.recording import Recording

MEASURES = ("fid_judge", "modes", "diversity", "coverage", "high_quality_share", "kl_to_real")


@click.command("compare")
@click.argument("runs", nargs=-1, type=click.Path(path_type=Path))
def command(runs: tuple[Path, ...]) -> None:
    """Set the verdicts and the last probes of two or more RUNS side by side.

    Each is the folder that a run was recorded to. One run each says nothing of chance: for that, run a study.
    """
    if len(runs) < 2:
        raise GandiagError(f"There must be at least two runs to compare; got {len(runs)}.")
    table = pd.DataFrame({str(run): summary(Recording.load(run)) for run in runs})
    click.echo(table.dropna(how="all").fillna("–").to_string())


def summary(recording: Recording) -> dict[str, object]:
    """What tells a run from others: its verdict, and what the last probe measured."""
    diagnosis = diagnose(recording)
    row: dict[str, object] = {
        "verdict": diagnosis.verdict.replace("_", " "),
        "kind": diagnosis.main.kind,
        "onset": diagnosis.main.onset,
        "iterations": recording.iterations,
    }
    for measure in MEASURES:
        series = recording.series(f"probes.{measure}")
        row[measure] = f"{series.iloc[-1]:.3g}" if len(series) else None
    return row
