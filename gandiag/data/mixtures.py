"""Mixtures of Gaussians in the plane, whose modes are known exactly."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Mixture:
    """An equal-weight mixture of isotropic Gaussians.

    Attributes:
        name: Name of the mixture, as on the command line.
        centers: Means of the modes, with shape :math:`(k, 2)`.
        std: Standard deviation of each mode along each axis.
    """

    name: str
    centers: Tensor
    std: float

    def sample(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw points and the modes that they came from, with shapes :math:`(n, 2)` and :math:`(n,)`."""
        modes = torch.randint(len(self.centers), (count,), generator=generator)
        noise = torch.randn(count, 2, generator=generator)
        return self.centers[modes] + self.std * noise, modes


def ring(modes: int = 8, radius: float = 2.0, std: float = 0.02) -> Mixture:
    """Gaussians spaced evenly on a circle.

    The angles exclude the end point: with it, the first and the last mode coincide and a ring of 8 has 7 modes, a slip
    in many published copies of this benchmark.

    References:
        | Unrolled Generative Adversarial Networks (Metz et al., 2017), Appendix A (radius 2, std 0.02)
        | https://arxiv.org/abs/1611.02163

    Examples:
        >>> len(ring().centers)
        8
    """
    angles = torch.arange(modes, dtype=torch.float64) * (2 * math.pi / modes)
    centers = radius * torch.stack([angles.cos(), angles.sin()], dim=1)
    return Mixture("ring", centers.float(), std)


def grid(side: int = 5, spacing: float = 2.0, std: float = 0.05) -> Mixture:
    """Gaussians on a square grid centred at the origin.

    References:
        | PacGAN: The power of two samples in generative adversarial networks (Lin et al., 2018), Section 4.1
        | https://arxiv.org/abs/1712.04086

    Examples:
        >>> len(grid().centers)
        25
    """
    axis = spacing * (torch.arange(side, dtype=torch.float32) - (side - 1) / 2)
    return Mixture("grid", torch.cartesian_prod(axis, axis), std)
