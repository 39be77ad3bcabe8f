"""When to probe."""

import time

LARGEST_SHARE = 0.035  # with what the hooks take, 5 % in all


class ProbeClock:
    """Decides after which iterations the generator is probed.

    Args:
        every: Generator steps from probe to probe; ``None`` spaces the probes so that they take at most 3.5 % of the
            run's time, by the clock.
        ever: Whether to probe at all.
    """

    def __init__(self, every: int | None, ever: bool = True) -> None:
        self.every = every
        self.ever = ever
        self._not_before = 0.0
        self.last: int | None = None

    def due(self, iteration: int) -> bool:
        """Whether to probe after this many generator steps; the first call is."""
        if self.last is None or not self.ever:
            return self.ever
        if self.every is not None:
            return iteration % self.every == 0
        return time.perf_counter() >= self._not_before

    def probed(self, iteration: int, seconds: float) -> None:
        """Take note of a probe that took so long."""
        self.last = iteration
        self._not_before = time.perf_counter() + seconds * (1 / LARGEST_SHARE - 1)
