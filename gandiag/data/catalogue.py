"""Data sets by the names that the command line knows."""

from pathlib import Path
from types import MappingProxyType

from gandiag.data.cifar import load_cifar10
from gandiag.data.dataset import Dataset, check_samples, mixture_dataset
from gandiag.data.digits import load_digits
from gandiag.data.dirac import dirac
from gandiag.data.idx_archives import TORCHVISION_CLASSES, load_idx_dataset
from gandiag.data.mixtures import grid, ring
from gandiag.data.stacked import labelled, stacked
from gandiag.errors import GandiagError

DATASETS = (
    "digits",
    "mnist",
    "fashion_mnist",
    "cifar10",
    "stacked_digits",
    "stacked_mnist",
    "labelled_digits",
    "ring",
    "grid",
    "dirac",
)

CLASS_NAMES = MappingProxyType(
    {
        "fashion_mnist": (
            "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
        ),
    }
)  # fmt: skip
"""Names of the classes, by their numbers, of data sets whose classes are no digits."""


def load_dataset(name: str, data_dir: str | Path | None = None) -> Dataset:
    """Load a data set's training part by name.

    Args:
        name: One of ``DATASETS``.
        data_dir: Folder that holds MNIST, Fashion-MNIST or CIFAR-10, in torchvision's layout; the other sets need none.

    Raises:
        GandiagError: If the name is unknown, or the data absent, corrupt or not finite.

    Examples:
        >>> load_dataset("ring").sample_shape
        (2,)
    """
    dataset = _load(name, data_dir)
    check_samples(dataset.samples, name)
    return dataset


def _load(name: str, data_dir: str | Path | None) -> Dataset:
    if name == "digits":
        return load_digits()
    if name in TORCHVISION_CLASSES:
        return load_idx_dataset(name, data_dir=data_dir)
    if name == "cifar10":
        return load_cifar10(data_dir=data_dir)
    if name == "stacked_digits":
        return stacked(load_digits(), name)
    if name == "stacked_mnist":
        return stacked(load_idx_dataset("mnist", data_dir=data_dir), name)
    if name == "labelled_digits":
        return labelled(load_digits(), name)
    if name == "ring":
        return mixture_dataset(ring())
    if name == "grid":
        return mixture_dataset(grid())
    if name == "dirac":
        return dirac()
    raise GandiagError(f"Unknown data set '{name}'; choose one of {', '.join(DATASETS)}.")
