"""A run is done once, whole or not at all."""

import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal

from gandiag.lab.archive import label_runs, pack, read_recordings, unpack
from gandiag.lab.catalogue import SCENARIOS
from gandiag.lab.runner import Run, planned, run
from gandiag.recording import Recording

ROOT = Path(__file__).parents[2]


def small(name: str = "ring-ns") -> Run:
    scenario = SCENARIOS[name]
    return Run(replace(scenario, config=replace(scenario.config, iterations=20, probe_every=10), changes={}), 0)


def test_seeds_come_one_after_another_so_that_every_recipe_is_there_early():
    runs = planned([SCENARIOS["ring-ns"], SCENARIOS["grid-ns"]], range(2))
    assert [(one.scenario.name, one.seed) for one in runs] == [
        ("ring-ns", 0),
        ("grid-ns", 0),
        ("ring-ns", 1),
        ("grid-ns", 1),
    ]


def test_a_finished_run_is_not_repeated(tmp_path):
    one = small()
    run(one, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    run(one, tmp_path)
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    recording = Recording.load(one.directory(tmp_path))
    assert recording.iterations == 20
    assert not recording.samples


def test_a_killed_run_leaves_nothing_that_passes_for_finished(tmp_path):
    script = f"""
        from pathlib import Path
        from gandiag.lab.catalogue import SCENARIOS
        from gandiag.lab.runner import Run, run
        print("begun", flush=True)
        run(Run(SCENARIOS["ring-ns"], 0), Path({str(tmp_path)!r}))
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.3)
    process.kill()
    process.wait()
    process.stdout.close()
    assert not Run(SCENARIOS["ring-ns"], 0).is_done(tmp_path)
    run(small(), tmp_path)
    assert small().is_done(tmp_path)


def test_recordings_and_labels_survive_packing(tmp_path):
    one = small()
    run(one, tmp_path / "runs")
    pack(tmp_path / "runs", tmp_path / "archive")
    ((name, seed, read),) = read_recordings(tmp_path / "archive")
    kept = Recording.load(one.directory(tmp_path / "runs"))
    assert (name, seed) == ("ring-ns", 0)
    assert read.meta["loss"] == "non_saturating"
    for signal in ("steps.grad_norm[D]", "signal.head_gradient[G]", "probes.diversity[G]"):
        assert read.series(signal).tolist() == pytest.approx(kept.series(signal).tolist(), rel=1e-6)
        assert len(read.series(signal))
    labels = label_runs(tmp_path / "runs")
    assert labels.loc[0, "split"] == "calibration"
    assert not list(read_recordings(tmp_path / "archive", "hold_out"))


def test_an_archive_is_gone_on_from(tmp_path):
    one = small()
    run(one, tmp_path / "runs")
    pack(tmp_path / "runs", tmp_path / "archive")
    unpack(tmp_path / "archive", tmp_path / "again")
    assert one.is_done(tmp_path / "again")
    assert_frame_equal(label_runs(tmp_path / "again"), label_runs(tmp_path / "runs"))
    kept, again = (Recording.load(one.directory(tmp_path / name)) for name in ("runs", "again"))
    assert again.series("steps.grad_norm[D]").tolist() == kept.series("steps.grad_norm[D]").tolist()
    unpack(tmp_path / "archive", tmp_path / "again")  # what is there is left as it is
