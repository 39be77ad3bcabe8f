"""Two domains for unpaired translation: digits and a style of them, whose true translation is known, or two sets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, interpolate, max_pool2d, pad

from gandiag.data.dataset import Dataset
from gandiag.errors import GandiagError

SLANT = 0.35
"""Pixels to the right for each pixel upwards, about 19°."""
SIDE, FRAMED = 28, 20
"""Pixels of MNIST's images, and of the box in them that its digits fill."""


def inverted(images: Tensor) -> Tensor:
    """Black on white for white on black, :math:`1 - x`; it undoes itself."""
    return 1 - images


def slanted(images: Tensor) -> Tensor:
    """Sheared to the right about the middle row, by bilinear interpolation; black where nothing was.

    Args:
        images: With shape :math:`(n, c, h, w)`, as high as wide.
    """
    return _sheared(images, SLANT)


def bold(images: Tensor) -> Tensor:
    """Strokes thickened by a pixel on each side: each pixel the brightest of its 3×3 neighbourhood."""
    return max_pool2d(images, 3, stride=1, padding=1)


def framed(images: Tensor) -> Tensor:
    """Scaled down to the middle 20×20 of 28×28, where MNIST's digits stand; by bilinear interpolation.

    Args:
        images: With shape :math:`(n, c, h, w)`.

    Returns:
        With shape :math:`(n, c, 28, 28)`.

    References:
        | Gradient-Based Learning Applied to Document Recognition (LeCun et al., 1998), Section III.A
        | https://doi.org/10.1109/5.726791
    """
    small = interpolate(images, size=(FRAMED, FRAMED), mode="bilinear", align_corners=False, antialias=True)
    return pad(small, ((SIDE - FRAMED) // 2,) * 4)


def outlines(images: Tensor) -> Tensor:
    """The morphological gradient: each 3×3 neighbourhood's brightest pixel less its darkest, white lines on black."""
    return bold(images) + max_pool2d(-images, 3, stride=1, padding=1)


def _sheared(images: Tensor, slant: float) -> Tensor:
    # Output row y is read from x + slant · y, y pointing downwards, in units of half the width.
    matrix = torch.tensor([[1.0, slant, 0.0], [0.0, 1.0, 0.0]]).expand(len(images), -1, -1)
    grid = affine_grid(matrix, list(images.shape), align_corners=False)
    return grid_sample(images, grid, align_corners=False)


@dataclass(frozen=True)
class Style:
    """How one domain is made from the other.

    Attributes:
        transform: Upright images → changed ones: the true translation.
        undo: Changed images → ones that a classifier of upright digits can read; the inverse where there is one.
    """

    transform: Callable[[Tensor], Tensor]
    undo: Callable[[Tensor], Tensor]


STYLES: Mapping[str, Style] = MappingProxyType(
    {
        "inverted": Style(inverted, inverted),
        "slanted": Style(slanted, lambda images: _sheared(images, -SLANT)),
        "bold": Style(bold, lambda images: images),
    }
)


def get_style(name: str) -> Style:
    """A style by name.

    Raises:
        GandiagError: If the name is unknown.
    """
    if name not in STYLES:
        raise GandiagError(f"Unknown style '{name}'; choose one of {', '.join(STYLES)}.")
    return STYLES[name]


@dataclass(frozen=True)
class Domains:
    """Two sets of images, no image of the one being the translation of any of the other.

    Attributes:
        a: Domain A, with shape :math:`(n, c, h, w)` in [0, 1].
        b: Domain B, with shape :math:`(m, c, h, w)`.
        source: What B was made from; ``None`` where B is a data set of its own.

    Raises:
        GandiagError: If the images of the two are not of one size.
    """

    a: Tensor
    b: Tensor
    source: Tensor | None = None

    def __post_init__(self) -> None:
        first, second = tuple(self.a.shape[1:]), tuple(self.b.shape[1:])
        if first != second:
            raise GandiagError(
                f"The images of both domains must be of one size; those of A have shape {first}, those of B {second}. "
                f"Resize one of them."
            )

    @property
    def b_upright(self) -> Tensor:
        """The true translation of B to A.

        Raises:
            GandiagError: If nobody knows it.
        """
        if self.source is None:
            raise GandiagError(
                "Between two data sets no true translation is known; measure an error where B is a style of A."
            )
        return self.source

    def to(self, device: torch.device | str) -> "Domains":
        """The same domains with their images on ``device``."""
        source = None if self.source is None else self.source.to(device)
        return Domains(self.a.to(device), self.b.to(device), source)


def unpaired_domains(digits: Dataset, style: str) -> Domains:
    """Every second image upright, the others changed: the two domains show different digits.

    Args:
        digits: Upright images.
        style: ``inverted``, ``slanted`` or ``bold``.

    Raises:
        GandiagError: If the style is unknown.

    Examples:
        >>> from gandiag.data.digits import load_digits
        >>> domains = unpaired_domains(load_digits(), "inverted")
        >>> len(domains.a), len(domains.b)
        (899, 898)
    """
    transform = get_style(style).transform
    others = digits.samples[1::2]
    return Domains(digits.samples[::2], transform(others), others)
