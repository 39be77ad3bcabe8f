"""Kernel distances: the squared maximum mean discrepancy over all pairs, with its standard error."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gandiag.metrics.features import checked_features, checked_pair, double, for_products

LEAST_SAMPLES = 20
"""Of each kind: the standard error is itself an estimate, and useless from fewer."""

BANDWIDTH_SAMPLES = 1000
"""Real samples, evenly spaced, between which the median distance is taken."""

BLOCK = 1024


@dataclass(frozen=True)
class Polynomial:
    r"""The kernel :math:`(x \cdot y / d + 1)^3`, less 1, which cancels in the discrepancy, but not in its rounding."""

    def between(self, first: Tensor, second: Tensor) -> Tensor:
        product = first @ (second / first.shape[1]).T
        return (product + 3).mul_(product).add_(3).mul_(product)


@dataclass(frozen=True)
class Gaussian:
    r"""The kernel :math:`\exp(-|x - y|^2 / 2 \sigma^2)`.

    Attributes:
        bandwidth: :math:`\sigma`, in the features' own units.
        centre: Subtracted from all features, which changes their rounding alone; with shape :math:`(d,)`.
    """

    bandwidth: float
    centre: Tensor

    def between(self, first: Tensor, second: Tensor) -> Tensor:
        scale = 1 / (math.sqrt(2) * self.bandwidth)
        first, second = (first - self.centre) * scale, (second - self.centre) * scale
        lengths = first.square().sum(dim=1, keepdim=True) + second.square().sum(dim=1)
        return torch.addmm(lengths, first, second.T, beta=-1, alpha=2).clamp_(max=0).exp_()


@dataclass(frozen=True)
class KernelReference:
    """The real side of a kernel distance, a third of its work: computed once, used for every set of fakes.

    Attributes:
        features: Real features, with shape :math:`(m, d)`.
        kernel: What they are compared by.
        row_sums: Sum of each sample's kernel with all others, float64, with shape :math:`(m,)`.
        square_sum: Sum of the squares of all kernels between different samples.
    """

    features: Tensor
    kernel: Polynomial | Gaussian
    row_sums: Tensor
    square_sum: float


@dataclass(frozen=True)
class KernelDistance:
    """A squared maximum mean discrepancy.

    Attributes:
        value: Unbiased estimate; it may be negative.
        standard_error: Its standard deviation over draws of both samples, estimated from the same pairs.
    """

    value: float
    standard_error: float


def polynomial_reference(real: Tensor) -> KernelReference:
    """The real side of ``kernel_inception_distance``, for features with shape :math:`(m, d)`, m ≥ 20.

    Raises:
        TooFewSamples: If there are fewer than 20 samples.
        ValueError: If a feature is not finite.

    Examples:
        >>> reference = polynomial_reference(torch.ones(20, 1))
        >>> reference.row_sums[0]  # 19 others at (1 + 1)³, less the 1 that cancels
        tensor(133., dtype=torch.float64)
    """
    return _reference(for_products(checked_features("real", real, LEAST_SAMPLES)), Polynomial())


def gaussian_reference(real: Tensor, *, bandwidth: float | None = None) -> KernelReference:
    """The real side of ``maximum_mean_discrepancy``, for features with shape :math:`(m, d)`, m ≥ 20.

    Args:
        real: Real features.
        bandwidth: Of the kernel; by default the median distance between 1,000 evenly spaced real samples.

    Raises:
        TooFewSamples: If there are fewer than 20 samples.
        ValueError: If a feature is not finite, or the bandwidth is not positive, as where most samples are the same.

    Examples:
        >>> gaussian_reference(torch.tensor([[0.0], [6.0]]).repeat(10, 1)).kernel.bandwidth  # over half of the pairs
        6.0
    """
    real = for_products(checked_features("real", real, LEAST_SAMPLES))
    if bandwidth is None:
        chosen = double(real[:: math.ceil(len(real) / BANDWIDTH_SAMPLES)])
        bandwidth = float(torch.nn.functional.pdist(chosen).median())
    if not 0 < bandwidth < math.inf:
        raise ValueError(f"The bandwidth must be positive; got {bandwidth}.")
    centre = double(real).mean(dim=0).to(real.dtype).to(real.device)
    return _reference(real, Gaussian(bandwidth, centre))


def kernel_inception_distance(real: Tensor | KernelReference, fake: Tensor) -> KernelDistance:
    r"""KID: squared maximum mean discrepancy with the kernel :math:`k(x, y) = (x \cdot y / d + 1)^3`.

    .. math::
        \frac{1}{m (m - 1)} \sum_{i \ne j} k(x_i, x_j) + \frac{1}{n (n - 1)} \sum_{i \ne j} k(y_i, y_j)
        - \frac{2}{m n} \sum_{ij} k(x_i, y_j)

    Args:
        real: Features with shape :math:`(m, d)`, m ≥ 20, of Inception or of anything else; or ``polynomial_reference``
            of them.
        fake: Generated features, with shape :math:`(n, d)`, n ≥ 20.

    Returns:
        Lower is better; 0 on average for a perfect generator at every n, and below 0 half of the time. Symmetric.
        Its spread at n = 256 hides what other metrics see: for reports at n ≥ 1,000, with its standard error.

        The standard error is that of the statistic itself, for new draws of reals and fakes, from its Hoeffding
        decomposition: first-order terms, and the second-order ones that remain where the distributions are equal.

    Raises:
        TooFewSamples: If there are fewer than 20 samples of a kind.
        ValueError: If a feature is not finite, or the dimensions differ.

    Note:
        All pairs, hence no seed. torchmetrics and torch-fidelity average over 100 random subsets of 1,000, whose
        standard deviation is no standard error. Kernels in the features' precision, sums in float64. Not shift
        invariant; rotations change nothing.

    References:
        | Demystifying MMD GANs (Bińkowski et al., 2018), §4
        | https://arxiv.org/abs/1801.01401

    Examples:
        >>> one, other = torch.zeros(20, 1), torch.ones(20, 1)
        >>> kernel_inception_distance(one, other)  # 1 + 8 − 2
        KernelDistance(value=7.0, standard_error=0.0)
    """
    return _distance(real if isinstance(real, KernelReference) else polynomial_reference(real), fake)


def maximum_mean_discrepancy(
    real: Tensor | KernelReference, fake: Tensor, *, bandwidth: float | None = None
) -> KernelDistance:
    r"""Squared maximum mean discrepancy with the kernel :math:`\exp(-|x - y|^2 / 2 \sigma^2)`, unbiased.

    The formula is that of ``kernel_inception_distance``.

    Args:
        real: Features with shape :math:`(m, d)`, m ≥ 20, or ``gaussian_reference`` of them.
        fake: Generated features, with shape :math:`(n, d)`, n ≥ 20.
        bandwidth: :math:`\sigma`; by default the median distance between real samples. That of the reference, where
            it is given.

    Returns:
        At most 2, lower is better; 0 on average for a perfect generator at every n, and below 0 half of the time.
        Symmetric for a given bandwidth. Shifts and rotations change nothing, nor does a common scale by default.
        Draws no random number.

    Raises:
        TooFewSamples: If there are fewer than 20 samples of a kind.
        ValueError: If a feature is not finite, the dimensions differ, or the bandwidth is not positive.

    References:
        | A Kernel Two-Sample Test (Gretton et al., 2012), Lemma 6
        | https://jmlr.org/papers/v13/gretton12a.html

    Examples:
        >>> one, other = torch.zeros(20, 1), torch.full((20, 1), 100.0)
        >>> maximum_mean_discrepancy(one, other, bandwidth=1.0)  # 1 + 1 − 0
        KernelDistance(value=2.0, standard_error=0.0)
    """
    return _distance(real if isinstance(real, KernelReference) else gaussian_reference(real, bandwidth=bandwidth), fake)


@dataclass(frozen=True)
class _Sums:
    """Of a kernel matrix: over each row, over each column, and of all squares."""

    rows: Tensor
    columns: Tensor
    squares: float


def _reference(real: Tensor, kernel: Polynomial | Gaussian) -> KernelReference:
    sums = _own_sums(real, kernel)
    return KernelReference(real, kernel, sums.rows, sums.squares)


def _distance(real: KernelReference, fake: Tensor) -> KernelDistance:
    first, fake = checked_pair(real.features, fake, LEAST_SAMPLES, LEAST_SAMPLES)
    fake = fake.to(first)
    own, cross, m, n = _own_sums(fake, real.kernel), _cross_sums(first, fake, real.kernel), len(first), len(fake)
    between_reals, between_fakes = real.row_sums / (m - 1), own.rows / (n - 1)
    value = between_reals.mean() + between_fakes.mean() - 2 * cross.rows.mean() / n
    rest_reals = _own_rest(real.row_sums, real.square_sum)
    rest_fakes = _own_rest(own.rows, own.squares)
    rest_cross = _cross_rest(cross)
    from_reals = float((between_reals - cross.rows / n).var()) - rest_reals / (m - 1) - rest_cross / n
    from_fakes = float((between_fakes - cross.columns / m).var()) - rest_fakes / (n - 1) - rest_cross / m
    first_order = 4 * from_reals / m + 4 * from_fakes / n
    second_order = 2 * rest_reals / (m * (m - 1)) + 2 * rest_fakes / (n * (n - 1)) + 4 * rest_cross / (m * n)
    # Unbiased, and by chance negative where the distributions are equal: the second order alone is left there.
    variance = max(first_order + second_order, second_order / 2)
    return KernelDistance(float(value), math.sqrt(variance))


def _own_rest(rows: Tensor, squares: float) -> float:
    """Variance of a kernel between two samples of a kind that neither of them explains alone."""
    n = len(rows)
    mean_square = squares / (n * (n - 1))
    explained = (float(rows.square().sum()) - squares) / (n * (n - 1) * (n - 2))
    return max(0.0, mean_square - 2 * explained + float(rows.mean() / (n - 1)) ** 2)


def _cross_rest(sums: _Sums) -> float:
    """The same for a real and a generated sample."""
    m, n = len(sums.rows), len(sums.columns)
    by_row = (float(sums.rows.square().sum()) - sums.squares) / (m * n * (n - 1))
    by_column = (float(sums.columns.square().sum()) - sums.squares) / (m * n * (m - 1))
    return max(0.0, sums.squares / (m * n) - by_row - by_column + float(sums.rows.mean() / n) ** 2)


def _own_sums(samples: Tensor, kernel: Polynomial | Gaussian) -> _Sums:
    """Of the kernels between different samples, each pair computed once."""
    rows, squares = torch.zeros(len(samples), dtype=torch.float64), 0.0
    for start in range(0, len(samples), BLOCK):
        for other in range(start, len(samples), BLOCK):
            block = kernel.between(samples[start : start + BLOCK], samples[other : other + BLOCK])
            if start == other:
                block.fill_diagonal_(0)
            else:
                rows[other : other + BLOCK] += block.sum(dim=0).double().cpu()
            rows[start : start + BLOCK] += block.sum(dim=1).double().cpu()
            squares += float(block.square_().sum()) * (1 if start == other else 2)
    return _Sums(rows, rows, squares)


def _cross_sums(first: Tensor, second: Tensor, kernel: Polynomial | Gaussian) -> _Sums:
    rows, columns = (torch.zeros(len(samples), dtype=torch.float64) for samples in (first, second))
    squares = 0.0
    for start in range(0, len(first), BLOCK):
        for other in range(0, len(second), BLOCK):
            block = kernel.between(first[start : start + BLOCK], second[other : other + BLOCK])
            rows[start : start + BLOCK] += block.sum(dim=1).double().cpu()
            columns[other : other + BLOCK] += block.sum(dim=0).double().cpu()
            squares += float(block.square_().sum())
    return _Sums(rows, columns, squares)
