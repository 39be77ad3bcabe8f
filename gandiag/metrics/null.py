"""What a metric says of a perfect generator: the real data against itself at the same sample size."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gandiag.errors import TooFewSamples

LEAST_DRAWS = 20
"""Fewest draws that give a 5 % quantile."""


@dataclass(frozen=True)
class Null:
    """Values of a metric for real samples in the fakes' place.

    Attributes:
        values: One a draw, ascending.
        fake_count: Number of samples in the fakes' place.
        real_count: Number of samples left as the reference.
    """

    values: tuple[float, ...]
    fake_count: int
    real_count: int

    @property
    def mean(self) -> float:
        """Expected value for a perfect generator."""
        return float(np.mean(self.values))

    @property
    def sd(self) -> float:
        """Standard deviation for a perfect generator."""
        return float(np.std(self.values, ddof=1))

    def quantile(self, level: float) -> float:
        """A quantile of the values, linearly interpolated; the 0.95 one as a bound has a 5 % false-alarm rate."""
        return float(np.quantile(self.values, level))

    def share_at_least(self, value: float) -> float:
        """False-alarm rate of an alarm at this value and above: (1 + draws there) / (1 + draws)."""
        return (1 + sum(draw >= value for draw in self.values)) / (1 + len(self.values))

    def share_at_most(self, value: float) -> float:
        """False-alarm rate of an alarm at this value and below."""
        return (1 + sum(draw <= value for draw in self.values)) / (1 + len(self.values))


def split_null(
    metric: Callable[[Tensor, Tensor], float],
    real: Tensor,
    n_fake: int,
    *,
    n_real: int | None = None,
    draws: int = 100,
    seed: int = 0,
) -> Null:
    """A metric between two random, disjoint parts of the real data, again and again.

    Args:
        metric: Function of (reference, fake), both features, that gives one number.
        real: Real features with shape :math:`(n, *)`.
        n_fake: How many take the fakes' place: as many as the fakes to be judged.
        n_real: How many are the reference; all others by default. Give the size of the reference that the fakes are
            judged against where the metric depends on it, as coverage does.
        draws: Number of splits, at least 20.
        seed: Of the splits, from a generator of their own.

    Returns:
        The values. Splits overlap, so with n_fake near n / 2 they vary too little; the mean is right at any size.

    Raises:
        TooFewSamples: If there are not n_fake + n_real real samples, or none is left for the reference.
        ValueError: If there are fewer than 20 draws.

    Examples:
        >>> split_null(lambda real, fake: len(real) / len(fake), torch.zeros(30, 1), 10, draws=20).mean
        2.0
    """
    if draws < LEAST_DRAWS:
        raise ValueError(f"A quantile needs at least {LEAST_DRAWS} draws; got {draws}.")
    n_real = len(real) - n_fake if n_real is None else n_real
    if n_fake < 1 or n_real < 1 or n_fake + n_real > len(real):
        raise TooFewSamples(f"{len(real)} real samples cannot be split into {n_real} and {n_fake}.")
    generator = torch.Generator().manual_seed(seed)
    values = []
    for _ in range(draws):
        order = torch.randperm(len(real), generator=generator).to(real.device)
        values.append(metric(real[order[n_fake : n_fake + n_real]], real[order[:n_fake]]))
    return Null(tuple(sorted(values)), n_fake, n_real)
