"""MNIST and Fashion-MNIST through torchvision, verified before use and never half-read."""

import gzip
import shutil
from pathlib import Path
from typing import Any

from gandiag.compatibility import import_torchvision
from gandiag.data import places
from gandiag.data.dataset import Dataset
from gandiag.files import write_whole

TORCHVISION_CLASSES = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST"}


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
    places.check_split(name, split)
    torchvision = import_torchvision()
    dataset_class = getattr(torchvision.datasets, TORCHVISION_CLASSES[name])
    cache = places.user_cache()
    raw = cache / dataset_class.__name__ / "raw"
    if not _is_unpacked(raw, dataset_class):
        archives = _find_archives(name, dataset_class, data_dir) or _download(name, dataset_class, data_dir)
        for archive in archives:
            _unpack(archive, raw)
    loaded = dataset_class(cache, train=split == "train", download=False)
    return Dataset(name, loaded.data.unsqueeze(1).float().div_(255), loaded.targets.long())


def _archive_names(dataset_class: Any) -> list[tuple[str, str]]:
    """File names and MD5 sums of the four archives, as torchvision states them."""
    return [(file_name, md5) for file_name, md5 in dataset_class.resources]


def _find_archives(name: str, dataset_class: Any, data_dir: str | Path | None) -> list[Path] | None:
    """The four verified archives of the first place that holds any of them.

    What is wrong in a folder of the user's is theirs to mend; what is wrong in the cache is downloaded again.
    """
    for place in places.named_places(data_dir):
        folder = place / dataset_class.__name__ / "raw"
        wanted = [(folder / file_name, md5) for file_name, md5 in _archive_names(dataset_class)]
        if not any(path.exists() for path, _ in wanted):
            continue
        for path, md5 in wanted:
            places.verify(name, path, md5, "all four archives")
        return [path for path, _ in wanted]
    return None


def _download(name: str, dataset_class: Any, data_dir: str | Path | None) -> list[Path]:
    """Have torchvision download the archives into the user's cache."""
    folder = places.user_cache() / dataset_class.__name__ / "raw"
    for file_name, md5 in _archive_names(dataset_class):
        addresses = [f"{mirror}{file_name}" for mirror in dataset_class.mirrors]
        places.download(name, addresses, folder / file_name, md5, data_dir)
    return [folder / file_name for file_name, _ in _archive_names(dataset_class)]


def _unpack(archive: Path, folder: Path) -> None:
    """Unpack one verified archive, so that a reader sees either the whole file or none."""
    try:
        write_whole(folder / archive.stem, lambda path: _extract(archive, path))
    except OSError as error:
        raise places.unpacking_failed(archive, folder, error) from error


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
