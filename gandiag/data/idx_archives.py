"""MNIST and Fashion-MNIST through torchvision, verified before use and never half-read."""

import gzip
import os
import shutil
from http.client import HTTPException
from pathlib import Path
from typing import Any

import platformdirs

from gandiag.compatibility import import_torchvision
from gandiag.data.dataset import Dataset
from gandiag.errors import GandiagError
from gandiag.files import write_whole

TORCHVISION_CLASSES = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST"}
SPLITS = ("train", "test")
DATA_VARIABLE = "GANDIAG_DATA"


def load_idx_dataset(name: str, split: str = "train", data_dir: str | Path | None = None) -> Dataset:
    """Load MNIST or Fashion-MNIST, wherever it is at hand.

    The archives are looked for in ``data_dir``, then in ``$GANDIAG_DATA``, then in the user's cache, where torchvision
    downloads them if they are in none of the three. Each archive's MD5 is verified before it is unpacked, into the
    cache: the folder that holds the archives is never written to.

    Args:
        name: ``"mnist"`` or ``"fashion_mnist"``.
        split: ``"train"`` (60,000 images) or ``"test"`` (10,000).
        data_dir: Folder in torchvision's layout (``MNIST/raw/*.gz`` in it).

    Raises:
        GandiagError: If an archive is corrupt, or the data is neither at hand nor to be downloaded.
    """
    if split not in SPLITS:
        raise GandiagError(f"Unknown split '{split}' of '{name}'; choose one of {', '.join(SPLITS)}.")
    torchvision = import_torchvision()
    dataset_class = getattr(torchvision.datasets, TORCHVISION_CLASSES[name])
    cache = user_cache()
    raw = cache / dataset_class.__name__ / "raw"
    if not _is_unpacked(raw, dataset_class):
        archives = _find_archives(name, dataset_class, data_dir) or _download(name, dataset_class, data_dir)
        for archive in archives:
            _unpack(archive, raw)
    loaded = dataset_class(cache, train=split == "train", download=False)
    return Dataset(name, loaded.data.unsqueeze(1).float().div_(255), loaded.targets.long())


def user_cache() -> Path:
    """The folder in which gandiag keeps downloads and unpacked archives."""
    return Path(platformdirs.user_cache_dir("gandiag"))


def _archive_names(dataset_class: Any) -> list[tuple[str, str]]:
    """File names and MD5 sums of the four archives, as torchvision states them."""
    return [(file_name, md5) for file_name, md5 in dataset_class.resources]


def _find_archives(name: str, dataset_class: Any, data_dir: str | Path | None) -> list[Path] | None:
    """The four verified archives of the first place that holds any of them.

    What is wrong in a folder of the user's is theirs to mend; what is wrong in the cache is downloaded again.
    """
    for place in _places(data_dir)[:-1]:
        folder = place / dataset_class.__name__ / "raw"
        wanted = [(folder / file_name, md5) for file_name, md5 in _archive_names(dataset_class)]
        if not any(path.exists() for path, _ in wanted):
            continue
        for path, md5 in wanted:
            _verify(name, path, md5)
        return [path for path, _ in wanted]
    return None


def _places(data_dir: str | Path | None) -> list[Path]:
    named = [data_dir, os.environ.get(DATA_VARIABLE)]
    return [Path(place).expanduser() for place in named if place] + [user_cache()]


def _verify(name: str, path: Path, md5: str) -> None:
    check_integrity = import_torchvision().datasets.utils.check_integrity
    if not path.exists():
        raise GandiagError(f"'{name}' is incomplete: {path} is missing; put all four archives into {path.parent}.")
    if not check_integrity(str(path), md5):
        raise GandiagError(
            f"{path} is corrupt or half-written: its MD5 is not {md5}, which '{name}' should have. It was not used; "
            f"delete it and fetch it again."
        )


def _download(name: str, dataset_class: Any, data_dir: str | Path | None) -> list[Path]:
    """Have torchvision download the archives into the user's cache."""
    cache = user_cache()
    download_url = import_torchvision().datasets.utils.download_url
    folder = cache / dataset_class.__name__ / "raw"
    paths = []
    for file_name, md5 in _archive_names(dataset_class):
        failure: Exception | None = None
        for mirror in dataset_class.mirrors:
            try:
                download_url(f"{mirror}{file_name}", root=str(folder), filename=file_name, md5=md5)
                break
            except (OSError, RuntimeError, HTTPException) as error:
                failure = error
        else:
            seen = ", ".join(str(place) for place in _places(data_dir))
            raise GandiagError(
                f"'{name}' is not at hand (looked in {seen}) and could not be downloaded ({failure}). Give its folder "
                f"with --data-dir, or in ${DATA_VARIABLE}, or put the archives into {folder}; or use --dataset digits, "
                f"which is embedded."
            ) from failure
        paths.append(folder / file_name)
    return paths


def _unpack(archive: Path, folder: Path) -> None:
    """Unpack one verified archive, so that a reader sees either the whole file or none."""
    try:
        write_whole(folder / archive.stem, lambda path: _extract(archive, path))
    except OSError as error:
        raise GandiagError(
            f"{archive} could not be unpacked into the cache {folder} ({error}); make room or make it writable."
        ) from error


def _extract(archive: Path, path: Path) -> None:
    with open(path, "wb") as unpacked, gzip.open(archive) as packed:
        shutil.copyfileobj(packed, unpacked)


def _is_unpacked(folder: Path, dataset_class: Any) -> bool:
    """Whether the cache holds all four files at the length that their own headers state."""
    return all(_has_stated_length(folder / Path(name).stem) for name, _ in _archive_names(dataset_class))


def _has_stated_length(path: Path) -> bool:
    """Whether an IDX file of bytes is as long as the dimensions in its header say."""
    if not path.exists():
        return False
    with open(path, "rb") as file:
        dimensions = file.read(4)[3:]
        if not dimensions:
            return False
        header = file.read(4 * dimensions[0])
    expected = 1
    for start in range(0, len(header), 4):
        expected *= int.from_bytes(header[start : start + 4], "big")
    return path.stat().st_size == 4 + 4 * dimensions[0] + expected
