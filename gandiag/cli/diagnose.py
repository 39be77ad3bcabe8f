"""``gandiag diagnose RUN``"""

import json
from pathlib import Path

import click

from gandiag.detect import Verdict, diagnose
from gandiag.recording import Recording

EXIT_HEALTHY, EXIT_FAILURE, EXIT_INSUFFICIENT = 0, 1, 2


@click.command("diagnose")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the whole diagnosis as JSON.")
def command(run: Path, as_json: bool) -> int:
    """Say the verdict on a recorded run.

    RUN is the folder that the run was recorded to. Exit code: 0 healthy, 1 a failure was found, 2 not enough data, 3
    bad input.
    """
    diagnosis = diagnose(Recording.load(run))
    click.echo(json.dumps(diagnosis.to_dict(), indent=1) if as_json else str(diagnosis))
    if diagnosis.verdict is Verdict.HEALTHY:
        return EXIT_HEALTHY
    return EXIT_INSUFFICIENT if diagnosis.verdict is Verdict.INSUFFICIENT_DATA else EXIT_FAILURE
