"""A share with its interval."""

from dataclasses import dataclass

from scipy.stats import binomtest


@dataclass(frozen=True)
class Share:
    """A share of runs with its Wilson 95 % interval."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """NaN where there are no runs."""
        return self.hits / self.of if self.of else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound; 0 and 1 where there are no runs.

        Examples:
            >>> low, high = Share(9, 10).interval
            >>> round(low, 3), round(high, 3)
            (0.596, 0.982)
        """
        if not self.of:
            return 0.0, 1.0
        bounds = binomtest(self.hits, self.of).proportion_ci(method="wilson")
        return float(bounds.low), float(bounds.high)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.0%} [{low:.0%}, {high:.0%}] of {self.of}" if self.of else "–"
