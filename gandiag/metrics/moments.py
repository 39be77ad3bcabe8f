"""First and second moments of features, and a factor of their covariance: what Fréchet distances are made of."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cholesky, eigh
from scipy.linalg.blas import dtrmm
from threadpoolctl import ThreadpoolController
from torch import Tensor

from gandiag.errors import TooFewSamples
from gandiag.metrics.features import checked_features, double

LEAST_SAMPLES = 2
"""Of a covariance."""

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
    mean, centred = centred_features(features)
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
        mean, centred = centred_features(features)
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


def centred_features(features: Tensor) -> tuple[Tensor, Tensor]:
    """The mean, and what is left without it, in float64."""
    features = double(features)
    mean = features.mean(dim=0)
    return mean, features - mean


@cache
def _thread_pools() -> ThreadpoolController:
    return ThreadpoolController().select(internal_api="openblas")


def one_thread() -> AbstractContextManager[None]:
    """For LAPACK's eigenvalues: on a busy machine, threads that wait for each other take ten times as long as one.

    SciPy's own threads alone are limited; torch's are not touched.
    """
    limited: AbstractContextManager[None] = _thread_pools().limit(limits=1)
    return limited


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
    with one_thread():
        values, vectors = eigh(covariance, check_finite=False)
    kept = values > smallest * max(values[-1], 0)
    kept[: max(0, len(values) - most_rank)] = False
    return CovarianceFactor(vectors[:, kept] * np.sqrt(values[kept]), triangular=False)
