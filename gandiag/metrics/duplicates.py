"""Which samples repeat each other, and how many different ones there can be."""

import math
from dataclasses import dataclass

import numpy as np
import scipy
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from gandiag.errors import TooFewSamples
from gandiag.metrics.features import checked_features
from gandiag.metrics.neighbours import nearest_neighbours
from gandiag.metrics.tiles import Floats, Indices, Points, common_centre, tiles

LEAST_REALS = 1000
"""Of a threshold at the 0.1 % quantile, which a smaller sample does not reach."""

LEAST_FAKES = 64
"""At which a support of 1,000 images, or a handful of prototypes a class, shows."""


@dataclass(frozen=True)
class Duplicates:
    """Samples nearer to each other than different real samples are.

    Attributes:
        rate: Share of samples with another one within the threshold. In [0, 1], lower is better.
        pairs: Number of pairs within the threshold.
        groups: Which group each sample belongs to, with shape :math:`(n,)`: chains of pairs within the threshold
            share a number, counted from 0; a sample without a duplicate has a number of its own.
        nearest: Index of the nearest other sample of each, with shape :math:`(n,)`.
        threshold: Largest distance of a duplicate.
    """

    rate: float
    pairs: int
    groups: Tensor
    nearest: Tensor
    threshold: float

    def repeated(self) -> list[Tensor]:
        """Indices of the samples of each group with at least two of them, largest group first."""
        counts = self.groups.bincount()
        order = counts.argsort(descending=True, stable=True)
        return [(self.groups == group).nonzero().flatten() for group in order[counts[order] > 1]]


def duplicate_threshold(real: Tensor, *, quantile: float = 0.001) -> float:
    """Distance below which hardly any real sample has another: a quantile of the reals' nearest-neighbour distances.

    Args:
        real: Features with shape :math:`(n, d)`, n ≥ 1 / ``quantile``. With as many as there are fakes, a perfect
            generator's duplicate rate is ``quantile`` on average; with more reals it is lower, as theirs are nearer.
        quantile: In (0, 1).

    Returns:
        At least 0; 0 where the real data repeats itself. Draws no random number.

    Raises:
        TooFewSamples: If n < 1 / ``quantile``: 1,000 by default.
        ValueError: If ``quantile`` is out of range or a feature is not finite.

    Examples:
        >>> duplicate_threshold(torch.tensor([[0.0], [1.0], [3.0], [9.0]]), quantile=0.5)
        1.5
    """
    if not 0 < quantile < 1:
        raise ValueError(f"The quantile must be in (0, 1); got {quantile}.")
    real = checked_features("real", real, max(2, math.ceil(round(1 / quantile, 6))))
    return float(np.quantile(nearest_neighbours(real).distances.numpy(), quantile))


def duplicates(fake: Tensor, threshold: float) -> Duplicates:
    r"""Near-duplicates among samples.

    .. math:: \text{rate} = \frac1n \#\{i : \min_{j \ne i} |y_i - y_j| \le t\}

    Args:
        fake: Features with shape :math:`(n, d)`, n ≥ 64.
        threshold: :math:`t \ge 0`, such as ``duplicate_threshold`` gives.

    Returns:
        The rate grows with n for any finite support: compare at the same n. A perfect generator has at most
        ``quantile`` on average if there are at least as many reals behind the threshold as fakes. Alone among the
        metrics it sees a collapse within classes and a small support from n = 64 on. In float64: identical samples are
        at distance 0, which a distance by matrix product misses for a third of them. Draws no random number.

    Raises:
        TooFewSamples: If there are fewer than 64 samples.
        ValueError: If the threshold is negative or not finite, or a feature is not finite.

    Examples:
        >>> result = duplicates(torch.cat([torch.arange(62.0), torch.tensor([5.0, 5.0])])[:, None], 0.5)
        >>> result.rate, result.pairs, result.repeated()[0].tolist()
        (0.046875, 3, [5, 62, 63])
    """
    if not 0 <= threshold < math.inf:
        raise ValueError(f"The threshold must be a distance; got {threshold}.")
    fake = checked_features("fake", fake, LEAST_FAKES)
    near = nearest_neighbours(fake)
    count, groups = _linked(fake, np.full(len(fake), threshold**2))
    sizes = np.bincount(groups)
    return Duplicates(
        rate=float((sizes[groups] > 1).mean()),
        pairs=count,
        groups=torch.from_numpy(groups),
        nearest=near.indices[:, 0],
        threshold=threshold,
    )


@dataclass(frozen=True)
class SupportEstimate:
    """How many different samples a generator has.

    Attributes:
        size: Estimate; infinite where no pair collided.
        low: Lower end of the 95 % interval, always finite.
        high: Upper end; infinite where fewer than one collision cannot be told from none.
    """

    size: float
    low: float
    high: float


def support_size(samples: int, pairs: int, *, confidence: float = 0.95) -> SupportEstimate:
    r"""Birthday-paradox estimate of a generator's support.

    .. math:: \hat N = \frac{n (n - 1)}{2 c}

    Of n samples, c pairs are the same. :math:`\hat N` estimates :math:`1 / \sum_i p_i^2`, the number of different
    samples if all are equally likely and fewer than there are if not.

    Args:
        samples: n, at least 64.
        pairs: c, such as ``Duplicates.pairs``, in [0, n (n − 1) / 2].
        confidence: Of the interval, from a Poisson count of pairs; too narrow where a few samples make most pairs.

    Returns:
        At least 1. n samples say little beyond n² / 6: with no collision that is the lower end. Not random itself.

    Raises:
        TooFewSamples: If n < 64.
        ValueError: If c is out of range.

    References:
        | Do GANs Actually Learn the Distribution? An Empirical Study (Arora & Zhang, 2017)
        | https://arxiv.org/abs/1706.08224

    Examples:
        >>> support_size(100, 99).size
        50.0
    """
    if samples < LEAST_FAKES:
        raise TooFewSamples(f"A support is estimated from at least {LEAST_FAKES} samples; got {samples}.")
    possible = samples * (samples - 1) / 2
    if not 0 <= pairs <= possible:
        raise ValueError(f"Of {samples} samples at most {possible:.0f} pairs can be the same; got {pairs}.")
    tail = (1 - confidence) / 2
    most = float(scipy.stats.chi2.ppf(1 - tail, 2 * pairs + 2)) / 2
    least = float(scipy.stats.chi2.ppf(tail, 2 * pairs)) / 2 if pairs else 0.0
    size, high = (possible / count if count else math.inf for count in (float(pairs), least))
    return SupportEstimate(size, max(1.0, possible / most), high)


def _linked(points: Tensor, limits: Floats) -> tuple[int, Indices]:
    """Number of pairs within the limits, and the group of each point."""
    own = Points(points, common_centre(points, points))
    groups, count = np.arange(len(points)), 0
    for tile in tiles(own, own, upper=True):
        rows, columns = tile.pairs_within(limits, by_row=True, strict=False)
        later = rows < columns
        rows, columns = rows[later], columns[later]
        count += len(rows)
        if len(rows):
            # Groups found so far are points from here on, so that a tile's pairs need not be kept.
            links = coo_array((np.ones(len(rows)), (groups[rows], groups[columns])), shape=(len(points),) * 2)
            groups = connected_components(links, directed=False)[1][groups]
    return count, np.unique(groups, return_inverse=True)[1].astype(np.int64)
