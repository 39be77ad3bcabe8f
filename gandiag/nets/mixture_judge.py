"""The judge of points: for a known mixture, it knows the truth."""

import torch
from torch import Tensor, nn

from gandiag.data.mixtures import Mixture
from gandiag.metrics.features import double

HIGH_QUALITY_DISTANCE = 3.0


class MixtureJudge(nn.Module):
    """Classifies points by the posterior of the mixture that the real data comes from.

    A point is of high quality if it lies within 3 standard deviations of its nearest mode; of perfect samples in the
    plane, 1 − exp(−9/2) = 98.9 % do.

    References:
        | VEEGAN: Reducing Mode Collapse in GANs using Implicit Variational Learning (Srivastava et al., 2017), Sec. 5
        | https://arxiv.org/abs/1705.07761
    """

    centers: Tensor

    def __init__(self, mixture: Mixture) -> None:
        super().__init__()
        self.register_buffer("centers", mixture.centers.clone())
        self.std = mixture.std

    def features(self, points: Tensor) -> Tensor:
        """The points themselves, with shape :math:`(n, 2)`."""
        return points

    def forward(self, points: Tensor) -> Tensor:
        """Log-posteriors of the modes up to a constant, with shape :math:`(n, k)`, of points :math:`(n, 2)`."""
        return -0.5 * (self._distances(points) / self.std).square()

    def high_quality_share(self, points: Tensor) -> float:
        """Share of the points within 3 standard deviations of their nearest mode."""
        nearest = self._distances(points).min(dim=1).values
        return float(double(nearest < HIGH_QUALITY_DISTANCE * self.std).mean())

    def _distances(self, points: Tensor) -> Tensor:
        return torch.cdist(points, self.centers, compute_mode="donot_use_mm_for_euclid_dist")
