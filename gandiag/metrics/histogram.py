"""The histogram of classes with intervals, and how far it is from the real one beside what chance alone would give."""

import math
from dataclasses import dataclass

import scipy
from torch import Tensor

from gandiag.errors import TooFewSamples
from gandiag.metrics.modes import kl_divergence

LEAST_EXPECTED = 5.0
"""Of samples in a class, for chi-squared to be near enough: Cochran's rule."""


@dataclass(frozen=True)
class ClassHistogram:
    """How often each class was seen.

    Attributes:
        counts: int64, with shape :math:`(K,)`.
        shares: float64 shares that sum to 1, with shape :math:`(K,)`.
        low: Lower ends of the shares' Wilson intervals.
        high: Their upper ends.
    """

    counts: Tensor
    shares: Tensor
    low: Tensor
    high: Tensor

    @property
    def total(self) -> int:
        """Number of samples."""
        return int(self.counts.sum())


@dataclass(frozen=True)
class HistogramDivergence:
    """How far a histogram is from the real one.

    Attributes:
        to_real: KL(fake ‖ real) in nats: large where the generator makes too much of something.
        from_real: KL(real ‖ fake) in nats: large where it makes too little, infinite where a class is absent.
        null_mean: Of ``to_real`` for a perfect generator at the same n, :math:`(K - 1) / 2n`.
        null_std: Its standard deviation, :math:`\\sqrt{(K - 1) / 2} / n`.
        p_value: Chance that a perfect generator is at least as far by ``to_real``.
    """

    to_real: float
    from_real: float
    null_mean: float
    null_std: float
    p_value: float


def class_histogram(classes: Tensor, class_count: int, confidence: float = 0.95) -> ClassHistogram:
    """Counts and shares of the classes, each share with its Wilson interval.

    Args:
        classes: Class of each sample, integers in [0, ``class_count``), with shape :math:`(n,)`.
        class_count: Number of classes :math:`K`.
        confidence: Of each interval by itself.

    Returns:
        Unbiased at every n ≥ 1; deterministic. The judge's own errors are in it: see :func:`count_modes`.

    Raises:
        TooFewSamples: If there is no sample.
        ValueError: If a class lies outside the range, or is no integer.

    Examples:
        >>> import torch
        >>> class_histogram(torch.tensor([0, 0, 2, 2]), 3).counts.tolist()
        [2, 0, 2]
    """
    if classes.ndim != 1 or classes.is_floating_point():
        raise ValueError(f"Classes are a vector of integers; got {classes.dtype} with shape {tuple(classes.shape)}.")
    if len(classes) == 0:
        raise TooFewSamples("A histogram needs at least one sample; got 0.")
    if int(classes.min()) < 0 or int(classes.max()) >= class_count:
        raise ValueError(f"Classes must lie in [0, {class_count}); got {int(classes.min())} to {int(classes.max())}.")
    counts = classes.cpu().bincount(minlength=class_count)
    low, high = wilson_interval(counts, len(classes), confidence)
    return ClassHistogram(counts, counts.double() / len(classes), low, high)


