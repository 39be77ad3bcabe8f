"""What is to be drawn, as plain arrays: long series thinned, medians taken, scales and moments chosen."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from gandiag.detect.finding import Diagnosis, Evidence, Finding
from gandiag.recording import Recording
from gandiag.report.wording import crossed_first, onset

MAX_POINTS = 1500
LOG_SPAN = 100.0
# Float32's range, squared nowhere: beyond it, axis arithmetic overflows.
LARGEST, SMALLEST = 1e45, 1e-45


@dataclass(frozen=True)
class Curve:
    """A series made ready to draw.

    Attributes:
        x: Iterations of the thinned series, with shape ``(m,)``.
        y: Its finite values, with shape ``(m,)``.
        median_x: Iterations at which the rolling median is given, with shape ``(k,)``.
        median_y: The rolling median, with shape ``(k,)``.
        not_finite: Iterations at which the value was infinite.
    """

    x: np.ndarray
    y: np.ndarray
    median_x: np.ndarray
    median_y: np.ndarray
    not_finite: np.ndarray

    @property
    def empty(self) -> bool:
        return not len(self.x) and not len(self.not_finite)


@dataclass(frozen=True)
class EvidencePanel:
    """One piece of evidence beside the series that it was read from."""

    finding: Finding
    evidence: Evidence
    curve: Curve

    @property
    def on_scale(self) -> bool:
        """Whether the value is one that the series takes, so that its threshold can be drawn beside it.

        A median always is; a share or a ratio that was computed from the series need not be.
        """
        value, y = self.evidence.value, self.curve.y
        if math.isnan(value):
            return True
        if math.isinf(value):
            return bool(len(self.curve.not_finite))
        if not len(y):
            return False
        slack = 0.01 * max(abs(value), float(np.ptp(y)))
        return bool(y.min() - slack <= value <= y.max() + slack)


@dataclass(frozen=True)
class Moment:
    """Samples of one iteration and what they stand for in the run."""

    label: str
    iteration: int
    samples: np.ndarray


@dataclass(frozen=True)
class ClassShares:
    """How the samples of one network fell into classes: ``shares`` has shape ``(probes, classes)``."""

    network: str | None
    iterations: np.ndarray
    names: list[str]
    shares: np.ndarray


@dataclass(frozen=True)
class InputRow:
    """How far one of a generator's inputs decides what it makes: 0 not at all, 1 alone."""

    network: str
    name: str
    kind: str
    sensitivity: float


