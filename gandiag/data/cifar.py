"""CIFAR-10 through torchvision, verified before it is unpickled and never half-read."""

import shutil
import tarfile
from functools import partial
from pathlib import Path
from typing import Any

import torch

from gandiag.compatibility import import_torchvision
from gandiag.data import places
from gandiag.data.dataset import Dataset
from gandiag.files import write_whole

NAME = "cifar10"


def load_cifar10(split: str = "train", data_dir: str | Path | None = None) -> Dataset:
    """Load CIFAR-10, wherever it is at hand.

    It is looked for in ``data_dir``, then in ``$GANDIAG_DATA``, then in the user's cache, where torchvision downloads
    it if it is in none of the three. Each file's MD5 is verified before it is read, and no folder of the user's is
    written to: an archive is unpacked into the cache.

    Args:
        split: ``"train"`` (50,000 images) or ``"test"`` (10,000).
        data_dir: Folder in torchvision's layout (in it ``cifar-10-batches-py``, or ``cifar-10-python.tar.gz``).

    Returns:
        Colour images with shape :math:`(n, 3, 32, 32)` in [0, 1], with their labels, 0 … 9.

    Raises:
        GandiagError: If a file is corrupt or missing, or the data is neither at hand nor to be downloaded.

    References:
        | Learning Multiple Layers of Features from Tiny Images (Krizhevsky, 2009), Chapter 3
        | https://www.cs.toronto.edu/~kriz/cifar.html
    """
    places.check_split(NAME, split)
    dataset_class = import_torchvision().datasets.CIFAR10
    root = _find(dataset_class, data_dir)
    loaded = dataset_class(root, train=split == "train", download=False)
    samples = torch.from_numpy(loaded.data).permute(0, 3, 1, 2).float().div_(255)
    return Dataset(NAME, samples.contiguous(), torch.tensor(loaded.targets, dtype=torch.int64))


def _find(dataset_class: Any, data_dir: str | Path | None) -> Path:
    """The first place that holds the verified files, unpacked.

    What is wrong in a folder of the user's is theirs to mend; what is wrong in the cache is made again.
    """
    cache = places.user_cache()
    archive = None
    for place in places.named_places(data_dir):
        folder = place / dataset_class.base_folder
        if any((folder / file_name).exists() for file_name, _ in _files(dataset_class)):
            for file_name, md5 in _files(dataset_class):
                places.verify(NAME, folder / file_name, md5, f"all files of {dataset_class.filename}")
            return place
        if (place / dataset_class.filename).exists():
            archive = place / dataset_class.filename
            break
    if not _is_unpacked(cache, dataset_class):
        if archive is None:
            archive = cache / dataset_class.filename
            places.download(NAME, [dataset_class.url], archive, dataset_class.tgz_md5, data_dir)
        places.verify(NAME, archive, dataset_class.tgz_md5, "the archive")
        _unpack(archive, cache, dataset_class)
    return cache


def _files(dataset_class: Any) -> list[tuple[str, str]]:
    """File names and MD5 sums, as torchvision states them."""
    meta = dataset_class.meta["filename"], dataset_class.meta["md5"]
    return [(file_name, md5) for file_name, md5 in [*dataset_class.train_list, *dataset_class.test_list, meta]]


def _is_unpacked(place: Path, dataset_class: Any) -> bool:
    check_integrity = import_torchvision().datasets.utils.check_integrity
    folder = place / dataset_class.base_folder
    return all(check_integrity(str(folder / file_name), md5) for file_name, md5 in _files(dataset_class))


def _unpack(archive: Path, place: Path, dataset_class: Any) -> None:
    """Unpack the files of a verified archive, so that a reader sees either a whole file or none."""
    try:
        with tarfile.open(archive) as packed:
            for file_name, _ in _files(dataset_class):
                member = f"{dataset_class.base_folder}/{file_name}"
                write_whole(place / member, partial(_extract, packed, member))
    except OSError as error:
        raise places.unpacking_failed(archive, place, error) from error


def _extract(packed: tarfile.TarFile, member: str, path: Path) -> None:
    content = packed.extractfile(member)
    assert content is not None
    with open(path, "wb") as unpacked, content:
        shutil.copyfileobj(content, unpacked)
