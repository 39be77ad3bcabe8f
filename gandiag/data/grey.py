"""Grey images of coloured ones."""

import torch
from torch import Tensor

from gandiag.errors import GandiagError

LUMA_WEIGHTS = (0.299, 0.587, 0.114)
"""Of red, green and blue."""


def greyed(images: Tensor) -> Tensor:
    """The brightest channel of each pixel (the value in HSV), which a tint leaves as it was.

    Args:
        images: With shape :math:`(n, 3, h, w)`.

    Returns:
        With shape :math:`(n, 1, h, w)`.

    Raises:
        GandiagError: If the images are not in colour.
    """
    _check(images)
    return images.amax(dim=1, keepdim=True)


def luma(images: Tensor) -> Tensor:
    """How bright each pixel of a photograph looks, :math:`0.299 R + 0.587 G + 0.114 B`.

    Args:
        images: With shape :math:`(n, 3, h, w)`.

    Returns:
        With shape :math:`(n, 1, h, w)`.

    Raises:
        GandiagError: If the images are not in colour.

    References:
        | Studio encoding parameters of digital television, Recommendation ITU-R BT.601-7 (2011), Section 2.5.1
        | https://www.itu.int/rec/R-REC-BT.601

    Examples:
        >>> round(luma(torch.ones(1, 3, 1, 1)).item(), 6)
        1.0
    """
    _check(images)
    weights = torch.tensor(LUMA_WEIGHTS, dtype=images.dtype, device=images.device)
    return (images * weights[:, None, None]).sum(dim=1, keepdim=True)


def _check(images: Tensor) -> None:
    if images.dim() != 4 or images.shape[1] != 3:
        raise GandiagError(f"Colour images have shape (n, 3, height, width); got {tuple(images.shape)}.")
