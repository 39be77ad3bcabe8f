"""CIFAR-10 from its files: found in order, verified before it is unpickled, never half-read, or one clear sentence."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision

from gandiag.data import load_cifar10, load_dataset
from gandiag.errors import GandiagError

Tiny = Any  # TinyCifar, of the conftest
CIFAR = torchvision.datasets.CIFAR10


@pytest.fixture
def tiny(make_tiny_cifar: Callable[[], Tiny]) -> Tiny:
    return make_tiny_cifar()


def assert_is_the_tiny_set(tiny: Tiny, data_dir: Path | None = None) -> None:
    for split in ("train", "test"):
        dataset = load_cifar10(split, data_dir)
        np.testing.assert_array_equal((dataset.samples * 255).round(), tiny.images[split])
        assert dataset.labels.tolist() == tiny.labels[split]


def refusal(data_dir: Path | None = None) -> str:
    with pytest.raises(GandiagError) as refused:
        load_dataset("cifar10", data_dir)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("layout", ["put_folder", "put_archive"])
def test_images_and_labels_arrive_as_they_were_packed(tiny: Tiny, tmp_path: Path, layout: str) -> None:
    place = getattr(tiny, layout)(tmp_path / "data")
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    assert_is_the_tiny_set(tiny, place)
    dataset = load_dataset("cifar10", place)
    assert (dataset.name, dataset.sample_shape, len(dataset)) == ("cifar10", (3, 32, 32), 15)
    assert (dataset.samples.dtype, dataset.labels.dtype) == (torch.float32, torch.int64)
    assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == before


def test_it_is_what_torchvision_itself_shows(tiny: Tiny, tmp_path: Path) -> None:
    place = tiny.put_folder(tmp_path / "data")
    shown = CIFAR(place, train=True)
    for image, (picture, label), own in zip(
        load_cifar10("train", place).samples, shown, load_cifar10("train", place).labels, strict=True
    ):
        torch.testing.assert_close(image, torchvision.transforms.functional.to_tensor(picture))
        assert label == own


def test_the_given_folder_comes_before_the_environments_and_that_before_the_cache(
    tiny: Tiny, own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANDIAG_DATA", str(tiny.put_folder(tmp_path / "environment", cut="data_batch_1")))
    assert_is_the_tiny_set(tiny, tiny.put_archive(tmp_path / "given"))
    monkeypatch.setenv("GANDIAG_DATA", str(tiny.put_archive(tmp_path / "sound")))
    tiny.put_folder(own_cache, cut="data_batch_2")
    assert_is_the_tiny_set(tiny, tmp_path / "nowhere")


def test_what_was_unpacked_serves_where_the_archive_is_gone(tiny: Tiny, tmp_path: Path) -> None:
    place = tiny.put_archive(tmp_path / "data")
    assert_is_the_tiny_set(tiny, place)
    (place / CIFAR.filename).unlink()
    assert_is_the_tiny_set(tiny, place)


@pytest.mark.parametrize("file_name", ["data_batch_3", "test_batch", "batches.meta"])
def test_a_file_that_is_cut_off_or_missing_is_named_and_nothing_is_unpickled(
    tiny: Tiny, tmp_path: Path, file_name: str
) -> None:
    folder = Path(CIFAR.base_folder)
    told = refusal(tiny.put_folder(tmp_path / "cut", cut=file_name))
    assert f"{tmp_path / 'cut' / folder / file_name} is corrupt or half-written" in told
    told = refusal(tiny.put_folder(tmp_path / "missing", leave_out=file_name))
    assert f"{tmp_path / 'missing' / folder / file_name} is missing" in told


def test_an_archive_that_is_cut_off_is_named_and_not_unpacked(tiny: Tiny, own_cache: Path, tmp_path: Path) -> None:
    told = refusal(tiny.put_archive(tmp_path / "data", cut=True))
    assert f"{tmp_path / 'data' / CIFAR.filename} is corrupt or half-written" in told
    assert not own_cache.exists()


def test_with_nothing_at_hand_and_no_network_one_sentence_names_all_three_ways(
    tiny: Tiny, own_cache: Path, tmp_path: Path
) -> None:
    told = refusal(tmp_path / "nowhere")
    for way in ("--data-dir", "$GANDIAG_DATA", str(own_cache), str(tmp_path / "nowhere"), "refused"):
        assert way in told


def test_what_is_at_hand_nowhere_is_downloaded_once_into_the_cache(
    tiny: Tiny, own_cache: Path, tmp_path: Path, serve: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CIFAR, "url", serve(tiny.put_archive(tmp_path / "mirror")) + CIFAR.filename)
    assert_is_the_tiny_set(tiny)
    monkeypatch.setattr(CIFAR, "url", "http://127.0.0.1:9/")
    assert_is_the_tiny_set(tiny)


def test_a_half_written_file_in_the_cache_is_made_again(tiny: Tiny, own_cache: Path, tmp_path: Path) -> None:
    tiny.put_folder(own_cache, cut="data_batch_4")
    assert_is_the_tiny_set(tiny, tiny.put_archive(tmp_path / "data"))


def test_a_cache_that_cannot_be_written_is_named(tiny: Tiny, own_cache: Path, tmp_path: Path) -> None:
    own_cache.write_text("a file where the folder should be")  # permissions would not stop a test run as root
    told = refusal(tiny.put_archive(tmp_path / "data"))
    assert str(own_cache) in told
    assert "make room or make it writable" in told


def test_a_split_that_does_not_exist_is_refused() -> None:
    with pytest.raises(GandiagError, match="Unknown split 'validation' of 'cifar10'; choose one of train, test"):
        load_cifar10("validation")
