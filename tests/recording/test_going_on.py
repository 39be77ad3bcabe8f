"""Killed, full or resumed at any moment: what was recorded stays, and what was undone goes."""

import errno
import signal
import subprocess
import sys
import textwrap
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gandiag.errors import GandiagError, GandiagWarning
from gandiag.recording import Recorder, Recording, buffer, storage

ROOT = Path(__file__).parents[2]
FULL = OSError(errno.ENOSPC, "No space left on device")


def rows(first: int, last: int, **columns: Any) -> pd.DataFrame:
    at = np.arange(first, last)
    return pd.DataFrame({"iteration": at, "network": "G", "grad_norm": at * 0.5, **columns})


def record(directory: Path, last: int = 30) -> None:
    """A run in parts of ten iterations, with a probe and samples every ten."""
    begun = Recorder(directory, {"loss": "hinge"})
    for first in range(0, last, 10):
        begun.append("steps", rows(first, first + 10))
        begun.append("layers", rows(first, first + 10, layer="0"))
        begun.append("signal", rows(first, first + 10))
        begun.append("probes", rows(first, first + 1))
        begun.add_samples(first, np.full((2, 4, 4), first, np.uint8))
        begun.flush()


def iterations(recording: Recording, table: str = "steps") -> list[int]:
    return recording.table(table)["iteration"].tolist()


