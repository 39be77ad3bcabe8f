"""The Fréchet distance between two sets of features: exact, without a matrix square root."""

import math
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cholesky, eigh, eigvalsh
from scipy.linalg.blas import dtrmm
from threadpoolctl import ThreadpoolController
from torch import Tensor

from gandiag.errors import TooFewSamples
from gandiag.metrics.features import checked_features, double

LEAST_SAMPLES = 2
"""Of a covariance."""

INTERVAL_SAMPLES_PER_DIMENSION = 2
"""Fewest fakes per dimension for ``frechet_standard_error``: below, the fakes' own covariance is all but singular and
the distance is no longer smooth in them."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class FeatureStatistics:
    """First and second moments of a set of features, all that the Fréchet distance needs of it.

    A factor of the covariance is found at first need and kept: hold on to the real side's statistics.

    Attributes:
        count: Number of samples.
        mean: float64, with shape :math:`(d,)`.
        covariance: float64, with shape :math:`(d, d)`, normalised by ``count − 1``.
    """

    count: int
    mean: Tensor
    covariance: Tensor

    @cached_property
    def factor(self) -> "CovarianceFactor":
        """A factor of the covariance."""
        return _factor(self.covariance.double().cpu().numpy(), self.count - 1)


@dataclass(frozen=True)
class CovarianceFactor:
    r"""A matrix :math:`R` with :math:`R R^T` = covariance, and as many columns as the covariance has rank.

    Attributes:
        matrix: float64, with shape :math:`(d, r)`.
        triangular: Whether it is lower triangular, with :math:`r = d`.
    """

    matrix: Matrix
    triangular: bool

    def times(self, rows: Matrix) -> Matrix:
        """Rows with shape :math:`(n, d)` times the factor."""
        if self.triangular:
            # BLAS thinks in columns: Rᵀ rowsᵀ, of arrays that are Fortran's once transposed.
            return np.asarray(dtrmm(1.0, self.matrix, rows.T, lower=1, trans_a=1).T)
        return np.asarray(rows @ self.matrix)


def feature_statistics(features: Tensor) -> FeatureStatistics:
    """Moments of features with shape :math:`(n, d)`, n ≥ 2, in float64.

    Raises:
        TooFewSamples: If there are fewer than two samples.
        ValueError: If a feature is not finite.

    Examples:
        >>> feature_statistics(torch.tensor([[0.0], [2.0]])).covariance
        tensor([[2.]], dtype=torch.float64)
    """
    features = checked_features("given", features, LEAST_SAMPLES)
    mean, centred = _centred(features)
    return FeatureStatistics(len(features), mean, centred.T @ centred / (len(features) - 1))


class FeatureMoments:
    """Moments of features that come in batches, or from several processes: the same as of all of them at once.

    Centred throughout (the pairwise update of Chan, Golub and LeVeque), so that features far from the origin keep
    their digits; batches in another order or of another size change the result by rounding alone.

    Examples:
        >>> first, second = FeatureMoments(), FeatureMoments()
        >>> first.update(torch.tensor([[0.0]]))
        >>> second.update(torch.tensor([[2.0]]))
        >>> first.merge(second)
        >>> first.compute().covariance
        tensor([[2.]], dtype=torch.float64)

    References:
        | Updating Formulae and a Pairwise Algorithm for Computing Sample Variances (Chan et al., 1979)
        | http://i.stanford.edu/pub/cstr/reports/cs/tr/79/773/CS-TR-79-773.pdf
    """

    def __init__(self) -> None:
        self.count = 0
        self._mean = torch.zeros(0, dtype=torch.float64)
        self._scatter = torch.zeros(0, 0, dtype=torch.float64)

    def update(self, features: Tensor) -> None:
        """Take in features with shape :math:`(n, d)`; an empty batch changes nothing.

        Raises:
            ValueError: If a feature is not finite, or the dimension is not that of the batches before.
        """
        if len(features) == 0:
            return
        features = checked_features("given", features)
        mean, centred = _centred(features)
        self._take(len(features), mean, centred.T @ centred)

    def merge(self, other: "FeatureMoments") -> None:
        """Take in what another one has seen."""
        if other.count:
            self._take(other.count, other._mean, other._scatter)

    def compute(self) -> FeatureStatistics:
        """The moments of all features so far.

        Raises:
            TooFewSamples: If there are fewer than two samples.
        """
        if self.count < LEAST_SAMPLES:
            raise TooFewSamples(f"A covariance needs at least two samples; got {self.count}.")
        return FeatureStatistics(self.count, self._mean.clone(), self._scatter / (self.count - 1))

    def _take(self, count: int, mean: Tensor, scatter: Tensor) -> None:
        if self.count == 0:
            self.count, self._mean, self._scatter = count, mean.clone(), scatter.clone()
            return
        if mean.shape != self._mean.shape:
            raise ValueError(f"Features must keep their dimension, {len(self._mean)}; got {len(mean)}.")
        mean, scatter = mean.to(self._mean.device), scatter.to(self._mean.device)
        total, shift = self.count + count, mean - self._mean
        self._scatter = self._scatter + scatter + shift.outer(shift) * (self.count * count / total)
        self._mean = self._mean + shift * (count / total)
        self.count = total


def frechet_distance(real: FeatureStatistics | Tensor, fake: FeatureStatistics | Tensor) -> float:
    r"""Fréchet distance between Gaussians fitted to real and to generated features.

    .. math:: |\mu_r - \mu_f|^2 + \mathrm{Tr}(C_r + C_f - 2 (C_r C_f)^{1/2})

    With any factor :math:`C_r = R R^T`, the trace of the root is the sum of the roots of the eigenvalues of the
    symmetric :math:`R^T C_f R`, and the sum of the singular values of :math:`X_f R`, where :math:`X_f` holds the n
    centred fakes over :math:`\sqrt{n - 1}`. The second form is an n × n problem where n < d.

    Args:
        real: Moments of the real features, or the features with shape :math:`(n_r, d)`. Moments keep their factor:
            pass the same object again and the second call is the faster one.
        fake: Generated features, with shape :math:`(n, d)`, n ≥ 2, or their moments; features are faster where n < d.

    Returns:
        At least 0, lower is better, symmetric; 0 for the same samples, up to rounding. Biased upwards by about c / n
        with a constant that depends on the generator: compare values at the same n and in the same feature space only,
        and beside ``split_null`` at that n. Exact at every rank, n < d included. Draws no random number.

    Raises:
        TooFewSamples: If there are fewer than two samples.
        ValueError: If a feature is not finite, or the dimensions differ.

    Note:
        Always in float64, on the processor. pytorch-fid (SciPy's ``sqrtm``) and torchmetrics (eigenvalues of the
        unsymmetric product) agree to rounding. Their eigenvalues that should be 0 are about 1e−16, and the roots of
        those are not: with few samples ours is nearer to the truth.

    References:
        | GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium (Heusel et al., 2017), Eq. 6
        | https://arxiv.org/abs/1706.08500
        | Backpropagating through Fréchet Inception Distance (Mathiasen & Hvilshøj, 2020), for the few fakes
        | https://arxiv.org/abs/2009.14075

    Examples:
        >>> real = torch.tensor([[0.0, 0.0], [2.0, 0.0]])
        >>> frechet_distance(real, real + torch.tensor([3.0, 4.0]))
        25.0
    """
    real = feature_statistics(real) if isinstance(real, Tensor) else real
    if isinstance(fake, Tensor):
        fake = checked_features("fake", fake, LEAST_SAMPLES)
        _check_dimension(real, fake.shape[1])
        if len(fake) > fake.shape[1]:
            return frechet_distance(real, feature_statistics(fake))
        mean, centred = _centred(fake)
        rows = _array(centred) / math.sqrt(len(fake) - 1)
        shared = real.factor.times(rows)
        spread, rank = float(np.square(rows).sum()), len(fake) - 1
        gram = shared @ shared.T if shared.shape[0] <= shared.shape[1] else shared.T @ shared
    else:
        _check_dimension(real, len(fake.mean))
        mean, rank = fake.mean, fake.count - 1
        spread = float(fake.covariance.double().trace())
        gram = _between(real.factor, _array(fake.covariance))
    shift = _array(mean) - _array(real.mean)
    root = _sum_of_roots(gram, rank)
    return max(0.0, float(shift @ shift) + float(real.covariance.double().trace()) + spread - 2 * root)


@dataclass(frozen=True)
class ExtrapolatedDistance:
    """The Fréchet distance that infinitely many fakes would have.

    Attributes:
        value: The extrapolated distance; it may be slightly negative, being nearly unbiased.
        standard_error: Of the fitted intercept. The sizes share samples, so it is a lower bound.
        sizes: Sample sizes of the fit, ascending.
        distances: Fréchet distances at those sizes.
    """

    value: float
    standard_error: float
    sizes: tuple[int, ...]
    distances: tuple[float, ...]


LEAST_EXTRAPOLATED = 200
"""Fewest fakes for ``frechet_distance_at_infinity``: below, its spread is larger than the bias that it takes away."""


def frechet_distance_at_infinity(
    real: FeatureStatistics | Tensor, fake: Tensor, *, points: int = 15, seed: int = 0
) -> ExtrapolatedDistance:
    r"""FID∞: the distance against 1 / n, at ``points`` sizes up to all fakes, extended to 1 / n = 0.

    .. math:: \mathrm{FD}_n \approx \mathrm{FD}_\infty + c / n

    Args:
        real: Moments of the real features, or the features with shape :math:`(n_r, d)`. Their own bias stays.
        fake: Generated features, with shape :math:`(n, d)`, n ≥ 200.
        points: Number of sample sizes, at least 3, evenly spaced from min(5000, n / 10) to n.
        seed: Of the subsets, drawn without replacement from a generator of their own.

    Returns:
        Lower is better, not symmetric, comparable between different n. Its standard deviation is about 1.7 times that
        of the distance itself: for reports, not for alarms.

    Raises:
        TooFewSamples: If there are fewer than 200 fakes.
        ValueError: If a feature is not finite, the dimensions differ, or ``points`` < 3.

    Note:
        The authors draw new fakes by a Sobol sequence in the latent space; from given fakes only subsets can be drawn.

    References:
        | Effectively Unbiased FID and Inception Score and Where to Find Them (Chong & Forsyth, 2020)
        | https://arxiv.org/abs/1911.07023

    Examples:
        >>> fakes = torch.arange(400.0)[:, None]
        >>> frechet_distance_at_infinity(fakes, fakes + 5).sizes[-1]
        400
    """
    if points < 3:
        raise ValueError(f"A line with an error needs at least 3 points; got {points}.")
    fake = checked_features("fake", fake, LEAST_EXTRAPOLATED)
    real = feature_statistics(real) if isinstance(real, Tensor) else real
    generator = torch.Generator().manual_seed(seed)
    sizes = np.linspace(min(5000, max(len(fake) // 10, 2)), len(fake), points).round().astype(int).tolist()
    distances = [frechet_distance(real, fake[torch.randperm(len(fake), generator=generator)[:n]]) for n in sizes]
    inverse = 1 / np.asarray(sizes)
    (_, intercept), residual = _fitted_line(inverse, np.asarray(distances))
    centred = inverse - inverse.mean()
    error = math.sqrt(residual * (1 / points + inverse.mean() ** 2 / float(centred @ centred)))
    return ExtrapolatedDistance(intercept, error, tuple(sizes), tuple(distances))


def frechet_standard_error(real: FeatureStatistics | Tensor, fake: Tensor) -> float:
    r"""Standard error of the Fréchet distance from the choice of fakes, by the delta method.

    The distance moves with one fake :math:`y` by :math:`1/n` of its influence

    .. math:: 2 (\mu_f - \mu_r)^T (y - \mu_f) + (y - \mu_f)^T (I - T) (y - \mu_f) - \mathrm{Tr}((I - T) C_f)

    where :math:`T = R (R^T C_f R)^{-1/2} R^T` is the optimal map between the Gaussians. The standard error is the
    standard deviation of the influence over :math:`\sqrt n`; the distance ± 1.96 of it is a 95 % interval for the
    *expected distance at this n*, bias included. It does not account for the choice of the reals.

    Args:
        real: Moments of the real features, or the features with shape :math:`(n_r, d)`.
        fake: Generated features, with shape :math:`(n, d)`, n ≥ 2 d.

    Returns:
        At least 0. Near 0 distance the first order vanishes and the error is too small. Draws no random number.

    Raises:
        TooFewSamples: If n < 2 d, where the distance is not smooth in the fakes.
        ValueError: If a feature is not finite, or the dimensions differ.

    Examples:
        A wider fake adds to the spread alone: d/dσ² (σ − 1)² is 1 − 1/σ, here one half of (y − μ)².

        >>> real = torch.tensor([[-1.0], [1.0]]).repeat(500, 1)
        >>> fake = torch.tensor([[-2.0], [2.0], [0.0], [0.0]]).repeat(250, 1) * 2**0.5
        >>> round(frechet_standard_error(real, fake), 3)  # (y − μ)² is 8 or 0: a deviation of 2 over √1000
        0.063
    """
    real = feature_statistics(real) if isinstance(real, Tensor) else real
    least = max(LEAST_SAMPLES, INTERVAL_SAMPLES_PER_DIMENSION * len(real.mean))
    fake = checked_features("fake", fake, least)
    _check_dimension(real, fake.shape[1])
    statistics = feature_statistics(fake)
    centred = _array(_centred(fake)[1])
    inner = _between(real.factor, _array(statistics.covariance))
    with _one_thread():
        values, vectors = eigh(inner)
    kept = values > len(values) * np.finfo(float).eps * values.max(initial=0)
    ends = real.factor.times(centred) @ (vectors[:, kept] * values[kept] ** -0.25)
    shift = _array(statistics.mean) - _array(real.mean)
    influence = 2 * centred @ shift + np.square(centred).sum(axis=1) - np.square(ends).sum(axis=1)
    return float(influence.std(ddof=1) / math.sqrt(len(fake)))


def _centred(features: Tensor) -> tuple[Tensor, Tensor]:
    """The mean, and what is left without it, in float64."""
    features = double(features)
    mean = features.mean(dim=0)
    return mean, features - mean


def _array(values: Tensor) -> Matrix:
    return np.asarray(values.double().cpu().numpy())


def _check_dimension(real: FeatureStatistics, dimension: int) -> None:
    if len(real.mean) != dimension:
        raise ValueError(
            f"The real and fake features must have the same dimension; got {len(real.mean)} and {dimension}."
        )


def _factor(covariance: Matrix, most_rank: int) -> CovarianceFactor:
    """Triangular where the covariance has full rank, by its eigenvectors elsewhere."""
    smallest = len(covariance) * np.finfo(float).eps
    if most_rank >= len(covariance):
        try:
            lower = cholesky(covariance, lower=True, check_finite=False)
        except LinAlgError:
            pass
        else:
            diagonal = np.square(np.diag(lower))
            if diagonal.min() > smallest * diagonal.max():
                return CovarianceFactor(np.asfortranarray(lower), triangular=True)
    with _one_thread():
        values, vectors = eigh(covariance, check_finite=False)
    kept = values > smallest * max(values[-1], 0)
    kept[: max(0, len(values) - most_rank)] = False
    return CovarianceFactor(vectors[:, kept] * np.sqrt(values[kept]), triangular=False)


def _between(factor: CovarianceFactor, covariance: Matrix) -> Matrix:
    """Rᵀ C R."""
    half = factor.times(covariance)
    if factor.triangular:
        return np.asarray(dtrmm(1.0, factor.matrix, half.T, side=1, lower=1))
    return np.asarray(factor.matrix.T @ half)


def _sum_of_roots(gram: Matrix, rank: int) -> float:
    """Sum of the square roots of the eigenvalues, of which no more than ``rank`` can be other than 0."""
    if len(gram) == 0:
        return 0.0
    with _one_thread():
        values = eigvalsh(gram, driver="evr", check_finite=False)
    return float(np.sqrt(values[max(0, len(values) - rank) :].clip(min=0)).sum())


@cache
def _thread_pools() -> ThreadpoolController:
    return ThreadpoolController().select(internal_api="openblas")


def _one_thread() -> AbstractContextManager[None]:
    """For LAPACK's eigenvalues: on a busy machine, threads that wait for each other take ten times as long as one.

    SciPy's own threads alone are limited; torch's are not touched.
    """
    limited: AbstractContextManager[None] = _thread_pools().limit(limits=1)
    return limited


def _fitted_line(x: Matrix, y: Matrix) -> tuple[tuple[float, float], float]:
    """Slope and intercept of least squares, and the variance about the line."""
    slope, intercept = np.polyfit(x, y, 1)
    rest = y - slope * x - intercept
    return (float(slope), float(intercept)), float(rest @ rest) / (len(x) - 2)