def wilson_interval(counts: Tensor, total: int, confidence: float = 0.95) -> tuple[Tensor, Tensor]:
    r"""Interval for a share from a count, good at 0 and at ``total`` too.

    .. math::
        \frac{1}{1 + z^2/n}
        \Big(\hat p + \frac{z^2}{2n} \pm z \sqrt{\frac{\hat p (1 - \hat p)}{n} + \frac{z^2}{4n^2}}\Big)

    Args:
        counts: Numbers of hits, with any shape.
        total: Number of trials :math:`n \ge 1`.
        confidence: In (0, 1).

    Returns:
        Lower and upper ends in [0, 1], float64, with the shape of ``counts``; symmetric under hits ↔ misses.

    Raises:
        TooFewSamples: If there was no trial.

    References:
        | Probable Inference, the Law of Succession, and Statistical Inference (Wilson, 1927)
        | https://doi.org/10.1080/01621459.1927.10502953

    Examples:
        >>> import torch
        >>> low, high = wilson_interval(torch.tensor([0, 4]), 4, confidence=0.9544997361036416)  # z = 2
        >>> [round(x, 6) for x in low.tolist() + high.tolist()]
        [0.0, 0.5, 0.5, 1.0]
    """
    if total < 1:
        raise TooFewSamples("A share needs at least one sample; got 0.")
    z = float(scipy.stats.norm.ppf(0.5 + confidence / 2))
    share = counts.double() / total
    middle = share + z**2 / (2 * total)
    reach = z * (share * (1 - share) / total + z**2 / (4 * total**2)).sqrt()
    shrink = 1 + z**2 / total
    # At 0 and 1 the ends meet the share exactly but for rounding.
    return ((middle - reach) / shrink).clamp(min=0).minimum(share), ((middle + reach) / shrink).clamp(max=1).maximum(
        share
    )


def histogram_divergence(histogram: ClassHistogram, real_shares: Tensor) -> HistogramDivergence:
    r"""KL divergence of the classes to the real ones both ways, with its null at the same sample size.

    A perfect generator's histogram is not the real one: :math:`2n\,\mathrm{KL}` follows :math:`\chi^2_{K-1}`, so that
    its KL has mean :math:`(K - 1) / 2n`. Classes that the real data lacks are left out of :math:`K`.

    Args:
        histogram: Of the generated samples.
        real_shares: With shape :math:`(K,)`, taken as exact: from many more samples than the histogram.

    Returns:
        Both at least 0, lower is better; neither is symmetric. Biased upwards by the null mean. Deterministic.

    Raises:
        TooFewSamples: If a class of the real data expects fewer than five samples, where the null does not hold.
        ValueError: If the numbers of classes differ, or the real shares are no distribution.

    References:
        | The Large-Sample Distribution of the Likelihood Ratio for Testing Composite Hypotheses (Wilks, 1938)
        | https://doi.org/10.1214/aoms/1177732360

    Examples:
        >>> import torch
        >>> even = class_histogram(torch.tensor([0, 1]).repeat(50), 2)
        >>> divergence = histogram_divergence(even, torch.tensor([0.5, 0.5]))
        >>> divergence.to_real, divergence.from_real, divergence.null_mean
        (0.0, 0.0, 0.005)
    """
    real = check_shares(real_shares, len(histogram.counts))
    total, present = histogram.total, real[real > 0]
    if total * float(present.min()) < LEAST_EXPECTED:
        raise TooFewSamples(
            f"The rarest of the real classes expects {total * float(present.min()):.1f} of {total} samples; its share "
            f"needs at least {math.ceil(LEAST_EXPECTED / float(present.min()))} samples to be compared."
        )
    degrees = len(present) - 1
    to_real = kl_divergence(histogram.shares, real)
    return HistogramDivergence(
        to_real=to_real,
        from_real=kl_divergence(real, histogram.shares),
        null_mean=degrees / (2 * total),
        null_std=math.sqrt(degrees / 2) / total,
        p_value=float(scipy.stats.chi2.sf(2 * total * to_real, degrees)) if degrees else float(to_real == 0),
    )


def check_shares(shares: Tensor, class_count: int) -> Tensor:
    """Shares as float64 on the CPU.

    Raises:
        ValueError: If they are not ``class_count`` numbers of at least 0 that sum to 1.
    """
    shares = shares.double().cpu()
    if shares.shape != (class_count,):
        raise ValueError(f"There are {class_count} classes, but real shares with shape {tuple(shares.shape)}.")
    if not bool((shares >= 0).all()) or abs(float(shares.sum()) - 1) > 1e-4:
        raise ValueError("The real shares must be numbers of at least 0 that sum to 1.")
    return shares / shares.sum()
