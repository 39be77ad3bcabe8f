"""MNIST and Fashion-MNIST from archives: found in order, verified, never half-read, or one clear sentence."""

import errno
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
import torch
import torchvision

from gandiag.data import load_dataset, load_idx_dataset
from gandiag.errors import GandiagError

Tiny = Any  # TinyArchives, of the conftest
FILES = [
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
]


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Everything in a folder: names, times of change and contents."""
    paths = [folder, *sorted(folder.rglob("*"))]
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"") for path in paths}


def assert_is_the_tiny_set(tiny: Tiny, data_dir: Path | None = None) -> None:
    for split in ("train", "test"):
        dataset = load_idx_dataset(tiny.name, split, data_dir)
        np.testing.assert_array_equal((dataset.samples[:, 0] * 255).round(), tiny.images[split])
        np.testing.assert_array_equal(dataset.labels, tiny.labels[split])


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
@pytest.mark.parametrize("split", ["train", "test"])
def test_images_and_labels_arrive_as_they_were_packed(
    make_tiny: Callable[[str], Tiny], tmp_path: Path, name: str, split: str
) -> None:
    tiny = make_tiny(name)
    dataset = load_idx_dataset(name, split, tiny.put(tmp_path / "data"))
    assert dataset.name == name
    assert dataset.samples.dtype == torch.float32
    assert dataset.labels.dtype == torch.int64
    np.testing.assert_allclose(dataset.samples, tiny.images[split][:, None] / 255, rtol=1e-6)
    np.testing.assert_array_equal(dataset.labels, tiny.labels[split])


def test_two_data_sets_with_the_same_file_names_are_kept_apart(
    make_tiny: Callable[[str], Tiny], tmp_path: Path
) -> None:
    digits, clothes = make_tiny("mnist"), make_tiny("fashion_mnist")
    digits.put(clothes.put(tmp_path / "data"))
    assert_is_the_tiny_set(digits, tmp_path / "data")
    assert_is_the_tiny_set(clothes, tmp_path / "data")


def test_load_dataset_gives_the_training_part(tiny: Tiny, tmp_path: Path) -> None:
    dataset = load_dataset("mnist", str(tiny.put(tmp_path / "data")))
    np.testing.assert_array_equal(dataset.labels, tiny.labels["train"])


def test_a_split_that_does_not_exist_is_refused(tiny: Tiny, tmp_path: Path) -> None:
    with pytest.raises((GandiagError, ValueError), match="validation"):
        load_idx_dataset("mnist", "validation", tiny.put(tmp_path / "data"))


def test_the_given_folder_comes_before_the_environments(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANDIAG_DATA", str(tiny.put(tmp_path / "environment", cut=FILES[0])))
    assert_is_the_tiny_set(tiny, tiny.put(tmp_path / "given"))


def test_the_environments_folder_comes_before_the_cache(
    tiny: Tiny, own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.put(own_cache, cut=FILES[0])
    monkeypatch.setenv("GANDIAG_DATA", str(tiny.put(tmp_path / "environment")))
    assert_is_the_tiny_set(tiny)


def test_the_environments_folder_serves_where_the_given_one_holds_none(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANDIAG_DATA", str(tiny.put(tmp_path / "environment")))
    assert_is_the_tiny_set(tiny, tmp_path / "given")


def test_archives_in_the_cache_serve_where_nothing_else_is_named(tiny: Tiny, own_cache: Path) -> None:
    tiny.put(own_cache)
    assert_is_the_tiny_set(tiny)


def test_an_empty_variable_names_no_folder(
    tiny: Tiny, own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.put(own_cache)
    monkeypatch.chdir(tiny.put(tmp_path / "here", cut=FILES[0]))
    monkeypatch.setenv("GANDIAG_DATA", "")
    assert_is_the_tiny_set(tiny)


def test_a_tilde_means_the_home_folder(tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    tiny.put(tmp_path / "data")
    assert_is_the_tiny_set(tiny, Path("~/data"))


def test_the_folder_that_holds_the_archives_is_never_written_to(tiny: Tiny, own_cache: Path, tmp_path: Path) -> None:
    place = tiny.put(tmp_path / "data")
    before = snapshot(place)
    assert_is_the_tiny_set(tiny, place)
    assert snapshot(place) == before
    assert len(list(tiny.raw(own_cache).iterdir())) == 4


@pytest.mark.parametrize("cut", FILES)
def test_a_truncated_archive_is_named_and_not_used(tiny: Tiny, own_cache: Path, tmp_path: Path, cut: str) -> None:
    place = tiny.put(tmp_path / "data", cut=cut)
    before = snapshot(place)
    with pytest.raises(GandiagError) as refusal:
        load_idx_dataset("mnist", data_dir=place)
    assert str(tiny.raw(place) / cut) in str(refusal.value)
    assert "corrupt" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert snapshot(place) == before
    assert not own_cache.exists()


def test_an_archive_with_another_content_is_not_used(tiny: Tiny, tmp_path: Path) -> None:
    place = tiny.put(tmp_path / "data")
    (tiny.raw(place) / FILES[2]).write_bytes(tiny.packed[FILES[0]])  # a sound archive, but the wrong one
    with pytest.raises(GandiagError, match=FILES[2]):
        load_idx_dataset("mnist", data_dir=place)


def test_a_corrupt_archive_in_the_given_folder_is_not_silently_replaced_by_another_places(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANDIAG_DATA", str(tiny.put(tmp_path / "environment")))
    place = tiny.put(tmp_path / "given", cut=FILES[3])
    with pytest.raises(GandiagError, match=str(tiny.raw(place) / FILES[3])):
        load_idx_dataset("mnist", data_dir=place)


@pytest.mark.parametrize("missing", FILES)
def test_a_missing_archive_is_named(tiny: Tiny, tmp_path: Path, missing: str) -> None:
    place = tiny.put(tmp_path / "data", leave_out=missing)
    with pytest.raises(GandiagError) as refusal:
        load_idx_dataset("mnist", data_dir=place)
    assert f"{tiny.raw(place) / missing} is missing" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_with_nothing_at_hand_and_no_network_one_sentence_names_all_three_ways(
    tiny: Tiny, own_cache: Path, tmp_path: Path
) -> None:
    with pytest.raises(GandiagError) as refusal:
        load_dataset("mnist", tmp_path / "nowhere")
    sentence = str(refusal.value)
    assert "--data-dir" in sentence
    assert "$GANDIAG_DATA" in sentence
    assert str(tiny.raw(own_cache)) in sentence
    assert str(tmp_path / "nowhere") in sentence
    assert "--dataset digits" in sentence
    assert "refused" in sentence
    assert "\n" not in sentence


@pytest.fixture
def babbling_server() -> Iterator[str]:
    """A server that answers with something that is not HTTP, as a broken proxy does."""
    listener = socket.create_server(("127.0.0.1", 0))

    def babble() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(4096)
                connection.sendall(b"nonsense\r\n\r\n")

    thread = Thread(target=babble, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(timeout=5)


def test_a_mirror_that_does_not_speak_http_gives_the_same_sentence(
    tiny: Tiny, babbling_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [babbling_server])
    with pytest.raises(GandiagError, match=r"--data-dir.*\$GANDIAG_DATA"):
        load_dataset("mnist")


def test_what_is_at_hand_nowhere_is_downloaded_once_into_the_cache(
    tiny: Tiny, own_cache: Path, tmp_path: Path, serve: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = serve(tiny.raw(tiny.put(tmp_path / "mirror")))
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [address])
    assert_is_the_tiny_set(tiny)
    assert {path.name for path in tiny.raw(own_cache).glob("*.gz")} == set(FILES)
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", ["http://127.0.0.1:9/"])
    assert_is_the_tiny_set(tiny)


def test_the_next_mirror_serves_where_one_refuses(
    tiny: Tiny, tmp_path: Path, serve: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = serve(tiny.raw(tiny.put(tmp_path / "mirror")))
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", ["http://127.0.0.1:9/", address])
    assert_is_the_tiny_set(tiny)


def test_the_next_mirror_serves_where_one_sends_something_else(
    tiny: Tiny, tmp_path: Path, serve: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = serve(tiny.raw(tiny.put(tmp_path / "wrong", cut=FILES[1])))
    right = serve(tiny.raw(tiny.put(tmp_path / "right")))
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [wrong, right])
    assert_is_the_tiny_set(tiny)


def test_a_download_that_was_cut_off_between_archives_goes_on(
    tiny: Tiny, own_cache: Path, tmp_path: Path, serve: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = serve(tiny.raw(tiny.put(tmp_path / "mirror")))
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [address])
    tiny.put(own_cache, leave_out=FILES[3])
    assert_is_the_tiny_set(tiny)


def test_a_download_that_was_cut_off_within_an_archive_is_made_again(
    tiny: Tiny, own_cache: Path, tmp_path: Path, serve: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = serve(tiny.raw(tiny.put(tmp_path / "mirror")))
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [address])
    tiny.put(own_cache, cut=FILES[2])
    assert_is_the_tiny_set(tiny)


@pytest.mark.parametrize("length", [0, 3, 4, 9, 16, 1000, -1])
@pytest.mark.parametrize("file_name", [FILES[0], FILES[3]], ids=["images", "labels"])
def test_a_half_written_unpacked_file_in_the_cache_is_made_again(
    tiny: Tiny, own_cache: Path, tmp_path: Path, file_name: str, length: int
) -> None:
    place = tiny.put(tmp_path / "data")
    assert_is_the_tiny_set(tiny, place)
    unpacked = tiny.raw(own_cache) / file_name.removesuffix(".gz")
    whole = unpacked.read_bytes()
    unpacked.write_bytes(whole[:length] if length < len(whole) else whole + b"\0")
    assert_is_the_tiny_set(tiny, place)
    assert unpacked.read_bytes() == whole


def test_a_missing_unpacked_file_in_the_cache_is_made_again(tiny: Tiny, own_cache: Path, tmp_path: Path) -> None:
    place = tiny.put(tmp_path / "data")
    assert_is_the_tiny_set(tiny, place)
    (tiny.raw(own_cache) / "t10k-labels-idx1-ubyte").unlink()
    assert_is_the_tiny_set(tiny, place)


def test_what_is_unpacked_is_not_unpacked_again(tiny: Tiny, own_cache: Path, tmp_path: Path) -> None:
    place = tiny.put(tmp_path / "data")
    assert_is_the_tiny_set(tiny, place)
    before = snapshot(own_cache)
    shutil.rmtree(place)
    assert_is_the_tiny_set(tiny, place)
    assert snapshot(own_cache) == before


def test_a_cache_that_cannot_be_written_is_named(tiny: Tiny, own_cache: Path, tmp_path: Path) -> None:
    own_cache.write_text("a file where the folder should be")  # permissions would not stop a test run as root
    with pytest.raises(GandiagError) as refusal:
        load_idx_dataset("mnist", data_dir=tiny.put(tmp_path / "data"))
    assert str(tiny.raw(own_cache)) in str(refusal.value)
    assert "make room or make it writable" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_disk_that_fills_up_while_unpacking_is_told_and_left_as_it_was(
    tiny: Tiny, own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill_up(packed: Any, unpacked: Any) -> None:
        unpacked.write(packed.read(100))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", fill_up)
    with pytest.raises(GandiagError, match="No space left on device"):
        load_idx_dataset("mnist", data_dir=tiny.put(tmp_path / "data"))
    left_behind = [path.name for path in own_cache.rglob("*") if path.is_file()]
    assert left_behind == []


def test_the_real_mnist_is_what_its_authors_describe(mnist_dir: Path, own_cache: Path) -> None:
    train, test = (load_idx_dataset("mnist", split, mnist_dir) for split in ("train", "test"))
    assert train.samples.shape == (60_000, 1, 28, 28)
    assert test.samples.shape == (10_000, 1, 28, 28)
    assert train.labels.bincount().tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert test.labels.bincount().tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert train.samples.min() == 0
    assert train.samples.max() == 1
    # The mean and deviation that every MNIST example normalises by.
    assert float(train.samples.double().mean()) == pytest.approx(0.1307, abs=5e-5)
    assert float(train.samples.double().std()) == pytest.approx(0.3081, abs=5e-5)
