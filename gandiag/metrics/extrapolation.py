"""FID∞: the Fréchet distance that infinitely many fakes would have."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gandiag.metrics.features import checked_features
from gandiag.metrics.frechet import frechet_distance
from gandiag.metrics.moments import FeatureStatistics, Matrix, feature_statistics


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


def _fitted_line(x: Matrix, y: Matrix) -> tuple[tuple[float, float], float]:
    """Slope and intercept of least squares, and the variance about the line."""
    slope, intercept = np.polyfit(x, y, 1)
    rest = y - slope * x - intercept
    return (float(slope), float(intercept)), float(rest @ rest) / (len(x) - 2)
