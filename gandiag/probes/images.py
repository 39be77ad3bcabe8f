"""Samples as a judge and as a person want them."""

import numpy as np
import torch
from torch import Tensor

from gandiag.errors import GandiagError

LEAST_NEGATIVE = -0.05
TILES = 64
DIGIT_SHAPE = (1, 28, 28)


def as_digits(samples: Tensor) -> Tensor:
    """Samples as the packaged judge wants them: :math:`(n, 1, 28, 28)` in [0, 1].

    Flat samples of 784 values are reshaped, and samples in [−1, 1], as a tanh makes them, are rescaled.

    Raises:
        GandiagError: If a sample does not have 784 values.
    """
    if samples[0].numel() != np.prod(DIGIT_SHAPE):
        raise GandiagError(
            f"The packaged judge 'mnist' looks at 28×28 grey images; these samples have shape "
            f"{tuple(samples.shape[1:])}. Give a judge of your own, or judge=None."
        )
    return unit_range(samples).reshape(len(samples), *DIGIT_SHAPE)


def unit_range(samples: Tensor) -> Tensor:
    """Samples in [0, 1]; those in [−1, 1] are told by their negative values."""
    samples = samples.float()
    if float(samples.min()) < LEAST_NEGATIVE:
        samples = (samples + 1) / 2
    return samples.clamp(0, 1)


def as_pictures(samples: Tensor) -> np.ndarray | None:
    """The first 64 samples to look at, or up to 2048 points.

    Returns:
        uint8 with shape ``(n, height, width)`` or ``(n, height, width, 3)`` for images; float32 with shape ``(n, 2)``
        for points; ``None`` for samples that are neither.
    """
    samples = torch.nan_to_num(samples.detach().float(), nan=0.0, posinf=0.0, neginf=0.0).cpu()
    if samples.dim() == 2 and samples.shape[1] == 2:
        return samples[:2048].numpy()
    if samples.dim() == 2 and samples.shape[1] == np.prod(DIGIT_SHAPE):
        samples = samples.reshape(-1, *DIGIT_SHAPE)
    if samples.dim() != 4 or samples.shape[1] not in (1, 3):
        return None
    pictures = (unit_range(samples[:TILES]) * 255).round().byte().permute(0, 2, 3, 1).numpy()
    return pictures[..., 0] if pictures.shape[-1] == 1 else pictures
