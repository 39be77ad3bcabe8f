"""Fully connected networks for points in the plane."""

import torch
from torch import Tensor, nn

NOISE_SIZE = 2
WIDTH = 64
ORTHOGONAL_GAIN = 1.4


def _activation(name: str) -> nn.Module:
    return {"relu": nn.ReLU(), "leaky_relu": nn.LeakyReLU(0.2), "sigmoid": nn.Sigmoid(), "tanh": nn.Tanh()}[name]


class PointGenerator(nn.Module):
    """Noise → 64 → … → 64 → point.

    Args:
        noise_size: Numbers in one noise vector.
        depth: Hidden layers.
        activation: ``relu``, ``leaky_relu``, ``sigmoid`` or ``tanh``.
        batch_norm: Put batch normalisation before each activation.
        offset: Where both coordinates of the samples lie at the start.
    """

    def __init__(
        self,
        *,
        noise_size: int = NOISE_SIZE,
        depth: int = 2,
        activation: str = "relu",
        batch_norm: bool = False,
        offset: float = 0.0,
    ) -> None:
        super().__init__()
        sizes = [noise_size] + [WIDTH] * (depth - 1)
        hidden = [layer for size in sizes for layer in _hidden(size, WIDTH, batch_norm, activation)]
        last = nn.Linear(WIDTH, 2)
        if offset:
            nn.init.constant_(last.bias, offset)
        self.layers = nn.Sequential(*hidden, last)

    def forward(self, noise: Tensor) -> Tensor:
        """Points :math:`(n, 2)` from noise :math:`(n, \\mathrm{noise\\_size})`."""
        points: Tensor = self.layers(noise)
        return points


class PointDiscriminator(nn.Module):
    """Point → hidden layers → logit.

    Args:
        width: Units of each hidden layer.
        depth: Hidden layers.
        activation: ``relu``, ``leaky_relu``, ``sigmoid`` or ``tanh``.
        batch_norm: Put batch normalisation before each activation.
    """

    def __init__(
        self, *, width: int = WIDTH, depth: int = 2, activation: str = "leaky_relu", batch_norm: bool = False
    ) -> None:
        super().__init__()
        sizes = [2] + [width] * (depth - 1)
        self.layers = nn.Sequential(
            *(layer for size in sizes for layer in _hidden(size, width, batch_norm, activation)), nn.Linear(width, 1)
        )

    def forward(self, points: Tensor) -> Tensor:
        """Logits :math:`(n, 1)` of points :math:`(n, 2)`."""
        logits: Tensor = self.layers(points)
        return logits


@torch.no_grad()
def orthogonal(module: nn.Module) -> nn.Module:
    """Orthogonal weights with gain 1.4 and zero biases, in place (Metz et al., 2017, Appendix A)."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            nn.init.orthogonal_(layer.weight, ORTHOGONAL_GAIN)
            nn.init.zeros_(layer.bias)
    return module


def _hidden(size_in: int, size_out: int, batch_norm: bool, activation: str) -> list[nn.Module]:
    normalisation = [nn.BatchNorm1d(size_out)] if batch_norm else []
    return [nn.Linear(size_in, size_out), *normalisation, _activation(activation)]
