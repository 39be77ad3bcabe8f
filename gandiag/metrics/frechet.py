"""The Fréchet distance between two sets of features: exact, without a matrix square root."""

import math

import numpy as np
from scipy.linalg import eigh, eigvalsh
from scipy.linalg.blas import dtrmm
from torch import Tensor

from gandiag.metrics.features import checked_features
from gandiag.metrics.moments import (
    LEAST_SAMPLES,
    CovarianceFactor,
    FeatureStatistics,
    Matrix,
    centred_features,
    feature_statistics,
    one_thread,
)

INTERVAL_SAMPLES_PER_DIMENSION = 2
"""Fewest fakes per dimension for ``frechet_standard_error``: below, the fakes' own covariance is all but singular and
the distance is no longer smooth in them."""


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
        >>> import torch
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
        mean, centred = centred_features(fake)
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

        >>> import torch
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
    centred = _array(centred_features(fake)[1])
    inner = _between(real.factor, _array(statistics.covariance))
    with one_thread():
        values, vectors = eigh(inner)
    kept = values > len(values) * np.finfo(float).eps * values.max(initial=0)
    ends = real.factor.times(centred) @ (vectors[:, kept] * values[kept] ** -0.25)
    shift = _array(statistics.mean) - _array(real.mean)
    influence = 2 * centred @ shift + np.square(centred).sum(axis=1) - np.square(ends).sum(axis=1)
    return float(influence.std(ddof=1) / math.sqrt(len(fake)))


def _array(values: Tensor) -> Matrix:
    return np.asarray(values.double().cpu().numpy())


def _check_dimension(real: FeatureStatistics, dimension: int) -> None:
    if len(real.mean) != dimension:
        raise ValueError(
            f"The real and fake features must have the same dimension; got {len(real.mean)} and {dimension}."
        )


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
    with one_thread():
        values = eigvalsh(gram, driver="evr", check_finite=False)
    return float(np.sqrt(values[max(0, len(values) - rank) :].clip(min=0)).sum())
