"""Data sets of the tests' own making, and a cache that is not the user's."""

import gzip
import hashlib
import io
import pickle
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
import torchvision

from gandiag.data import places

CLASSES = {"mnist": torchvision.datasets.MNIST, "fashion_mnist": torchvision.datasets.FashionMNIST}
CIFAR = torchvision.datasets.CIFAR10
REFUSING = "http://127.0.0.1:9/"


def idx_bytes(values: np.ndarray) -> bytes:
    """An IDX file: two zeros, 8 for unsigned bytes, the number of dimensions, the dimensions, the values."""
    header = bytes([0, 0, 8, values.ndim]) + b"".join(size.to_bytes(4, "big") for size in values.shape)
    return header + values.astype(np.uint8).tobytes()


@dataclass
class TinyArchives:
    """What a tiny MNIST holds, and ways to lay its archives somewhere."""

    name: str
    images: dict[str, np.ndarray]
    labels: dict[str, np.ndarray]
    packed: dict[str, bytes]

    @property
    def folder_name(self) -> str:
        return CLASSES[self.name].__name__

    def raw(self, place: Path) -> Path:
        return place / self.folder_name / "raw"

    def put(self, place: Path, *, leave_out: str = "", cut: str = "") -> Path:
        """Lay the archives into a place in torchvision's layout; leave one out, or cut one in half."""
        raw = self.raw(place)
        raw.mkdir(parents=True, exist_ok=True)
        for file_name, content in self.packed.items():
            if file_name != leave_out:
                (raw / file_name).write_bytes(content[: len(content) // 2] if file_name == cut else content)
        return place


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own; it does not exist yet."""
    cache = tmp_path / "cache"
    monkeypatch.setattr(places, "user_cache", lambda: cache)
    return cache


@pytest.fixture
def make_tiny(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., TinyArchives]:
    """Make torchvision expect a tiny data set: no folder named in the environment, and no network."""
    monkeypatch.delenv("GANDIAG_DATA", raising=False)
    for proxied in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(proxied, "*")

    def make(name: str = "mnist", count: int = 12) -> TinyArchives:
        draw = np.random.default_rng(sum(map(ord, name)))
        counts = {"train": count, "test": 5}
        images = {split: draw.integers(0, 256, (n, 28, 28), dtype=np.uint8) for split, n in counts.items()}
        labels = {split: draw.integers(0, 10, n, dtype=np.uint8) for split, n in counts.items()}
        packed = {}
        for split, stem in (("train", "train"), ("test", "t10k")):
            packed[f"{stem}-images-idx3-ubyte.gz"] = gzip.compress(idx_bytes(images[split]))
            packed[f"{stem}-labels-idx1-ubyte.gz"] = gzip.compress(idx_bytes(labels[split]))
        sums = [(file_name, hashlib.md5(content).hexdigest()) for file_name, content in packed.items()]
        monkeypatch.setattr(CLASSES[name], "resources", sums)
        monkeypatch.setattr(CLASSES[name], "mirrors", [REFUSING])
        return TinyArchives(name, images, labels, packed)

    return make


@pytest.fixture
def tiny(make_tiny: Callable[[str], TinyArchives]) -> TinyArchives:
    return make_tiny("mnist")


@dataclass
class TinyCifar:
    """What a tiny CIFAR-10 holds, and ways to lay it somewhere."""

    images: dict[str, np.ndarray]
    labels: dict[str, list[int]]
    files: dict[str, bytes]
    archive: bytes

    def put_folder(self, place: Path, *, leave_out: str = "", cut: str = "") -> Path:
        """Lay the unpacked files into a place in torchvision's layout; leave one out, or cut one in half."""
        folder = place / CIFAR.base_folder
        folder.mkdir(parents=True, exist_ok=True)
        for file_name, content in self.files.items():
            if file_name != leave_out:
                (folder / file_name).write_bytes(content[: len(content) // 2] if file_name == cut else content)
        return place

    def put_archive(self, place: Path, *, cut: bool = False) -> Path:
        """Lay the archive into a place, whole or cut in half."""
        place.mkdir(parents=True, exist_ok=True)
        (place / CIFAR.filename).write_bytes(self.archive[: len(self.archive) // 2] if cut else self.archive)
        return place


def _cifar_files(count: int) -> tuple[dict[str, np.ndarray], dict[str, list[int]], dict[str, bytes]]:
    """Five training batches and one test batch, each of ``count`` pictures: a row is red, then green, then blue."""
    draw = np.random.default_rng(10)
    rows: dict[str, list[np.ndarray]] = {"train": [], "test": []}
    labels: dict[str, list[int]] = {"train": [], "test": []}
    files = {"batches.meta": pickle.dumps({"label_names": [f"class {index}" for index in range(10)]}, protocol=2)}
    for name in [*(f"data_batch_{index}" for index in range(1, 6)), "test_batch"]:
        split = "test" if name == "test_batch" else "train"
        batch = {
            "data": draw.integers(0, 256, (count, 3072), dtype=np.uint8),
            "labels": draw.integers(0, 10, count).tolist(),
        }
        rows[split].append(batch["data"])
        labels[split] += batch["labels"]
        files[name] = pickle.dumps(batch, protocol=2)
    images = {split: np.concatenate(parts).reshape(-1, 3, 32, 32) for split, parts in rows.items()}
    return images, labels, files


@pytest.fixture
def make_tiny_cifar(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., TinyCifar]:
    """Make torchvision expect a tiny CIFAR-10: no folder named in the environment, and no network."""
    monkeypatch.delenv("GANDIAG_DATA", raising=False)
    for proxied in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(proxied, "*")

    def make(count: int = 3) -> TinyCifar:
        images, labels, files = _cifar_files(count)
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for name, content in files.items():
                entry = tarfile.TarInfo(f"{CIFAR.base_folder}/{name}")
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        sums = {name: hashlib.md5(content).hexdigest() for name, content in files.items()}
        monkeypatch.setattr(CIFAR, "train_list", [[name, sums[name]] for name in files if name.startswith("data")])
        monkeypatch.setattr(CIFAR, "test_list", [["test_batch", sums["test_batch"]]])
        monkeypatch.setattr(CIFAR, "meta", CIFAR.meta | {"md5": sums["batches.meta"]})
        monkeypatch.setattr(CIFAR, "tgz_md5", hashlib.md5(packed.getvalue()).hexdigest())
        monkeypatch.setattr(CIFAR, "url", f"{REFUSING}{CIFAR.filename}")
        return TinyCifar(images, labels, files, packed.getvalue())

    return make


@pytest.fixture
def serve() -> Iterator[Callable[[Path], str]]:
    """Serve a folder over HTTP from this machine; gives the address."""
    servers = []

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: Any) -> None:
            pass

    def start(folder: Path) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
