"""Fully connected networks for points in the plane."""

from torch import Tensor, nn

NOISE_SIZE = 2
WIDTH = 64


class PointGenerator(nn.Module):
    """Noise 2 → 64 → 64 → point, ReLU between.

    Args:
        batch_norm: Put batch normalisation before each activation.
    """

    def __init__(self, *, batch_norm: bool = False) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *_hidden(NOISE_SIZE, batch_norm, nn.ReLU()), *_hidden(WIDTH, batch_norm, nn.ReLU()), nn.Linear(WIDTH, 2)
        )

    def forward(self, noise: Tensor) -> Tensor:
        """Points :math:`(n, 2)` from noise :math:`(n, 2)`."""
        points: Tensor = self.layers(noise)
        return points


class PointDiscriminator(nn.Module):
    """Point → 64 → 64 → logit, LeakyReLU 0.2 between.

    Args:
        batch_norm: Put batch normalisation before each activation.
    """

    def __init__(self, *, batch_norm: bool = False) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *_hidden(2, batch_norm, nn.LeakyReLU(0.2)),
            *_hidden(WIDTH, batch_norm, nn.LeakyReLU(0.2)),
            nn.Linear(WIDTH, 1),
        )

    def forward(self, points: Tensor) -> Tensor:
        """Logits :math:`(n, 1)` of points :math:`(n, 2)`."""
        logits: Tensor = self.layers(points)
        return logits


def _hidden(size_in: int, batch_norm: bool, activation: nn.Module) -> list[nn.Module]:
    return [nn.Linear(size_in, WIDTH), *([nn.BatchNorm1d(WIDTH)] if batch_norm else []), activation]