def decimate(x: np.ndarray, y: np.ndarray, at_most: int = MAX_POINTS) -> tuple[np.ndarray, np.ndarray]:
    """Thin a series to its smallest and largest value in each of many equal stretches, so that spikes survive.

    Args:
        x: Positions, with shape ``(n,)``.
        y: Finite values, with shape ``(n,)``.
        at_most: Largest number of points to keep, at least 4.

    Returns:
        Positions and values in their order, the first, the last and all extremes among them.
    """
    if len(y) <= at_most:
        return x, y
    edges = np.linspace(0, len(y), (at_most - 2) // 2 + 1).astype(int)
    keep = {0, len(y) - 1}
    for start, stop in pairwise(edges):
        if stop > start:
            keep.add(start + int(np.argmin(y[start:stop])))
            keep.add(start + int(np.argmax(y[start:stop])))
    kept = np.array(sorted(keep))
    return x[kept], y[kept]


def median_window(length: int) -> int:
    """Width of the rolling median, in points: a fortieth of the series, odd, and 3 at least."""
    return max(3, length // 40) | 1


def rolling_median(y: np.ndarray, window: int, at_most: int = MAX_POINTS // 2) -> tuple[np.ndarray, np.ndarray]:
    """Centred rolling median, cut short at the ends, at evenly spaced places.

    Args:
        y: Values, with shape ``(n,)``.
        window: Points in the window, odd.
        at_most: Number of places at which it is taken; a long series need not pay for all of them.

    Returns:
        The places, as positions in ``y``, and the medians there.
    """
    if not len(y):
        return np.array([], int), np.array([])
    places = np.unique(np.linspace(0, len(y) - 1, min(len(y), at_most)).round().astype(int))
    half = window // 2
    medians = [np.median(y[max(0, place - half) : place + half + 1]) for place in places]
    return places, np.array(medians)


def curve(series: pd.Series) -> Curve:
    """A series indexed by iteration, thinned and smoothed; infinite values are set apart."""
    series = series[series.index.notna()].sort_index(kind="stable")
    x = series.index.to_numpy(dtype=float)
    y = series.to_numpy(dtype=float)
    # Infinity is an event of its own: neither a point on the curve nor part of its median.
    finite = np.isfinite(y)
    not_finite = x[np.isinf(y)]
    x, y = x[finite], y[finite].clip(-LARGEST, LARGEST)
    places, medians = rolling_median(y, median_window(len(y)))
    thin_x, thin_y = decimate(x, y)
    return Curve(thin_x, thin_y, x[places], medians, np.unique(not_finite))


def series_or_empty(recording: Recording, signal: str) -> pd.Series:
    """One signal of a recording; empty where the recording lacks it, whatever the reason."""
    try:
        return recording.series(signal)
    except (AttributeError, KeyError, TypeError, ValueError):
        return pd.Series(dtype="float64")


def prefers_log(values: np.ndarray) -> bool:
    """Whether finite values are read better on a log scale: none is negative, and they span over two decades."""
    if not len(values) or values.min() < 0:
        return False
    positive = values[values > 0]
    return bool(len(positive)) and float(positive.max()) > LOG_SPAN * float(positive.min())


def evidence_panels(recording: Recording, finding: Finding) -> list[EvidencePanel]:
    """One panel for each piece of evidence, what crossed its threshold first."""
    panels = []
    for evidence in crossed_first(finding):
        panels.append(EvidencePanel(finding, evidence, curve(series_or_empty(recording, evidence.signal))))
    return panels


def networks(table: pd.DataFrame) -> list[str]:
    """Names of the networks in a table, in their order of names."""
    if "network" not in table or not len(table):
        return []
    return sorted({str(name) for name in table["network"].dropna()})


def layers(recording: Recording, network: str) -> list[str]:
    """Names of a network's layers, in the order in which they were recorded."""
    table = recording.layers
    if "layer" not in table or "network" not in table:
        return []
    return [str(name) for name in table.loc[table["network"].astype(str) == network, "layer"].dropna().unique()]


def curves(recording: Recording, signals: Iterable[tuple[str, str]]) -> dict[str, Curve]:
    """Curves by label, for ``(label, signal)`` pairs; signals that the recording lacks are left out."""
    found = {label: curve(series_or_empty(recording, signal)) for label, signal in signals}
    return {label: one for label, one in found.items() if not one.empty}


def moments(recording: Recording, diagnosis: Diagnosis) -> list[Moment]:
    """Samples at the start, at the onset or else the middle, and at the end; each once."""
    iterations = sorted(iteration for iteration, samples in recording.samples.items() if len(samples))
    if not iterations:
        return []
    start, end = iterations[0], iterations[-1]
    since = onset(diagnosis)
    target = (start + end) / 2 if since is None else since
    middle = min(iterations, key=lambda iteration: abs(iteration - target))
    chosen = {middle: "Middle", start: "Start", end: "End"}
    if since is not None:
        chosen[middle] = {start: "Start and onset", end: "Onset and end"}.get(middle, "Onset")
    if start == end:
        chosen = {start: "Only sample"}
    return [Moment(label, at, recording.samples[at]) for at, label in sorted(chosen.items())]


def class_shares(recording: Recording, stem: str = "class") -> list[ClassShares]:
    """Shares by class over time, one history for each sampled network; none where no judge named classes.

    Args:
        recording: The run.
        stem: ``class`` for the histogram of what the samples show, ``fidelity_class`` for how many show what was asked.
    """
    table = recording.probes
    columns = sorted(
        (column for column in table.columns if re.fullmatch(rf"{stem}_\d+", str(column))),
        key=lambda column: int(str(column).removeprefix(f"{stem}_")),
    )
    if not columns or "iteration" not in table:
        return []
    names = networks(table)
    if len(names) < 2:
        parts: list[tuple[str | None, pd.DataFrame]] = [(None, table)]
    else:
        parts = [(name, table[table["network"].astype(str) == name]) for name in names]
    found = [_shares_of(name, part, columns, stem) for name, part in parts]
    return [shares for shares in found if shares is not None]


def last_inputs(recording: Recording) -> list[InputRow]:
    """What each generator makes of each of its inputs at its last probe; none where that was not measured."""
    inputs = recording.meta.get("inputs")
    found = []
    for network, named in inputs.items() if isinstance(inputs, Mapping) else ():
        for name, described in named.items():
            series = series_or_empty(recording, f"probes.sensitivity_{name}[{network}]")
            if len(series):
                found.append(InputRow(network, name, str(described.get("kind")), float(series.iloc[-1])))
    return found


def _shares_of(network: str | None, table: pd.DataFrame, columns: list[str], stem: str) -> ClassShares | None:
    table = table.dropna(subset=["iteration"]).dropna(subset=columns, how="all")
    if not len(table):
        return None
    table = table.drop_duplicates("iteration", keep="last").sort_values("iteration")
    # A heatmap cannot show more columns than it has pixels.
    kept = np.unique(np.linspace(0, len(table) - 1, min(len(table), 400)).round().astype(int))
    table = table.iloc[kept]
    shares = table[columns].to_numpy(dtype=float)
    shares = np.where(np.isfinite(shares), shares, np.nan)
    if np.isnan(shares).all():
        return None
    labels = [column.removeprefix(f"{stem}_") for column in columns]
    return ClassShares(network, table["iteration"].to_numpy(dtype=float), labels, shares)
