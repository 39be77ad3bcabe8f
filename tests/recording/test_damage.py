"""However a run directory is damaged, it is read as far as it can be, and what is missing is named."""

import errno
import json
import stat
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gandiag.errors import GandiagError, GandiagWarning
from gandiag.recording import TABLES, Recording, storage

PART, PICTURE, POINTS = (
    "steps/part-000000.parquet",
    "samples/iteration-000000000.png",
    "samples/iteration-000000015.npy",
)
FILES = ["meta.json", PART, PICTURE, POINTS]


@pytest.mark.parametrize("file", FILES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_damaged_anywhere_never_stops_the_reading_of_the_rest(
    full_recording: Recording, tmp_path: Path, file: str, data: st.DataObject
) -> None:
    if not (tmp_path / "meta.json").exists():
        full_recording.save(tmp_path)
        (tmp_path / "whole").write_bytes((tmp_path / file).read_bytes())
    content = bytearray((tmp_path / "whole").read_bytes())
    at = data.draw(st.integers(0, len(content) - 1), label="at")
    kind = data.draw(st.sampled_from(["cut", "flip", "zeros"]), label="kind")
    if kind == "cut":
        del content[at:]
    elif kind == "flip":
        content[at] ^= 1 << data.draw(st.integers(0, 7), label="bit")
    else:
        content[at:] = bytes(len(content) - at)
    (tmp_path / file).write_bytes(content)
    with warnings.catch_warnings(), suppress(GandiagError):  # a changed schema number is one sentence
        warnings.simplefilter("ignore", GandiagWarning)
        loaded = Recording.load(tmp_path)
        assert len(loaded.layers) == 20
        assert len(loaded.probes) == 3


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("content", [b"", bytes(300), b"\xff\xfe nonsense"], ids=["empty", "zeros", "nonsense"])
def test_a_file_without_sense_is_named_and_the_rest_is_read(
    full_recording: Recording, tmp_path: Path, file: str, content: bytes
) -> None:
    """Zeros and emptiness are what a file system leaves after a power cut."""
    full_recording.save(tmp_path)
    (tmp_path / file).write_bytes(content)
    with pytest.warns(GandiagWarning, match=f"damaged: {file} could not be read"):
        loaded = Recording.load(tmp_path)
    assert len(loaded.layers) == 20


def test_points_whose_end_is_zeros_from_the_header_on_are_named(full_recording: Recording, tmp_path: Path) -> None:
    full_recording.save(tmp_path)
    whole = (tmp_path / POINTS).read_bytes()
    (tmp_path / POINTS).write_bytes(whole[:40] + bytes(len(whole) - 40))
    with pytest.warns(GandiagWarning, match=POINTS):
        assert list(Recording.load(tmp_path).samples) == [0]


@pytest.mark.parametrize("error", [NotImplementedError, TypeError, OSError, ValueError, MemoryError])
def test_whatever_the_reader_of_a_damaged_table_raises_the_table_is_named(
    full_recording: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """One bit flipped in a Parquet schema: "Integers with more than 64 bits not implemented", "data type 'sur' …"."""
    full_recording.save(tmp_path)
    read = pd.read_parquet

    def fail(path: Path) -> pd.DataFrame:
        if path == tmp_path / PART:
            raise error("damaged")
        return read(path)

    monkeypatch.setattr(pd, "read_parquet", fail)
    with pytest.warns(GandiagWarning, match=PART):
        assert len(Recording.load(tmp_path).layers) == 20


@pytest.mark.parametrize("note", ["7", "[1, 2]", "[4, 0, 0]", "[4, 800, 800]", "{}", None])
def test_a_picture_with_another_note_on_its_tiles_is_named(
    full_recording: Recording, tmp_path: Path, note: str | None
) -> None:
    full_recording.save(tmp_path)
    written = PngInfo()
    if note is not None:
        written.add_text(storage.TILE_KEY, note)
    Image.new("L", (16, 16)).save(tmp_path / PICTURE, pnginfo=written)
    with pytest.warns(GandiagWarning, match=PICTURE):
        assert list(Recording.load(tmp_path).samples) == [15]


@pytest.mark.parametrize("text", ["[]", "7", '"text"', "null"])
def test_metadata_that_are_no_table_of_names_are_named(full_recording: Recording, tmp_path: Path, text: str) -> None:
    full_recording.save(tmp_path)
    (tmp_path / "meta.json").write_text(text)
    with pytest.warns(GandiagWarning, match=r"meta\.json"):
        assert len(Recording.load(tmp_path).steps) == 40


def test_all_damaged_files_are_named_in_one_warning(full_recording: Recording, tmp_path: Path) -> None:
    full_recording.save(tmp_path)
    for file in (PART, PICTURE):
        (tmp_path / file).write_bytes(b"nonsense")
    with pytest.warns(GandiagWarning) as caught:
        Recording.load(tmp_path)
    assert len(caught) == 1
    assert PART in str(caught[0].message)
    assert PICTURE in str(caught[0].message)


@pytest.mark.parametrize("version", [99, "2", None, 1.5])
def test_a_schema_that_this_version_does_not_know_is_refused(
    full_recording: Recording, tmp_path: Path, version: object
) -> None:
    full_recording.save(tmp_path)
    (tmp_path / "meta.json").write_text(json.dumps({"schema_version": version}))
    with pytest.raises(GandiagError, match=f"newer gandiag.*{version}"):
        Recording.load(tmp_path)


def test_everything_comes_back_from_disk(full_recording: Recording, tmp_path: Path) -> None:
    full_recording.save(tmp_path)
    loaded = Recording.load(tmp_path)
    for name in TABLES:
        pd.testing.assert_frame_equal(loaded.table(name), full_recording.table(name))
    assert list(loaded.samples) == [0, 15]
    for iteration, samples in full_recording.samples.items():
        np.testing.assert_array_equal(loaded.samples[iteration], samples)
        assert loaded.samples[iteration].dtype == samples.dtype
    assert loaded.meta["loss"] == "hinge"


def test_saving_over_another_recording_never_mixes_the_two(full_recording: Recording, tmp_path: Path) -> None:
    """It may be refused, as the recorder does, or the other replaced."""
    full_recording.save(tmp_path)
    storage.write_part(tmp_path, "steps", 1, full_recording.steps)  # as a longer run leaves it
    shorter = Recording(steps=full_recording.steps[:4].copy(), meta={"loss": "minimax"})
    try:
        shorter.save(tmp_path)
    except GandiagError:
        assert Recording.load(tmp_path).meta["loss"] == "hinge"
        return
    loaded = Recording.load(tmp_path)
    assert (len(loaded.steps), len(loaded.probes), len(loaded.samples)) == (4, 0, 0)


def test_saving_over_a_recording_on_a_full_disk_leaves_the_other_in_place(
    full_recording: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_recording.save(tmp_path)

    def fail(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(storage, "write_part", fail)
        with pytest.raises(GandiagError):
            full_recording.save(tmp_path)
    loaded = Recording.load(tmp_path)
    assert [len(loaded.table(name)) for name in TABLES] == [len(full_recording.table(name)) for name in TABLES]


def test_metadata_of_another_program_are_no_recording(tmp_path: Path) -> None:
    (tmp_path / "meta.json").write_text('{"name": "something else"}')
    with pytest.raises(GandiagError, match="holds no recording"):
        Recording.load(tmp_path)


def test_others_may_read_a_recording_as_far_as_the_umask_lets_them(full_recording: Recording, tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    full_recording.save(tmp_path / "run")
    allowed = stat.S_IMODE((tmp_path / "plain").stat().st_mode)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "run").rglob("*") if path.is_file()}
    assert set(modes.values()) == {allowed}, modes


def test_only_the_generators_steps_are_counted(full_recording: Recording) -> None:
    steps = full_recording.steps
    begun = pd.DataFrame({"iteration": [20], "network": ["D"], "grad_norm": [1.0]})
    full_recording.steps = pd.concat([steps, begun], ignore_index=True)  # D's step of an iteration that G never made
    assert full_recording.iterations == 20


def test_a_selector_where_no_network_is_recorded_gives_an_empty_series() -> None:
    recording = Recording(probes=pd.DataFrame({"iteration": [0, 50], "diversity": [0.1, 0.9]}))
    assert recording.series("probes.diversity").to_dict() == {0: 0.1, 50: 0.9}
    assert recording.series("probes.diversity[G]").empty


def test_a_series_of_one_of_several_generators_is_told_from_the_others_layers() -> None:
    layers = pd.DataFrame(
        {"iteration": 0, "network": ["G.A", "G.B"], "layer": ["body.0", "body.0"], "grad_norm": [1, 2]}
    )
    recording = Recording(layers=layers)
    assert recording.series("layers.grad_norm[G.A.body.0]").tolist() == [1]
    assert recording.series("layers.grad_norm[G.B.body.0]").tolist() == [2]
