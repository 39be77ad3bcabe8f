"""Bins of the real data by k-means, for data without classes: how many bins differ, and how far."""

import math
import warnings
from dataclasses import dataclass

import scipy
import torch
from torch import Tensor

from gandiag.errors import TooFewSamples
from gandiag.metrics.features import double

LEAST_SAMPLES_PER_BIN = 5
SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class Bins:
    """A partition of feature space by its nearest centre.

    Attributes:
        centers: With shape :math:`(K, d)`, float64.
        counts: Real samples in each bin, with shape :math:`(K,)`.
    """

    centers: Tensor
    counts: Tensor


@dataclass(frozen=True)
class BinDifference:
    """How generated samples fall into the bins of the real ones.

    Attributes:
        different_share: NDB / K: share of bins whose proportion differs at the 5 % level.
        different_null: What a perfect generator has: 0.05, not 0.
        js: Jensen–Shannon divergence of the proportions, in nats.
        js_null: Its mean for a perfect generator at the same sizes.
        missing: Bins that differ and hold too few samples, the emptiest first.
        crowded: Bins that differ and hold too many, the fullest first.
    """

    different_share: float
    different_null: float
    js: float
    js_null: float
    missing: tuple[int, ...]
    crowded: tuple[int, ...]


def fit_bins(real: Tensor, bin_count: int = 100, seed: int = 0) -> Bins:
    """k-means on real features with shape :math:`(n, d)`; ``seed`` fixes where it starts.

    Raises:
        TooFewSamples: If there are fewer than five samples for each bin.
        ValueError: If features are not finite.

    Examples:
        >>> fit_bins(torch.tensor([[0.0], [1.0], [10.0], [11.0]]).repeat(5, 1), bin_count=2).counts.tolist()
        [10, 10]
    """
    _check(real)
    if len(real) < LEAST_SAMPLES_PER_BIN * bin_count:
        raise TooFewSamples(f"{bin_count} bins need {LEAST_SAMPLES_PER_BIN * bin_count} samples; got {len(real)}.")
    from sklearn.cluster import KMeans  # seconds of every start otherwise
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of fewer different points than bins: some stay empty
        fitted = KMeans(bin_count, n_init=1, random_state=seed).fit(double(real).cpu().numpy())
    counts = torch.from_numpy(fitted.labels_).long().bincount(minlength=bin_count)
    return Bins(torch.from_numpy(fitted.cluster_centers_).double(), counts)


def bin_difference(bins: Bins, fake: Tensor) -> BinDifference:
    r"""Number of statistically different bins (NDB) and the Jensen–Shannon divergence of the bins' proportions.

    A bin with proportions p of n real and q of m generated samples differs if
    :math:`|p - q| / \sqrt{P (1 - P)(1/n + 1/m)}` is above 1.96, with P the pooled proportion.

    Args:
        bins: Of the real features.
        fake: Generated features, with shape :math:`(m, d)`.

    Returns:
        ``different_share`` in [0, 1] and ``js`` in [0, ln 2], lower is better, both symmetric in the proportions. JS is
        biased upwards by about :math:`(K - 1)(1/n + 1/m)/8`, given as ``js_null``, and has more power than the bins'
        number. Blind to what happens within a bin. Deterministic once the bins are.

    Raises:
        TooFewSamples: If there are fewer than five samples for each bin.
        ValueError: If features are not finite or have another size.

    Note:
        The reference code does not run on scikit-learn ≥ 1.0; features are used as they are, without its whitening.

    References:
        | On GANs and GMMs (Richardson and Weiss, 2018), Section 3
        | https://arxiv.org/abs/1805.12462

    Examples:
        >>> real = torch.tensor([[0.0], [1.0], [10.0], [11.0]]).repeat(50, 1)
        >>> bins = fit_bins(real, bin_count=2)
        >>> one_point = real[:1].repeat(50, 1)
        >>> bin_difference(bins, real).different_share, bin_difference(bins, one_point).different_share
        (0.0, 1.0)
    """
    _check(fake)
    if fake.shape[1] != bins.centers.shape[1]:
        raise ValueError(f"The bins are of {bins.centers.shape[1]} features; got {fake.shape[1]}.")
    k = len(bins.counts)
    if len(fake) < LEAST_SAMPLES_PER_BIN * k:
        raise TooFewSamples(f"{k} bins need {LEAST_SAMPLES_PER_BIN * k} samples; got {len(fake)}.")
    counts = torch.cdist(double(fake).cpu(), bins.centers).argmin(dim=1).bincount(minlength=k)
    n, m = int(bins.counts.sum()), len(fake)
    p, q = bins.counts / n, counts / m
    p, q = p.double(), q.double()
    pooled = (bins.counts + counts).double() / (n + m)
    z = (q - p) / (pooled * (1 - pooled) * (1 / n + 1 / m)).sqrt().clamp(min=1e-300)
    differs = z.abs() > float(scipy.stats.norm.ppf(1 - SIGNIFICANCE / 2))
    order = z.argsort().tolist()
    return BinDifference(
        different_share=float(differs.double().mean()),
        different_null=SIGNIFICANCE,
        js=_jensen_shannon(p, q),
        js_null=(k - 1) * (1 / n + 1 / m) / 8,
        missing=tuple(i for i in order if differs[i] and z[i] < 0),
        crowded=tuple(i for i in reversed(order) if differs[i] and z[i] > 0),
    )


def _jensen_shannon(p: Tensor, q: Tensor) -> float:
    entropies = [float(torch.special.entr(shares).sum()) for shares in ((p + q) / 2, p, q)]
    return min(max(entropies[0] - (entropies[1] + entropies[2]) / 2, 0.0), math.log(2))


def _check(features: Tensor) -> None:
    if features.ndim != 2:
        raise ValueError(f"Features have shape (n, d); got {tuple(features.shape)}.")
    if not bool(torch.isfinite(features).all()):
        raise ValueError("The features hold NaN or infinite values.")