def test_a_run_killed_while_it_writes_loads_up_to_a_flush(tmp_path: Path) -> None:
    script = f"""
        import itertools, numpy, pandas
        from gandiag.recording import Recorder
        recorder = Recorder({str(tmp_path / "run")!r})
        for at in itertools.count():
            recorder.append("steps", pandas.DataFrame({{"iteration": [at], "network": "G", "grad_norm": 1.0}}))
            recorder.add_samples(at, numpy.full((3, 4, 4), at % 256, numpy.uint8))
            recorder.flush()
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT)
    deadline = time.monotonic() + 60
    while len(storage.part_indices(tmp_path / "run", "steps")) < 50 and time.monotonic() < deadline:
        time.sleep(0.005)
    process.kill()
    assert process.wait(timeout=30) == -signal.SIGKILL
    loaded = Recording.load(tmp_path / "run")  # a damaged file would warn, and a warning fails the test
    count = len(loaded.steps)
    assert count >= 50
    assert iterations(loaded) == list(range(count))
    assert max(loaded.samples) in (count - 1, count)


def test_a_run_killed_before_its_first_flush_loads_as_an_empty_one(tmp_path: Path) -> None:
    Recorder(tmp_path / "run", {"loss": "hinge"})
    loaded = Recording.load(tmp_path / "run")
    assert loaded.meta["loss"] == "hinge"
    assert loaded.iterations == 0


@pytest.mark.parametrize("table", ["steps", "layers", "signal"])
def test_going_on_keeps_the_rows_below_the_iteration_in_every_table(tmp_path: Path, table: str) -> None:
    record(tmp_path / "run")
    resumed = Recorder(tmp_path / "run", keep_until=15)
    assert iterations(resumed.recording(), table) == list(range(15))
    assert iterations(Recording.load(tmp_path / "run"), table) == list(range(15))


@pytest.mark.parametrize(("keep_until", "kept"), [(9, [0]), (10, [0, 10]), (15, [0, 10]), (99, [0, 10, 20])])
def test_going_on_keeps_probes_and_samples_up_to_the_iteration(
    tmp_path: Path, keep_until: int, kept: list[int]
) -> None:
    record(tmp_path / "run")
    resumed = Recorder(tmp_path / "run", keep_until=keep_until)
    for recording in (resumed.recording(), Recording.load(tmp_path / "run")):
        assert iterations(recording, "probes") == kept
        assert sorted(recording.samples) == kept


@pytest.mark.parametrize("failing", [1, 2, 3], ids=["first", "second", "third"])
@pytest.mark.parametrize("failure", [FULL, KeyboardInterrupt()], ids=["full disk", "interrupted"])
def test_going_on_loses_nothing_from_disk_if_it_fails_midway(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException, failing: int
) -> None:
    record(tmp_path / "run")
    write, calls = storage.write_part, []

    def fail(*arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) >= failing:
            raise failure
        write(*arguments)

    with monkeypatch.context() as patch, warnings.catch_warnings(), suppress(GandiagError, KeyboardInterrupt):
        warnings.simplefilter("ignore", GandiagWarning)
        patch.setattr(storage, "write_part", fail)
        Recorder(tmp_path / "run", keep_until=15)
    assert len(calls) >= failing
    loaded = Recording.load(tmp_path / "run")
    for table in ("steps", "layers", "signal"):
        assert [at for at in iterations(loaded, table) if at < 15] == list(range(15)), table
    assert [at for at in iterations(loaded, "probes") if at <= 15] == [0, 10]


def test_going_on_after_a_failed_attempt_is_as_if_that_had_never_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path / "run")

    def fail(*arguments: Any) -> None:
        raise FULL

    with monkeypatch.context() as patch, warnings.catch_warnings(), suppress(GandiagError):
        warnings.simplefilter("ignore", GandiagWarning)
        patch.setattr(storage, "write_part", fail)
        Recorder(tmp_path / "run", keep_until=15)
    resumed = Recorder(tmp_path / "run", keep_until=15)
    resumed.append("steps", rows(15, 18))
    resumed.flush()
    assert iterations(Recording.load(tmp_path / "run")) == list(range(18))


def test_going_on_twice_keeps_counting_parts(tmp_path: Path) -> None:
    record(tmp_path / "run")
    for start in (20, 25):
        resumed = Recorder(tmp_path / "run", keep_until=start)
        resumed.append("steps", rows(start, 40))
        resumed.flush()
    assert iterations(resumed.recording()) == list(range(40))
    assert iterations(Recording.load(tmp_path / "run")) == list(range(40))


def test_going_on_with_more_rows_than_memory_shall_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffer, "ROWS_IN_MEMORY", 12)
    record(tmp_path / "run")
    resumed = Recorder(tmp_path / "run", keep_until=25)
    resumed.append("steps", rows(25, 28))
    assert iterations(resumed.recording()) == list(range(28))
    resumed.flush()
    assert iterations(resumed.recording()) == list(range(28))
    assert iterations(Recording.load(tmp_path / "run")) == list(range(28))


@pytest.mark.parametrize("content", [b"", b"PAR1 nonsense PAR1"], ids=["empty", "nonsense"])
def test_going_on_with_a_damaged_part_warns_and_keeps_the_rest(tmp_path: Path, content: bytes) -> None:
    record(tmp_path / "run")
    storage.part_path(tmp_path / "run", "steps", 0).write_bytes(content)
    with pytest.warns(GandiagWarning, match=r"steps/part-000000\.parquet"):
        resumed = Recorder(tmp_path / "run", keep_until=15)
    resumed.append("steps", rows(15, 18))
    resumed.flush()
    assert iterations(resumed.recording()) == list(range(10, 18))
    assert iterations(resumed.recording(), "signal") == list(range(15))


def test_going_on_where_nothing_was_recorded_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GandiagError, match="no run directory"):
        Recorder(tmp_path / "run", keep_until=10)


@pytest.mark.parametrize("note", [["text", 7], [1j, 2j]], ids=["mixed kinds", "complex numbers"])
def test_rows_that_cannot_be_written_as_a_table_stay_in_memory(tmp_path: Path, note: list[Any]) -> None:
    """A flush never raises; Parquet refuses such a column."""
    kept = Recorder(tmp_path / "run")
    kept.append("steps", rows(0, 3))
    kept.flush()
    kept.append("steps", rows(3, 5, note=note))
    with pytest.warns(GandiagWarning, match="can no longer be written"):
        kept.flush()
    assert iterations(kept.recording()) == list(range(5))
    assert iterations(Recording.load(tmp_path / "run")) == list(range(3))


@pytest.mark.parametrize("writer", ["write_samples", "write_meta"])
def test_a_disk_full_for_pictures_or_metadata_is_said_once_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writer: str
) -> None:
    kept = Recorder(tmp_path / "run")

    def fail(*arguments: Any) -> None:
        raise FULL

    monkeypatch.setattr(storage, writer, fail)
    with pytest.warns(GandiagWarning, match="No space left on device") as caught:
        for first in (0, 10):
            kept.append("steps", rows(first, first + 10))
            kept.add_samples(first, np.zeros((1, 4, 4), np.uint8))
            kept.flush()
    assert len(caught) == 1
    assert iterations(kept.recording()) == list(range(20))
    assert sorted(kept.recording().samples) == [0, 10]


@pytest.mark.parametrize("left", ["steps", "meta.json"])
def test_a_directory_with_any_part_of_a_recording_is_refused_and_left_alone(tmp_path: Path, left: str) -> None:
    record(tmp_path / "run")
    before = {path: path.read_bytes() for path in (tmp_path / "run" / left).parent.rglob("*") if path.is_file()}
    with pytest.raises(GandiagError, match="holds a recording already"):
        Recorder(tmp_path / "run", {"loss": "minimax"})
    assert {path: path.read_bytes() for path in before} == before


def test_tables_without_rows_and_columns_that_come_later_are_no_trouble(tmp_path: Path) -> None:
    kept = Recorder(tmp_path / "run")
    kept.append("steps", rows(0, 3))
    kept.append("steps", rows(0, 0))
    kept.flush()
    kept.append("steps", rows(3, 5, loss_scale=1024.0))
    kept.flush()
    for recording in (kept.recording(), Recording.load(tmp_path / "run")):
        assert iterations(recording) == list(range(5))
        assert recording.series("steps.loss_scale").to_dict() == {3: 1024.0, 4: 1024.0}
