"""What was recorded is never lost: killed, full, or too much for memory."""

import errno
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gandiag.errors import GandiagError, GandiagWarning
from gandiag.recording import Recorder, Recording, buffer, recorder, storage

ROOT = Path(__file__).parents[2]


def rows(first: int, count: int = 10) -> pd.DataFrame:
    at = np.arange(first, first + count)
    return pd.DataFrame({"iteration": at, "network": "G", "grad_norm": at * 0.5})


def iterations(recording: Recording) -> list[int]:
    return recording.steps["iteration"].tolist()


def test_rows_in_memory_are_the_rows_appended():
    kept = Recorder()
    kept.append("steps", rows(0))
    kept.flush()
    kept.append("steps", rows(10))
    assert iterations(kept.recording()) == list(range(20))


def test_what_was_flushed_survives_a_kill(tmp_path):
    script = f"""
        import os, signal, numpy, pandas
        from gandiag.recording import Recorder
        recorder = Recorder({str(tmp_path / "run")!r}, {{"loss": "hinge"}})
        for first in (0, 10, 20):
            at = numpy.arange(first, first + 10)
            recorder.append("steps", pandas.DataFrame({{"iteration": at, "network": "G", "grad_norm": at * 0.5}}))
            if first < 20:
                recorder.flush()
        recorder.add_samples(20, numpy.zeros((4, 8, 8), numpy.uint8))
        os.kill(os.getpid(), signal.SIGKILL)
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT, check=False, timeout=120)
    assert killed.returncode == -9
    loaded = Recording.load(tmp_path / "run")
    assert iterations(loaded) == list(range(20))
    assert list(loaded.samples) == [20]
    assert loaded.meta["loss"] == "hinge"


def test_a_file_half_written_when_the_process_died_is_not_read(tmp_path):
    kept = Recorder(tmp_path / "run")
    kept.append("steps", rows(0))
    kept.flush()
    (tmp_path / "run" / "steps" / ".999-part-000001.parquet").write_bytes(b"PAR1 half")
    assert iterations(Recording.load(tmp_path / "run")) == list(range(10))


@pytest.mark.parametrize("limit", [1, 15, 1000])
def test_what_leaves_memory_is_read_back_from_disk(tmp_path, monkeypatch, limit):
    monkeypatch.setattr(buffer, "ROWS_IN_MEMORY", limit)
    kept = Recorder(tmp_path / "run")
    for first in range(0, 100, 10):
        kept.append("steps", rows(first))
        if first != 90:
            kept.flush()
    recording = kept.recording()
    assert iterations(recording) == list(range(100))
    np.testing.assert_array_equal(recording.steps["grad_norm"], np.arange(100) * 0.5)
    assert kept.rows_in_memory <= limit + 10


@pytest.mark.parametrize("limit", [15, 1000])
def test_a_full_disk_is_said_once_and_nothing_is_lost(tmp_path, monkeypatch, limit):
    monkeypatch.setattr(buffer, "ROWS_IN_MEMORY", limit)
    write, full = storage.write_part, OSError(errno.ENOSPC, "No space left on device")

    def fills_up(directory, table, index, part):
        if index >= 3:
            raise full
        write(directory, table, index, part)

    monkeypatch.setattr(storage, "write_part", fills_up)
    kept = Recorder(tmp_path / "run")
    with pytest.warns(GandiagWarning, match="No space left on device") as caught:
        for first in range(0, 100, 10):
            kept.append("steps", rows(first))
            kept.flush()
    assert len(caught) == 1
    assert "No space left on device" in kept.write_error
    assert iterations(kept.recording()) == list(range(100))
    assert iterations(Recording.load(tmp_path / "run")) == list(range(30))


def test_a_directory_that_holds_a_recording_is_refused(tmp_path):
    Recorder(tmp_path / "run")
    with pytest.raises(GandiagError, match="holds a recording already"):
        Recorder(tmp_path / "run")


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(GandiagError, match="cannot be written"):
        Recorder(tmp_path / "file" / "run")


def test_going_on_keeps_what_was_before_and_replaces_what_came_after(tmp_path):
    first = Recorder(tmp_path / "run")
    for start in (0, 10, 20):
        first.append("steps", rows(start))
        first.flush()
    second = Recorder(tmp_path / "run", keep_until=15)
    second.append("steps", rows(15, 3))
    second.flush()
    assert iterations(second.recording()) == list(range(18))
    assert iterations(Recording.load(tmp_path / "run")) == list(range(18))


def test_samples_stay_few_and_spread_over_the_run(tmp_path):
    kept = Recorder(tmp_path / "run")
    for iteration in range(500):
        kept.add_samples(iteration, np.zeros((1, 4, 4), np.uint8))
    kept.append("steps", rows(0))
    kept.flush()
    samples = sorted(kept.recording().samples)
    assert samples == sorted(Recording.load(tmp_path / "run").samples)
    assert len(samples) <= recorder.SAMPLE_SETS
    assert (samples[0], samples[-1]) == (0, 499)
    assert max(np.diff(samples)) <= 4 * 500 / recorder.SAMPLE_SETS


def test_the_first_reason_for_a_missing_signal_is_kept():
    kept = Recorder()
    kept.abstain("probes", "first")
    kept.abstain("probes", "second")
    assert kept.recording().meta["abstentions"] == {"probes": "first"}


def test_a_long_run_is_thinned_in_memory_and_whole_on_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(buffer, "ROWS_IN_MEMORY", 100)
    kept = Recorder(tmp_path / "run")
    for first in range(0, 1000, 10):
        kept.append("steps", rows(first))
        kept.flush()
        assert kept.rows_in_memory <= 110
    selection = np.array(iterations(kept.recording(thinned=True)))
    assert 50 <= len(selection) <= 100
    assert set(np.diff(selection)) == {selection[1] - selection[0]}, "evenly spread"
    assert (selection[0], selection[-1] >= 980) == (0, True)
    assert iterations(kept.recording()) == iterations(Recording.load(tmp_path / "run")) == list(range(1000))


def test_without_a_run_directory_the_rest_goes_to_a_folder_that_goes_too(tmp_path, monkeypatch):
    monkeypatch.setattr(buffer, "ROWS_IN_MEMORY", 100)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    kept = Recorder()
    for first in range(0, 1000, 10):
        kept.append("steps", rows(first))
        kept.flush()
        assert kept.rows_in_memory <= 110
    assert iterations(kept.recording()) == list(range(1000))
    assert len(list(tmp_path.iterdir())) == 1
    del kept
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_million_steps_of_the_lectures_gan_stay_under_200_mb(tmp_path):
    """2 networks with 5 layers, and the learning signal, recorded at each of 1,000,000 iterations."""
    script = f"""
        import resource, sys
        import numpy as np, pandas as pd
        from gandiag.recording import Recorder
        from gandiag.recording.tables import TABLES

        def block(first, count, networks, table, layers=(None,)):
            at = np.repeat(np.arange(first, first + count), len(networks))
            columns = {{"iteration": at, "network": np.tile(np.array(networks, object), count)}}
            if table == "layers":
                columns["layer"] = np.tile(np.array(layers, object), count)
            for name in TABLES[table]:
                if name not in columns and table != "layers" or name == "grad_norm":
                    columns[name] = np.random.rand(len(at)).astype(np.float32)
            return pd.DataFrame(columns)

        def record(recorder, first, count=1024):
            recorder.append("steps", block(first, count, ["D", "G"], "steps"))
            recorder.append("layers", block(first, count, list("GGDDD"), "layers", list("01012")))
            recorder.append("signal", block(first, count, ["G"], "signal"))

        def resident():
            with open("/proc/self/statm") as file:
                return int(file.read().split()[1]) * resource.getpagesize() / 2**20

        warm = Recorder({str(tmp_path / "warm")!r})
        record(warm, 0)
        warm.flush()
        baseline, most = resident(), 0.0
        recorder = Recorder({str(tmp_path / "run")!r})
        for first in range(0, 1_000_000, 1024):
            record(recorder, first)
            if first % 10_240 == 0:
                recorder.flush()
                most = max(most, resident())
        recorder.flush()
        assert recorder.rows_in_memory < 1_000_000, recorder.rows_in_memory
        print(max(most, resident()) - baseline)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 200
    assert len(Recording.load(tmp_path / "run").signal) >= 1_000_000
