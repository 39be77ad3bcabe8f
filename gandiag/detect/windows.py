"""A run cut into equal windows, and what it means for a condition to hold."""

from dataclasses import dataclass
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

    Attributes:
        recording: The run.
        policy: The numbers in force.
        generator: Label of the generator in question.
    """

    recording: Recording
    policy: Policy
    generator: str = "G"

    @cached_property
    def edges(self) -> Values:
        """First iteration of each window, and the end."""
        return np.linspace(0, max(self.recording.iterations, 1), self.policy.windows + 1)

    def windowed(self, signal: str) -> Values:
        """Median of a signal in each window; NaN in windows before its first value.

        A probe's value holds until the next probe.
        """
        series = self.recording.series(signal)
        if series.empty:
            return np.full(self.policy.windows, np.nan)
        window = np.clip(np.searchsorted(self.edges, series.index, side="right") - 1, 0, self.policy.windows - 1)
        medians = series.groupby(window).median().reindex(range(self.policy.windows)).ffill()
        return medians.to_numpy(dtype=float)

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
        """First iteration of the earliest window from which on the condition holds nearly always."""
        shares = np.cumsum(holds[::-1])[::-1] / np.arange(len(holds), 0, -1)
        lasting = holds.astype(bool) & (shares >= self.policy.holding_share)
        if not lasting.any():
            lasting = holds.astype(bool)
        if not lasting.any():
            return None
        return int(np.ceil(self.edges[int(np.argmax(lasting))]))

    def evidence(self, signal: str, description: str, comparison: str, threshold: Threshold) -> Evidence:
        """The signal's judged median beside its threshold."""
        return Evidence(
            signal, description, self.median(self.windowed(signal)), comparison, threshold.value, threshold.source
        )


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
