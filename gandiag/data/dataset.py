"""A data set as one tensor."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gandiag.data.mixtures import Mixture
from gandiag.errors import GandiagError


@dataclass(frozen=True)
class Dataset:
    """A whole data set in memory; a batch is an index into it.

    Attributes:
        name: Name of the set, as on the command line.
        samples: float32 tensor with shape :math:`(n, c, h, w)` in [0, 1] for images, 28×28 or 32×32 of 1 or 3 channels;
            or :math:`(n, 2)` for points.
        labels: int64 tensor with shape :math:`(n,)`: the class of an image, or the mode that a point was drawn from.
        mixture: The exact distribution the points were drawn from; ``None`` for images.
    """

    name: str
    samples: Tensor
    labels: Tensor
    mixture: Mixture | None = None

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Shape of one sample: ``(1, 28, 28)``, ``(3, 28, 28)``, ``(3, 32, 32)`` or ``(2,)``."""
        return tuple(self.samples.shape[1:])

    def to(self, device: torch.device | str) -> "Dataset":
        """The same data with its tensors on ``device``."""
        return replace(self, samples=self.samples.to(device), labels=self.labels.to(device))


def mixture_dataset(mixture: Mixture, count: int = 50_000, seed: int = 0) -> Dataset:
    """A finite sample of a mixture, as a data set; ``seed`` fixes which points it holds."""
    points, modes = mixture.sample(count, torch.Generator().manual_seed(seed))
    return Dataset(mixture.name, points, modes, mixture)


def check_samples(samples: Tensor, name: str) -> None:
    """Refuse data that no GAN could learn from.

    Raises:
        GandiagError: If ``samples`` is empty or holds NaN or infinite values.
    """
    if len(samples) == 0:
        raise GandiagError(f"The data set '{name}' holds no samples; give at least one.")
    bad = ~torch.isfinite(samples).flatten(1).all(dim=1)
    if bad.any():
        first = int(bad.nonzero()[0])
        raise GandiagError(
            f"The data set '{name}' holds NaN or infinite values in {int(bad.sum())} of {len(samples)} samples "
            f"(the first is sample {first}); remove or repair them before training."
        )
