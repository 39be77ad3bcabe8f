"""Digits in a hue drawn by chance: the grey image does not say which, so that a colouriser has to choose."""

import colorsys

import torch
from torch import Tensor

from gandiag.data.dataset import Dataset
from gandiag.errors import GandiagError

HUE_COUNT = 5
"""Odd, so that each channel has one median, which is what a colouriser that is trained by L1 alone settles on."""


def hues() -> Tensor:
    """The fully saturated hues, evenly spaced from red on, as RGB in [0, 1] with shape :math:`(5, 3)`.

    Examples:
        >>> hues()[0].tolist(), hues().amax(dim=1).min().item()
        ([1.0, 0.0, 0.0], 1.0)
    """
    return torch.tensor([colorsys.hsv_to_rgb(index / HUE_COUNT, 1.0, 1.0) for index in range(HUE_COUNT)])


def tinted(digits: Dataset, name: str, seed: int = 0) -> Dataset:
    """Each image in one of five hues, drawn uniformly and independently of what it shows.

    Args:
        digits: Grey images with shape :math:`(n, 1, 28, 28)` in [0, 1].
        name: Name of the new set.
        seed: Fixes which image gets which hue.

    Returns:
        Images with shape :math:`(n, 3, 28, 28)`, the grey image times its hue, labelled by the hue, 0 … 4.

    Raises:
        GandiagError: If the images are in colour already.

    Examples:
        >>> from gandiag.data.digits import load_digits
        >>> tinted(load_digits(), "tinted_digits").sample_shape
        (3, 28, 28)
    """
    if digits.sample_shape[0] != 1:
        raise GandiagError(
            f"Images to tint must be grey, with 1 channel; those of '{digits.name}' have {digits.sample_shape[0]}."
        )
    drawn = torch.randint(HUE_COUNT, (len(digits),), generator=torch.Generator().manual_seed(seed))
    return Dataset(name, digits.samples * hues()[drawn, :, None, None], drawn)
