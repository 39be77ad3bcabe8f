"""Mode counts corrected for the judge's own errors.

A judge that is right in 99 % of cases puts some samples into a class that is wholly missing, and the more samples it
sees, the surer. "At least one sample" therefore finds fewer missing classes the more is sampled. Here a class is
present only if it was seen more often than the judge's known errors explain.
"""

import math
from dataclasses import dataclass
from functools import reduce

import scipy
import torch
from torch import Tensor

from gandiag.errors import TooFewSamples
from gandiag.metrics.histogram import check_shares

LEAST_EXPECTED = 10.0
"""Of samples in the rarest real class: with fewer, a class that is there may well not be seen."""

CHANCE_OF_ERROR = 0.01
"""That any one missing class is called present."""

PRIOR = 0.5
DECONVOLUTION_STEPS = 200


@dataclass(frozen=True)
class JudgeErrors:
    """How a judge mistakes one class for another, and how well that is known.

    Attributes:
        rates: Chance of each call given the true class, rows sum to 1, with shape :math:`(K, K)`, float64.
        evidence: Mistakes behind each column's rates plus a prior, with shape :math:`(K,)`: the shape parameter of what
            is known about the rate.
    """

    rates: Tensor
    evidence: Tensor


@dataclass(frozen=True)
class ModeCount:
    """Which classes are there.

    Attributes:
        present: Classes seen more often than the judge's errors explain.
        missing: The other classes of the real data.
        shares: Shares of the classes with the judge's errors taken out, with shape :math:`(K,)`.
        expected_errors: Samples in each class that the judge's errors explain, with shape :math:`(K,)`.
    """

    present: tuple[int, ...]
    missing: tuple[int, ...]
    shares: Tensor
    expected_errors: Tensor

    @property
    def modes(self) -> int:
        """Number of classes present."""
        return len(self.present)


def judge_errors(confusion: Tensor) -> JudgeErrors:
    """Error rates from a confusion matrix of counts on held-out real samples: true class in rows, call in columns.

    Half a count is added to each kind of error: one that was not seen in a thousand samples may still happen.

    Raises:
        ValueError: If it is not square, has negative counts, or a class without samples.

    Examples:
        >>> errors = judge_errors(torch.tensor([[99, 0], [1, 99]]))
        >>> errors.evidence.tolist()
        [1.5, 0.5]
    """
    counts = confusion.double()
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f"A confusion matrix is square; got shape {tuple(counts.shape)}.")
    if not bool((counts >= 0).all()) or not bool((counts.sum(dim=1) > 0).all()):
        raise ValueError("A confusion matrix holds counts of at least 0, and at least one sample of each class.")
    wrong = 1 - torch.eye(len(counts), dtype=torch.float64)
    smoothed = counts + wrong * PRIOR / max(len(counts) - 1, 1)
    return JudgeErrors(smoothed / smoothed.sum(dim=1, keepdim=True), (counts * wrong).sum(dim=0) + PRIOR)


def stacked_errors(single: JudgeErrors, channels: int = 3) -> JudgeErrors:
    """Errors of a judge that is asked once for each channel: modes are tuples of classes, the first one slowest.

    Errors in different channels are taken as independent.

    Examples:
        >>> stacked_errors(judge_errors(torch.eye(2)), channels=3).rates.shape
        torch.Size([8, 8])
    """
    rates = reduce(torch.kron, [single.rates] * channels)
    evidence = torch.cartesian_prod(*[single.evidence] * channels).reshape(-1, channels)
    return JudgeErrors(rates.contiguous(), evidence.min(dim=1).values)


def corrected_shares(counts: Tensor, errors: JudgeErrors) -> Tensor:
    r"""Shares of the true classes that best explain how often each was called.

    The maximum-likelihood :math:`q \ge 0` of :math:`\mathrm{counts} \sim \mathrm{Multinomial}(n, A^T q)`, by 200 steps
    of expectation maximisation from the counts' own shares.

    Args:
        counts: Calls of each class, with shape :math:`(K,)`.
        errors: Of the judge; :math:`A` is its ``rates``.

    Returns:
        float64 shares that sum to 1, with shape :math:`(K,)`. Deterministic.

    References:
        | Bayesian-Based Iterative Method of Image Restoration (Richardson, 1972)
        | https://doi.org/10.1364/JOSA.62.000055

    Examples:
        >>> corrected_shares(torch.tensor([3, 1]), JudgeErrors(torch.eye(2).double(), torch.ones(2))).tolist()
        [0.75, 0.25]
    """
    observed = counts.double() / counts.sum()
    shares = observed.clone()
    for _ in range(DECONVOLUTION_STEPS):
        called = shares @ errors.rates
        shares = shares * (errors.rates @ torch.where(called > 0, observed / called, 0.0))
        shares = shares / shares.sum()
    return shares


def count_modes(counts: Tensor, real_shares: Tensor, errors: JudgeErrors) -> ModeCount:
    r"""Classes that are there, as against those that only the judge's errors fill.

    Were class c missing, its calls would be the errors of the others, :math:`n \sum_{c' \ne c} q_{c'} A_{c'c}` on
    average. The rates being known from finitely many errors, their number follows a negative binomial distribution;
    class c is present if its count would be reached with a chance below 1 %.

    Args:
        counts: Calls of each class, with shape :math:`(K,)`.
        real_shares: Of the classes in the real data, with shape :math:`(K,)`; classes of share 0 are not counted.
        errors: From :func:`judge_errors`, on held-out *real* samples. Generated ones are harder to judge: a missing
            class may still be called present where many samples look like nothing real.

    Returns:
        Higher is better, up to the number of real classes. Any share above the errors counts as present; see
        :class:`ClassHistogram` for how even the shares are. Deterministic.

    Raises:
        TooFewSamples: If the rarest real class expects fewer than ten samples.
        ValueError: If shapes differ.

    Note:
        The published rule for stacked MNIST, "at least one sample", is the one without the correction.

    Examples:
        >>> errors = judge_errors(torch.tensor([[98, 1, 1], [1, 98, 1], [1, 1, 98]]))
        >>> count_modes(torch.tensor([500, 500, 10]), torch.ones(3) / 3, errors).missing
        (2,)
    """
    real = check_shares(real_shares, len(errors.rates))
    if counts.shape != real.shape:
        raise ValueError(f"There are {len(real)} classes, but counts with shape {tuple(counts.shape)}.")
    total, rarest = int(counts.sum()), float(real[real > 0].min())
    if total * rarest < LEAST_EXPECTED:
        raise TooFewSamples(
            f"The rarest of the real classes expects {total * rarest:.1f} of {total} samples; counting modes needs at "
            f"least {math.ceil(LEAST_EXPECTED / rarest)} samples."
        )
    counts = counts.cpu()
    shares = corrected_shares(counts, errors)
    expected = total * (shares @ errors.rates - shares * errors.rates.diagonal())
    chance = scipy.stats.nbinom.sf(
        counts.numpy() - 1, errors.evidence.numpy(), (errors.evidence / (errors.evidence + expected)).numpy()
    )
    there = (torch.as_tensor(chance) < CHANCE_OF_ERROR) & (real > 0)
    present = there.nonzero().flatten().tolist()
    missing = (~there & (real > 0)).nonzero().flatten().tolist()
    return ModeCount(tuple(present), tuple(missing), shares, expected)
