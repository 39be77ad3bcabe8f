"""Precision, recall, density and coverage: which samples lie among those of the other kind, by nearest neighbours."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gandiag.metrics.features import checked_features, checked_pair
from gandiag.metrics.neighbours import squared_radii
from gandiag.metrics.tiles import Floats, Points, common_centre, tiles

LEAST_SAMPLES_OVER_K = 2
"""Samples of each kind beyond k: with k + 1, every ball reaches the farthest sample of its own kind."""


@dataclass(frozen=True)
class RealManifold:
    """The balls around the real features, found once and used for every set of fakes.

    Attributes:
        features: With shape :math:`(n, d)`.
        squared_radii: Squared distance of each to its k-th nearest other real sample, float64, with shape :math:`(n,)`.
        k: Which neighbour it is.
    """

    features: Tensor
    squared_radii: Tensor
    k: int

    @property
    def radii(self) -> Tensor:
        """Distance of each to its k-th nearest other real sample, float64, with shape :math:`(n,)`."""
        return self.squared_radii.sqrt()


@dataclass(frozen=True)
class PRDC:
    """Improved precision and recall, density and coverage, and which samples they come from.

    Attributes:
        precision: Share of fakes inside a real ball. In [0, 1], higher is better: quality.
        recall: Share of reals inside a fake ball. In [0, 1], higher is better: diversity.
        density: Mean number of real balls around a fake, over k. At least 0; 1 expected of a perfect generator.
        coverage: Share of real balls with a fake inside. In [0, 1], higher is better: diversity.
        balls_around_fake: Number of real balls around each fake, with shape :math:`(m,)`; 0 is a fake that falls
            outside.
        fakes_in_ball: Number of fakes inside each real ball, with shape :math:`(n,)`; 0 is an uncovered real sample.
        recalled: Whether each real sample is inside a fake ball, with shape :math:`(n,)`.
        expected_coverage: Coverage that a perfect generator has on average with as many samples.
    """

    precision: float
    recall: float
    density: float
    coverage: float
    balls_around_fake: Tensor
    fakes_in_ball: Tensor
    recalled: Tensor
    expected_coverage: float

    @property
    def outside(self) -> Tensor:
        """Indices of the fakes in no real ball."""
        return (self.balls_around_fake == 0).nonzero().flatten()

    @property
    def uncovered(self) -> Tensor:
        """Indices of the real samples in whose ball there is no fake."""
        return (self.fakes_in_ball == 0).nonzero().flatten()


def real_manifold(real: Tensor, *, k: int = 5) -> RealManifold:
    """The real side of ``prdc``.

    Args:
        real: Features with shape :math:`(n, d)`, n ≥ k + 2.
        k: Which neighbour's distance is a ball's radius, at least 1.

    Raises:
        TooFewSamples: If n < k + 2.
        ValueError: If k < 1 or a feature is not finite.

    Examples:
        >>> real_manifold(torch.tensor([[0.0], [1.0], [3.0]]), k=1).radii.tolist()
        [1.0, 1.0, 2.0]
    """
    real = checked_features("real", real, _least(k))
    return RealManifold(real, squared_radii(real, k), k)


def prdc(real: Tensor | RealManifold, fake: Tensor, *, k: int = 5, strict: bool = False) -> PRDC:
    r"""Improved precision and recall, density and coverage.

    With :math:`B(x_i)` the ball around a real sample that reaches to its k-th nearest other real sample, and
    :math:`B(y_j)` likewise around a fake:

    .. math::
        \text{precision} = \frac1m \sum_j 1[y_j \in \cup_i B(x_i)], \quad
        \text{recall} = \frac1n \sum_i 1[x_i \in \cup_j B(y_j)],

        \text{density} = \frac1{km} \sum_{ij} 1[y_j \in B(x_i)], \quad
        \text{coverage} = \frac1n \sum_i 1[\exists j: y_j \in B(x_i)]

    Args:
        real: Features with shape :math:`(n, d)`, n ≥ k + 2, or their balls from ``real_manifold``.
        fake: Generated features, with shape :math:`(m, d)`, m ≥ k + 2.
        k: Which neighbour's distance is a radius; that of the balls, where they are given.
        strict: Leave a ball's surface out. The authors' package does, and gives two sets of one repeated sample 0
            throughout; with the surface, they get 1.

    Returns:
        Not symmetric: with the roles exchanged precision and recall change places, density and coverage do not.
        A perfect generator has density 1 and coverage ``expected_coverage`` on average; its precision and recall depend
        on the data (about 0.6 for a Gaussian with d = 512), so put ``split_null`` beside them. At high dimension a
        spread that is 10 % too small has recall near 0 and coverage 1: read them together and keep d ≤ 128. One per
        cent of outliers among the fakes can bring recall from 0 to 1. Means something from about 256 fakes and 2,000
        reals on.

    Raises:
        TooFewSamples: If there are fewer than k + 2 samples of a kind.
        ValueError: If k < 1, a feature is not finite, or the dimensions differ.

    Note:
        Results are those of float64 arithmetic; extra memory does not grow with n × m. Draws no random number. With
        ``strict``, equal to the package prdc, up to its own rounding; k = 3 and the surface in is the original
        definition of precision and recall.

    References:
        | Improved Precision and Recall Metric for Assessing Generative Models (Kynkäänniemi et al., 2019), Eqs. 1–2
        | https://arxiv.org/abs/1904.06991
        | Reliable Fidelity and Diversity Metrics for Generative Models (Naeem et al., 2020), §3.1 and §3.2
        | https://arxiv.org/abs/2002.09797

    Examples:
        >>> real = torch.tensor([[0.0], [1.0], [2.0], [10.0], [11.0], [12.0]])
        >>> fake = torch.tensor([[0.0], [1.0], [2.0]])
        >>> result = prdc(real, fake, k=1)
        >>> result.precision, result.recall, result.coverage, result.uncovered.tolist()
        (1.0, 0.5, 0.5, [3, 4, 5])
    """
    balls = real if isinstance(real, RealManifold) else real_manifold(real, k=k)
    real, fake = checked_pair(balls.features, fake, 1, _least(balls.k))
    centre = common_centre(real, fake)
    limits = balls.squared_radii.numpy(), squared_radii(fake, balls.k).numpy()
    around, inside, recalled = _counts(Points(real, centre), Points(fake, centre), *limits, strict)
    return PRDC(
        precision=float((around > 0).mean()),
        recall=float(recalled.mean()),
        density=float(around.mean()) / balls.k,
        coverage=float((inside > 0).mean()),
        balls_around_fake=torch.from_numpy(around),
        fakes_in_ball=torch.from_numpy(inside),
        recalled=torch.from_numpy(recalled),
        expected_coverage=expected_coverage(len(real), len(fake), k=balls.k),
    )


def expected_coverage(real_count: int, fake_count: int, *, k: int = 5) -> float:
    r"""Coverage of a perfect generator, on average.

    .. math:: 1 - \prod_{i=1}^{k} \frac{n - i}{m + n - i}

    No fake is among the k nearest of the other n − 1 reals and m fakes; all orders are equally likely, whatever the
    distribution, as long as it is continuous.

    Args:
        real_count: n, more than k.
        fake_count: m.
        k: Which neighbour's distance is a radius.

    Raises:
        ValueError: If n ≤ k or k < 1.

    References:
        | Reliable Fidelity and Diversity Metrics for Generative Models (Naeem et al., 2020), Lemma 2
        | https://arxiv.org/abs/2002.09797

    Examples:
        >>> expected_coverage(2, 1, k=1)
        0.5
    """
    if not 1 <= k < real_count:
        raise ValueError(f"k must be in [1, {real_count}) for {real_count} real samples; got {k}.")
    return 1 - math.prod((real_count - i) / (fake_count + real_count - i) for i in range(1, k + 1))


def _least(k: int) -> int:
    if k < 1:
        raise ValueError(f"k must be at least 1; got {k}.")
    return k + LEAST_SAMPLES_OVER_K


def _counts(
    real: Points, fake: Points, real_limits: Floats, fake_limits: Floats, strict: bool
) -> tuple[Floats, Floats, Floats]:
    """Real balls around each fake, fakes in each real ball, and whether a real is in a fake ball; one pass."""
    around, inside, recalled = np.zeros(len(fake)), np.zeros(len(real)), np.zeros(len(real), dtype=bool)
    for tile in tiles(real, fake):
        rows, columns = tile.pairs_within(real_limits, by_row=True, strict=strict)
        inside += np.bincount(rows, minlength=len(real))
        around += np.bincount(columns, minlength=len(fake))
        recalled[tile.pairs_within(fake_limits, by_row=False, strict=strict)[0]] = True
    return around, inside, recalled
