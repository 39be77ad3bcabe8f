"""When to probe, and when to judge what was seen so far."""

import math
import time

PROBING_SHARE = 0.035  # with what the hooks take, 5 % in all
JUDGING_SHARE = 0.004
FIRST_PROBE_SECONDS = 0.02  # what the first probe counts for at most: what it loads and fits is not needed again
JUDGING_SECONDS = 0.06  # what a first diagnosis is taken to cost


class Clock:
    """Decides after which iterations something is done that takes time.

    Args:
        every: Generator steps from one time to the next; ``None`` spaces them so that they take at most a share of the
            run's time, by the clock.
        share: That share.
        ever: Whether to do it at all.
        first: Seconds that it is taken to cost the first time; with 0 it is due at once.
        first_counts: Seconds that the first time counts for at most. What is done once, in a short run, would put off
            all others to its end.
    """

    REMEMBERED = ("last",)

    def __init__(
        self,
        every: int | None,
        share: float,
        ever: bool = True,
        first: float = 0.0,
        first_counts: float = math.inf,
    ) -> None:
        self.every = every
        self.ever = ever
        self.last: int | None = None
        self._share = share
        self._first = first
        self._first_counts = first_counts
        self._not_before: float | None = None

    def due(self, iteration: int) -> bool:
        """Whether to do it after this many generator steps; time counts from the first call on."""
        if not self.ever:
            return False
        if self.every is not None:
            return self.last is None or iteration % self.every == 0
        if self._not_before is None:
            self._wait_after(self._first)
        return self._not_before is not None and time.perf_counter() >= self._not_before

    def done(self, iteration: int, seconds: float) -> None:
        """Take note that it was done and took so long."""
        self._wait_after(min(seconds, self._first_counts) if self.last is None else seconds)
        self.last = iteration

    def _wait_after(self, seconds: float) -> None:
        self._not_before = time.perf_counter() + seconds * (1 / self._share - 1)
