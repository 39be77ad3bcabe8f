"""``gandiag compare``: runs side by side."""

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from gandiag.cli.compare import command
from gandiag.errors import GandiagError
from gandiag.recording import Recording


def write_run(directory, diversity):
    at = np.arange(0, 400, 10)
    probes = pd.DataFrame({"iteration": at, "network": "G", "diversity": diversity, "drift": 0.2, "finite_share": 1.0})
    steps = pd.DataFrame({"iteration": range(400), "network": "G", "grad_norm": 0.1, "gradients_finite": True})
    Recording(steps=steps, probes=probes, meta={"loss": "non_saturating"}).save(directory)
    return str(directory)


def test_verdicts_and_last_probes_stand_side_by_side(tmp_path):
    runs = [write_run(tmp_path / "one", 0.05), write_run(tmp_path / "two", 0.8)]
    done = CliRunner().invoke(command, runs, catch_exceptions=False)
    assert done.exit_code == 0
    rows = {line.split()[0]: line for line in done.output.splitlines()[1:]}
    assert "mode collapse" in rows["verdict"]
    assert rows["diversity"].split()[1:] == ["0.05", "0.8"]
    assert rows["iterations"].split()[1:] == ["400", "400"]
    assert "fid_judge" not in rows


def test_one_run_is_nothing_to_compare(tmp_path):
    with pytest.raises(GandiagError, match="at least two runs to compare; got 1"):
        CliRunner().invoke(command, [write_run(tmp_path / "one", 0.8)], catch_exceptions=False)
