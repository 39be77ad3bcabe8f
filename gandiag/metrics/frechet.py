"""The Fréchet distance between two sets of features, through torchmetrics."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gandiag.compatibility import check_matching_pair


@dataclass(frozen=True)
class FeatureStatistics:
    """First and second moments of a set of features, all that the Fréchet distance needs of it.

    Attributes:
        count: Number of samples.
        mean: float64, with shape :math:`(d,)`.
        covariance: float64, with shape :math:`(d, d)`, normalised by ``count − 1``.
    """

    count: int
    mean: Tensor
    covariance: Tensor


def feature_statistics(features: Tensor) -> FeatureStatistics:
    """Moments of features with shape :math:`(n, d)`, n ≥ 2, in float64."""
    features = features.double()
    return FeatureStatistics(len(features), features.mean(dim=0), features.T.cov())


class _PassThrough(nn.Module):
    """Hands features to torchmetrics as they are."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward(self, features: Tensor) -> Tensor:
        return features


def frechet_distance(real: FeatureStatistics, fake: Tensor) -> float:
    r"""Fréchet distance between Gaussians fitted to real and to generated features.

    .. math:: |\mu_r - \mu_f|^2 + \mathrm{Tr}(C_r + C_f - 2 (C_r C_f)^{1/2})

    Args:
        real: Moments of the real features.
        fake: Generated features, with shape :math:`(n, d)`, n ≥ 2.

    Returns:
        At least 0 up to rounding, lower is better, symmetric. Biased upwards by about c / n with a constant that
        depends on the generator: compare values at the same n and in the same feature space only.

    Raises:
        ValueError: If there are fewer than two samples, or a feature is not finite.

    References:
        | GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium (Heusel et al., 2017), Eq. 6
        | https://arxiv.org/abs/1706.08500
    """
    if len(fake) < 2:
        raise ValueError(f"A covariance needs at least two samples; got {len(fake)}.")
    if not bool(torch.isfinite(fake).all()):
        raise ValueError("The generated features are not finite; a Fréchet distance to them does not exist.")
    check_matching_pair()
    from torchmetrics.image.fid import FrechetInceptionDistance

    # Centred on the real mean: torchmetrics sums raw second moments, which cancel badly far from the origin.
    centred = fake.double() - real.mean.to(fake.device)
    metric = FrechetInceptionDistance(feature=_PassThrough(centred.shape[1])).set_dtype(torch.float64).to(fake.device)
    metric.update(centred, real=False)
    metric.real_features_sum = torch.zeros_like(real.mean, device=fake.device)
    metric.real_features_cov_sum = real.covariance.to(fake.device) * (real.count - 1)
    metric.real_features_num_samples = torch.tensor(real.count, device=fake.device)
    return float(metric.compute())
