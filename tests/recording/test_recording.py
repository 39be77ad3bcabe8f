"""A recording survives the way to disk and back, and tells what is damaged."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gandiag.errors import GandiagError, GandiagWarning
from gandiag.recording import SCHEMA_VERSION, Recording

numbers = st.lists(st.floats(width=64), min_size=1, max_size=30)


def small(values: list[float] | None = None) -> Recording:
    values = [0.5, float("nan"), 2.0] if values is None else values
    at = np.arange(len(values))
    rows = pd.DataFrame({"iteration": at, "network": "G", "grad_norm": values})
    layers = pd.concat([rows.assign(layer=layer) for layer in ("0", "2.weight")], ignore_index=True)
    return Recording(steps=rows, layers=layers, signal=rows, probes=rows.rename(columns={"grad_norm": "diversity"}))


def test_the_docstrings_tables_are_all_there():
    assert len(small().table("layers")) == 6
    assert small().iterations == 3
    assert Recording().iterations == 0


@given(numbers)
def test_tables_come_back_as_they_were(tmp_path_factory, values):
    directory = tmp_path_factory.mktemp("run")
    small(values).save(directory)
    loaded = Recording.load(directory)
    for name in ("steps", "layers", "signal", "probes"):
        before = small(values).table(name)
        np.testing.assert_array_equal(loaded.table(name)["iteration"], before["iteration"])
        last = before.columns[-1] if name != "layers" else "grad_norm"
        np.testing.assert_array_equal(loaded.table(name)[last], before[last])


@pytest.mark.parametrize("shape", [(1, 4, 4), (7, 5, 3), (64, 28, 28), (5, 6, 8, 3)])
def test_sample_images_come_back_pixel_by_pixel(tmp_path, shape):
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    recording = small()
    recording.samples = {0: images, 1200: 255 - images}
    recording.save(tmp_path)
    loaded = Recording.load(tmp_path).samples
    assert list(loaded) == [0, 1200]
    np.testing.assert_array_equal(loaded[0], images)
    np.testing.assert_array_equal(loaded[1200], 255 - images)


def test_points_come_back(tmp_path):
    recording = small()
    recording.samples = {5: np.random.default_rng(0).normal(size=(100, 2)).astype(np.float32)}
    recording.save(tmp_path)
    np.testing.assert_array_equal(Recording.load(tmp_path).samples[5], recording.samples[5])


def test_metadata_comes_back_with_the_schemas_version(tmp_path):
    recording = small()
    recording.meta = {"loss": "hinge", "configuration": {"seed": 3}}
    recording.save(tmp_path)
    meta = Recording.load(tmp_path).meta
    assert meta["configuration"] == {"seed": 3}
    assert meta["schema_version"] == SCHEMA_VERSION


def test_series_leave_out_what_is_missing_and_keep_to_their_owner():
    recording = small()
    recording.steps = pd.concat([recording.steps, recording.steps.assign(network="D", grad_norm=9.0)])
    assert recording.series("steps.grad_norm[G]").to_dict() == {0: 0.5, 2: 2.0}
    assert recording.series("steps.grad_norm[D]").tolist() == [9.0] * 3
    assert recording.series("layers.grad_norm[G.2.weight]").tolist() == [0.5, 2.0]
    assert recording.series("layers.grad_norm[G.7]").empty
    assert recording.series("probes.fid_judge[G]").empty


def test_until_keeps_what_was_before():
    recording = small([1.0, 2.0, 3.0, 4.0])
    recording.samples = {0: np.zeros((1, 2, 2), np.uint8), 3: np.zeros((1, 2, 2), np.uint8)}
    kept = recording.until(2)
    assert kept.steps["iteration"].tolist() == [0, 1]
    assert kept.probes["iteration"].tolist() == [0, 1, 2]
    assert list(kept.samples) == [0]


def damage_nothing(directory: Path) -> None:
    """An empty folder."""
    directory.mkdir()


def only_garbage(directory: Path) -> None:
    (directory / "steps").mkdir(parents=True)
    (directory / "steps" / "part-000000.parquet").write_bytes(b"not a table")


def newer(directory: Path) -> None:
    small().save(directory)
    (directory / "meta.json").write_text(f'{{"schema_version": {SCHEMA_VERSION + 1}}}')


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda directory: None, "There is no run directory"),
        (damage_nothing, "holds no recording"),
        (only_garbage, "holds only unreadable files"),
        (newer, "was written by a newer gandiag"),
    ],
)
def test_what_is_no_recording_is_one_sentence(tmp_path, make, message):
    make(tmp_path / "run")
    with pytest.raises(GandiagError, match=message) as caught:
        Recording.load(tmp_path / "run")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + bytes(200)])
def test_a_damaged_part_is_named_and_the_rest_is_read(tmp_path, content):
    small().save(tmp_path)
    (tmp_path / "steps" / "part-000001.parquet").write_bytes(content)
    with pytest.warns(GandiagWarning, match=r"steps/part-000001\.parquet could not be read and was left out"):
        loaded = Recording.load(tmp_path)
    assert len(loaded.steps) == 3


@pytest.mark.parametrize("file", ["meta.json", "samples/iteration-000000000.png"])
def test_damaged_metadata_or_pictures_do_not_hide_the_tables(tmp_path, file):
    recording = small()
    recording.samples = {0: np.zeros((4, 8, 8), np.uint8)}
    recording.save(tmp_path)
    (tmp_path / file).write_bytes(b"{ half of it")
    with pytest.warns(GandiagWarning, match=file):
        assert len(Recording.load(tmp_path).steps) == 3


def test_without_metadata_the_tables_are_still_read(tmp_path):
    small().save(tmp_path)
    (tmp_path / "meta.json").unlink()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(Recording.load(tmp_path).steps) == 3


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(GandiagError, match="could not be written"):
        small().save(tmp_path / "file" / "run")
