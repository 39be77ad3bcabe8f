"""A number with what it takes to read it: its null, its sample sizes, and what it was measured by."""

from dataclasses import asdict, dataclass
from functools import total_ordering
from typing import Any

from gandiag.errors import GandiagError


@total_ordering
@dataclass(frozen=True)
class Score:
    """One metric's value, and what a perfect generator has at the same sample size.

    Attributes:
        metric: The metric, as ``fid`` or ``recall``.
        value: The number; NaN where it does not exist.
        extractor: What the samples were measured by: ``judge``, ``inception``, ``pixels``, or a module's name. The
            whole identity, as a hash of the weights, may follow after ``@``.
        n_fake: Generated samples behind the value.
        n_real: Real samples behind it; ``None`` where it needs none.
        null_mean: Mean for a perfect generator at the same sizes; ``None`` where it is not known.
        null_std: Standard deviation there.
        higher_is_better: Direction; ``None`` where the null is best.
        note: What the number cannot see, or why it is not there.
        standard_error: Of the value, over draws of both samples; ``None`` where it is not known.
    """

    metric: str
    value: float
    extractor: str
    n_fake: int
    n_real: int | None = None
    null_mean: float | None = None
    null_std: float | None = None
    higher_is_better: bool | None = None
    note: str = ""
    standard_error: float | None = None

    @property
    def name(self) -> str:
        """The metric with its protocol.

        Examples:
            >>> Score("fid", 2.0, "judge@f0c204d4", n_fake=10_000, n_real=60_000).name
            'fid_judge_n10000'
        """
        return f"{self.metric}_{self.extractor.partition('@')[0]}_n{self.n_fake}"

    @property
    def excess(self) -> float | None:
        """Distance from the null in its standard deviations; ``None`` where there is no null."""
        if self.null_mean is None or not self.null_std:
            return None
        return (self.value - self.null_mean) / self.null_std

    def to_dict(self) -> dict[str, Any]:
        """Plain values, the name first."""
        return {"name": self.name, **asdict(self), "excess": self.excess}

    def __sub__(self, other: "Score") -> float:
        check_comparable(self, other)
        return self.value - other.value

    def __lt__(self, other: "Score") -> bool:
        check_comparable(self, other)
        return self.value < other.value


def check_comparable(first: Score, second: Score) -> None:
    """Refuse to compare what only looks alike.

    Raises:
        GandiagError: If metric, feature extractor or sample sizes differ.

    Examples:
        >>> Score("fid", 9.0, "judge", n_fake=500) - Score("fid", 2.0, "judge", n_fake=500)
        7.0
    """
    aspects = {
        "metrics": (first.metric, second.metric),
        "feature extractors": (first.extractor, second.extractor),
        "n_fake": (first.n_fake, second.n_fake),
        "n_real": (first.n_real, second.n_real),
    }
    for aspect, (one, other) in aspects.items():
        if one != other:
            bias = ", and the metric's bias with them" if aspect.startswith("n_") else ""
            raise GandiagError(
                f"{first.name} and {second.name} cannot be compared: their {aspect} differ ({one} and {other}){bias}. "
                f"Score both with the same."
            )
