"""What the two applications that turn images into images share: their data and the limits of their settings."""

import math
from pathlib import Path
from typing import Protocol

from gandiag.data import Dataset, load_dataset
from gandiag.errors import GandiagError

HELD_OUT = 256
"""Images, the last of the set, that are never trained on."""
PROBES = 40
"""Probes in a run, unless the settings say otherwise."""


class TranslationSettings(Protocol):
    """The settings that both have."""

    @property
    def dataset(self) -> str:
        """Name of the data set."""

    @property
    def iterations(self) -> int:
        """Generator steps."""

    @property
    def batch_size(self) -> int:
        """Real images in a step."""

    @property
    def learning_rate(self) -> float:
        """Adam's step size."""

    @property
    def probe_every(self) -> int | None:
        """Generator steps from probe to probe."""

    @property
    def checkpoint_every(self) -> int:
        """Generator steps from checkpoint to checkpoint."""


def check_settings(settings: TranslationSettings, datasets: tuple[str, ...], losses: tuple[str, ...]) -> None:
    """Refuse settings that cannot be run.

    Args:
        settings: The settings.
        datasets: Names of the data sets that the application is for.
        losses: Names of their fields that weigh the generator's losses.

    Raises:
        GandiagError: If a value is not in its range, or all losses have weight 0.
    """
    if settings.dataset not in datasets:
        raise GandiagError(f"Unknown dataset '{settings.dataset}'; choose one of {', '.join(datasets)}.")
    for name in ("iterations", "batch_size", "checkpoint_every", "probe_every"):
        value = getattr(settings, name)
        if value is not None and value < 1:
            raise GandiagError(f"{name} must be at least 1; got {value}.")
    if not (math.isfinite(settings.learning_rate) and settings.learning_rate > 0):
        raise GandiagError(f"learning_rate must be a finite number above 0; got {settings.learning_rate}.")
    for name in losses:
        check_weight(settings, name)
    if not any(getattr(settings, name) for name in losses):
        raise GandiagError(f"{', '.join(losses)} are all 0; a generator needs a loss, so give one of them a weight.")


def check_weight(settings: TranslationSettings, name: str) -> None:
    """Refuse a weight that is negative or no number.

    Raises:
        GandiagError: If it is.
    """
    value = getattr(settings, name)
    if not (math.isfinite(value) and value >= 0):
        raise GandiagError(f"{name} must be a finite number, at least 0; got {value}.")


def probe_interval(settings: TranslationSettings) -> int:
    """Generator steps from probe to probe."""
    return settings.probe_every or max(1, settings.iterations // PROBES)


def split_images(name: str, data_dir: str | Path | None) -> tuple[Dataset, Dataset]:
    """Images to train on, and the last 256 of the set, held out to measure on.

    Args:
        name: Name of a data set of images.
        data_dir: Folder that holds it, in torchvision's layout.

    Raises:
        GandiagError: If the data cannot be had.
    """
    whole = load_dataset(name, data_dir)
    parts = (slice(None, -HELD_OUT), slice(-HELD_OUT, None))
    train, held_out = (Dataset(name, whole.samples[part], whole.labels[part]) for part in parts)
    return train, held_out
