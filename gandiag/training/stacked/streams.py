"""A random stream for each member of a stack: on the CPU, the very numbers that it would draw alone."""

from collections.abc import Callable, Sequence

import torch
from torch import Generator, Tensor


class Streams:
    """One source of random numbers a member; each draw is stacked along the first axis.

    Args:
        sources: One a member, all on ``device``.
        device: Where numbers are wanted.
    """

    def __init__(self, sources: Sequence[Generator], device: torch.device) -> None:
        self._sources = sources
        self.device = device

    def __len__(self) -> int:
        return len(self._sources)

    def indices(self, below: int, count: int) -> Tensor:
        """Integers in [0, below), with shape :math:`(m, \\mathrm{count})`."""
        drawn = torch.empty(len(self), count, dtype=torch.int64, device=self.device)
        for row, source in zip(drawn, self._sources, strict=True):
            torch.randint(below, (count,), generator=source, out=row)
        return drawn

    def normal(self, *shape: int) -> Tensor:
        """Standard normal numbers, with shape :math:`(m, *)`."""
        return self._filled(shape, lambda part, source, member: torch.randn(shape, generator=source, out=part))

    def uniform(self, *shape: int) -> Tensor:
        """Numbers in [0, 1), with shape :math:`(m, *)`."""
        return self._filled(shape, lambda part, source, member: torch.rand(shape, generator=source, out=part))

    def kept(self, shares: Sequence[float], *shape: int) -> Tensor:
        """1 with each member's own probability, else 0, with shape :math:`(m, *)`."""
        return self._filled(shape, lambda part, source, member: part.bernoulli_(shares[member], generator=source))

    def _filled(self, shape: Sequence[int], fill: Callable[[Tensor, Generator, int], Tensor]) -> Tensor:
        drawn = torch.empty(len(self), *shape, device=self.device)
        for member, source in enumerate(self._sources):
            fill(drawn[member], source, member)
        return drawn
