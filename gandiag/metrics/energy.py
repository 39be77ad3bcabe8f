"""How far samples are from real ones as a whole, on a scale that needs no judge and no classes."""

import torch
from torch import Tensor

from gandiag.metrics.diversity import LEAST_PAIRWISE, mean_pairwise_distance
from gandiag.metrics.features import checked_pair, double, for_products


def energy_coefficient(
    real: Tensor, fake: Tensor, *, real_distance: float | None = None, fake_distance: float | None = None
) -> float:
    r"""Energy distance relative to how far real and generated samples are from one another.

    .. math:: H = \frac{2 E|X - Y| - E|X - X'| - E|Y - Y'|}{2 E|X - Y|}

    Args:
        real: Feature vectors or flattened samples :math:`X`, with shape :math:`(m, *)`, m ≥ 2.
        fake: The same of generated ones :math:`Y`, with shape :math:`(n, *)`, n ≥ 2.
        real_distance: :math:`E|X - X'|`, where it is known already.
        fake_distance: :math:`E|Y - Y'|`, where it is known already.

    Returns:
        At most 1, lower is better: 0 for equal distributions, 1/2 for one real sample over and over, near 1 for samples
        far from all real ones. The three means are unbiased, so that near 0 it can be slightly negative. 0 where all
        samples are the same. Draws no random number.

    Raises:
        TooFewSamples: If there are fewer than two of either.
        ValueError: If the dimensions differ, or a feature is not finite.

    References:
        | Energy statistics: A class of statistics based on distances (Székely & Rizzo, 2013), Section 8.2
        | https://doi.org/10.1016/j.jspi.2013.03.018

    Examples:
        >>> energy_coefficient(torch.tensor([[0.0], [1.0]]), torch.tensor([[100.0], [101.0]]))
        0.99
    """
    first, second = checked_pair(real, fake, LEAST_PAIRWISE, LEAST_PAIRWISE)
    between = float(double(torch.cdist(for_products(first), for_products(second))).mean())
    within = (mean_pairwise_distance(first) if real_distance is None else real_distance) + (
        mean_pairwise_distance(second) if fake_distance is None else fake_distance
    )
    return 1 - within / (2 * between) if between > 0 else 0.0
