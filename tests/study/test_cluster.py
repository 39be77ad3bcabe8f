"""A study on a Ray cluster: the same results, and a lost worker's runs done again."""

import os
import signal
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from gandiag.errors import GandiagError
from gandiag.study import run_study
from gandiag.study.results import read
from tests.study.test_execution import SCRIPT, STUDY, start


def without_times(table: pd.DataFrame) -> pd.DataFrame:
    return table.drop(columns=["seconds"])


def worker_pids() -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cmdline").read_bytes().startswith(b"ray::_elsewhere"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kill", [False, True], ids=["undisturbed", "a worker is killed"])
@pytest.mark.skipif(sys.platform != "linux", reason="finds Ray's workers in /proc")
def test_a_cluster_gives_the_same_results_as_this_process(tmp_path, kill):
    pytest.importorskip("ray", reason="Ray is not installed (pip install 'gandiag[ray]')")
    script = tmp_path / "tiny.py"
    script.write_text(SCRIPT)
    running = start(script, "--engine", "ray", "--out", tmp_path / "ray")
    killed = False
    while running.poll() is None:
        if kill and not killed and (pids := worker_pids()):
            os.kill(pids[0], signal.SIGKILL)
            killed = True
        time.sleep(0.05)
    _, said = running.communicate()
    assert running.returncode == 0, said
    assert killed is kill
    run_study(STUDY, tmp_path / "here")
    assert_frame_equal(
        without_times(read(STUDY, tmp_path / "ray")[0]), without_times(read(STUDY, tmp_path / "here")[0])
    )
    assert_frame_equal(read(STUDY, tmp_path / "ray")[1], read(STUDY, tmp_path / "here")[1])


def test_without_ray_one_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(GandiagError, match=r"pip install 'gandiag\[ray\]'"):
        run_study(STUDY, tmp_path / "out", engine="ray")
