"""Cycling: a generator that shows few classes at any instant, and many over a window."""

from dataclasses import dataclass

import torch
from torch import Tensor

from gandiag.errors import TooFewSamples
from gandiag.metrics.histogram import check_shares
from gandiag.metrics.modes import modes_present

LEAST_INSTANTS = 2
LEAST_EXPECTED = 5.0


@dataclass(frozen=True)
class Cycling:
    """Coverage over a window against coverage at an instant.

    Attributes:
        at_instant: Mean number of classes present at one instant.
        over_window: Classes present when all instants are pooled.
        turnover: Mean share of samples that changed class from one instant to the next, the least that explains the
            histograms: their total variation distance.
        turnover_null: About what a steady generator has from sampling alone, on average.
    """

    at_instant: float
    over_window: int
    turnover: float
    turnover_null: float

    @property
    def hidden(self) -> float:
        """Classes that the window shows and a single instant does not: 0 for a steady generator."""
        return self.over_window - self.at_instant


def cycling(counts: Tensor, real_shares: Tensor) -> Cycling:
    r"""Whether classes come and go.

    Args:
        counts: Class counts at successive instants, with shape :math:`(t, K)`.
        real_shares: Of the real data, with shape :math:`(K,)`.

    Returns:
        Both coverages in [0, K]; a class is present from a tenth of its real share on. Turnover in [0, 1], with
        :math:`\sum_c \sqrt{p_c (1 - p_c) / \pi n}` as its null. Reversing time changes nothing. Deterministic.

    Raises:
        TooFewSamples: If there are fewer than two instants, or fewer than five expected samples in the rarest class.
        ValueError: If shapes differ.

    Examples:
        >>> taking_turns = torch.tensor([[100, 0], [0, 100], [100, 0], [0, 100]])
        >>> found = cycling(taking_turns, torch.tensor([0.5, 0.5]))
        >>> found.at_instant, found.over_window, found.turnover
        (1.0, 2, 1.0)
    """
    if counts.ndim != 2:
        raise ValueError(f"Counts have shape (t, K); got {tuple(counts.shape)}.")
    real = check_shares(real_shares, counts.shape[1])
    if len(counts) < LEAST_INSTANTS:
        raise TooFewSamples(f"Cycling needs at least two instants; got {len(counts)}.")
    counts = counts.double().cpu()
    fewest, rarest = float(counts.sum(dim=1).min()), float(real[real > 0].min())
    if fewest * rarest < LEAST_EXPECTED:
        raise TooFewSamples(
            f"The rarest of the real classes expects {fewest * rarest:.1f} of {fewest:.0f} samples; coverage at an "
            f"instant needs five."
        )
    shares = counts / counts.sum(dim=1, keepdim=True)
    pooled = counts.sum(dim=0) / counts.sum()
    size = float(counts.sum(dim=1).mean())
    return Cycling(
        at_instant=sum(modes_present(instant, real) for instant in shares) / len(shares),
        over_window=modes_present(pooled, real),
        turnover=float((shares[1:] - shares[:-1]).abs().sum(dim=1).mean() / 2),
        turnover_null=float((pooled * (1 - pooled) / (torch.pi * size)).sqrt().sum()),
    )
