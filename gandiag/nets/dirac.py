"""The two players of the Dirac-GAN: the smallest game whose course is known in closed form."""

import math

import torch
from torch import Tensor, nn

NOISE_SIZE = 1
START = math.sqrt(2)  # distance of (θ, ψ) from the equilibrium (0, 0)


class DiracGenerator(nn.Module):
    r"""Noise :math:`z \mapsto (\theta, z)`: one parameter, and a coordinate that stays as it is."""

    def __init__(self, theta: float = 1.0) -> None:
        super().__init__()
        self.theta = nn.Parameter(torch.tensor([theta]))

    def forward(self, noise: Tensor) -> Tensor:
        """Points :math:`(n, 2)` from noise :math:`(n, 1)`."""
        return torch.cat([self.theta.expand(len(noise), 1), noise], dim=1)


class DiracDiscriminator(nn.Module):
    r"""Point :math:`(x, y) \mapsto \psi x`."""

    def __init__(self, psi: float = 1.0) -> None:
        super().__init__()
        self.psi = nn.Parameter(torch.tensor([psi]))

    def forward(self, points: Tensor) -> Tensor:
        """Logits :math:`(n, 1)` of points :math:`(n, 2)`."""
        return self.psi * points[:, :1]


def dirac_players() -> tuple[DiracGenerator, DiracDiscriminator]:
    """Both, at a distance of √2 from the equilibrium in a direction drawn from torch's global random state."""
    angle = 2 * math.pi * float(torch.rand(()))
    return DiracGenerator(START * math.cos(angle)), DiracDiscriminator(START * math.sin(angle))
