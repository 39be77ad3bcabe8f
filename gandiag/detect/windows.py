"""A run cut into equal windows, and what it means for a condition to hold."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gandiag.detect.finding import Evidence, Status
from gandiag.detect.policy import Policy, Threshold
from gandiag.recording import Recording

Values = NDArray[Any]


@dataclass(frozen=True)
class RunView:
    """A recording as the detectors see it: each signal as one median a window.

    Windows are cut once for each signal: the recording must not change while it is viewed.

    Attributes:
        recording: The run.
        policy: The numbers in force.
        generator: Label of the generator in question.
    """

    recording: Recording
    policy: Policy
    generator: str = "G"
    _known: dict[str, Values] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def edges(self) -> Values:
        """First iteration of each window, and the end."""
        return np.linspace(0, max(self.recording.iterations, 1), self.policy.windows + 1)

    def windowed(self, signal: str) -> Values:
        """Median of a signal in each window; NaN in windows before its first value.

        A probe's value holds until the next probe, but for no longer than a quarter of the run.
        """
        if signal not in self._known:
            self._known[signal] = self._cut(signal)
            self._known[signal].flags.writeable = False
        return self._known[signal]

    def _cut(self, signal: str) -> Values:
        series = self.recording.series(signal)
        if series.empty:
            return np.full(self.policy.windows, np.nan)
        window = np.clip(np.searchsorted(self.edges, series.index, side="right") - 1, 0, self.policy.windows - 1)
        return carried_on(medians(series.to_numpy(), window, self.policy.windows), self.policy.windows // 4)

    def own(self, table_and_column: str) -> str:
        """The full name of this generator's signal."""
        return f"{table_and_column}[{self.generator}]"

    def numbered(self, table_and_stem: str) -> dict[int, str]:
        """This generator's signals of one name, by the number that follows it: ``"probes.fidelity_class"``."""
        table, stem = table_and_stem.split(".")
        columns = map(str, self.recording.table(table).columns)
        numbers = [column.removeprefix(f"{stem}_") for column in columns if column.startswith(f"{stem}_")]
        return {int(number): self.own(f"{table_and_stem}_{number}") for number in numbers if number.isdecimal()}

    def judged(self, values: Values) -> Values:
        """The final windows that a verdict rests on."""
        return values[-max(1, round(self.policy.judged_share * self.policy.windows)) :]

    def median(self, values: Values) -> float:
        """Median over the judged windows; NaN where most of them are."""
        judged = self.judged(values)
        return float("nan") if np.isnan(judged).mean() > 0.5 else float(np.nanmedian(judged))

    def status(self, holds: Values) -> Status:
        """``fail``, ``warn`` or ``pass``, by the share of judged windows in which a condition holds."""
        share = float(self.judged(holds).mean())
        if share >= self.policy.holding_share:
            return Status.FAIL
        return Status.WARN if share >= self.policy.warning_share else Status.PASS

    def onset(self, holds: Values) -> int | None:
        """First iteration of the window from which on the condition holds to the end.

        Gaps are forgiven as far as the verdict forgives them, ``1 − holding_share`` of the judged windows at a time.
        What held before a longer one, such as the poverty that every generator begins with, is over.
        """
        holding = np.flatnonzero(holds)
        if not len(holding):
            return None
        forgiven = int((1 - self.policy.holding_share) * len(self.judged(holds)))
        breaks = np.flatnonzero(np.diff(holding) > 1 + forgiven)
        return int(np.ceil(self.edges[holding[breaks[-1] + 1 if len(breaks) else 0]]))

    def evidence(self, signal: str, description: str, comparison: str, threshold: Threshold) -> Evidence:
        """The signal's judged median beside its threshold."""
        return Evidence(
            signal, description, self.median(self.windowed(signal)), comparison, threshold.value, threshold.source
        )


def medians(values: Values, groups: Values, count: int) -> Values:
    """Median of the values of each group 0, …, count − 1; NaN for a group without any.

    Examples:
        >>> medians(np.array([1.0, 4.0, 2.0]), np.array([0, 2, 0]), 3)
        array([1.5, nan, 4. ])
    """
    order = np.argsort(groups, kind="stable")
    ends = np.searchsorted(groups[order], np.arange(1, count + 1))
    found = np.full(count, np.nan)
    for group, members in enumerate(np.split(values[order], ends[:-1])):
        if len(members):
            ranked = np.sort(members)  # np.median takes six times as long on the few values of a window
            with np.errstate(over="ignore", invalid="ignore"):
                found[group] = (ranked[(len(ranked) - 1) // 2] + ranked[len(ranked) // 2]) / 2
    return found


def carried_on(values: Values, most: int) -> Values:
    """The same, with the last value before it in the place of each NaN, over at most so many of them.

    Examples:
        >>> carried_on(np.array([np.nan, 1.0, np.nan, np.nan, np.nan, 2.0]), 2)
        array([nan,  1.,  1.,  1., nan,  2.])
    """
    at = np.arange(len(values))
    last = np.maximum.accumulate(np.where(np.isnan(values), 0, at))
    return np.where(at - last <= most, values[last], np.nan)


def smoothed(values: Values) -> Values:
    """Running median over a quarter of the windows; NaN where all of these are."""
    smooth: Values = pd.Series(values).rolling(len(values) // 4, center=True, min_periods=1).median().to_numpy()
    return smooth


def below(values: Values, threshold: Threshold) -> Values:
    """Where a signal lies under its threshold; NaN does not."""
    with np.errstate(invalid="ignore"):
        return values < threshold.value


def above(values: Values, threshold: Threshold) -> Values:
    """Where a signal lies over its threshold; NaN does not."""
    with np.errstate(invalid="ignore"):
        return values > threshold.value


def missing(values: Values) -> bool:
    """Whether a signal is too thin to be judged."""
    return bool(np.isnan(values).mean() > 0.5)


def first_iteration(table: pd.DataFrame, rows: pd.Series) -> int | None:
    """First iteration of the rows of a table that are marked."""
    return int(table.loc[rows, "iteration"].min()) if rows.any() else None
