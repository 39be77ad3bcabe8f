"""The label of a run, from measurements that no detector reads. The rules are written down in studies/lab/LABELS.md."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gandiag.lab.scenario import AMBIGUOUS, HEALTHY

Holds = NDArray[np.bool_]
LEARNED, POOR, BEHIND = 0.6, 0.4, 2.0
GOOD_COVERAGE, GOOD_EVENNESS, GOOD_SPREAD = 0.85, 0.65, 0.5
RESTING_SHARE, RESTING = 0.1, 0.003
SAME_LOGIT, PUSHED, PUSHED_FACTOR = 1e-3, 0.03, 10.0
NEVER_SPREAD, TWIN_SPREAD = 0.01, 0.3
TOTAL_SPREAD, TOTAL_EVENNESS, CYCLING = 0.3, 0.35, 0.5
PARTIAL_COVERAGE, PARTIAL_EVENNESS, WITHIN = 0.75, 0.5, 0.3
FARTHER, BLOWN_UP, GROWING = 2.0, 50.0, 1.5
WANDERING, RESTLESS, PROGRESS = 0.3, 2.0, 0.1
HOLDING, LASTING = 0.8, 0.9


@dataclass(frozen=True)
class Found:
    """One failure that the oracle found.

    Attributes:
        failure: One of the three.
        kind: Which kind of it.
        onset: First snapshot's iteration from which it held.
    """

    failure: str
    kind: str
    onset: int


@dataclass(frozen=True)
class Course:
    """The oracle's measurements of one run, beside those of its twin.

    Attributes:
        table: A row a snapshot; missing is NaN.
        pushed: The row after the attempt to bring the generator back to life; ``None`` if none was made.
        twin: The twin's course; ``None`` where the run is its own.
        points: Whether the samples are points.
    """

    table: pd.DataFrame
    pushed: pd.Series | None
    twin: "Course | None"
    points: bool

    @classmethod
    def of(cls, oracle: pd.DataFrame, twin: pd.DataFrame | None, points: bool) -> "Course":
        """From the tables that a run left behind."""
        training = oracle[oracle["phase"] == "training"].reset_index(drop=True)
        pushed = oracle[oracle["phase"] == "pushed"]
        return cls(
            training,
            pushed.iloc[0] if len(pushed) else None,
            None if twin is None else cls.of(twin, None, points),
            points,
        )

    def column(self, name: str) -> NDArray[Any]:
        """One measurement a snapshot; NaN where it was not made."""
        if name not in self.table:
            return np.full(len(self.table), np.nan)
        return self.table[name].to_numpy(dtype=float)

    @property
    def learned(self) -> NDArray[Any]:
        """Share of the way from the start to the data."""
        distance, floor = self.column("distance"), self.column("floor")
        start = distance[~np.isnan(distance)]
        if not len(start) or np.isnan(floor).all():
            return np.full(len(self.table), np.nan)
        least = float(np.nanmedian(floor))
        learned: NDArray[Any] = 1 - (distance - least) / max(float(start[0]) - least, 1e-12)
        return learned

    def last(self, values: NDArray[Any]) -> NDArray[Any]:
        """The last third of the snapshots."""
        return values[-max(1, len(values) // 3) :]

    def median(self, name: str) -> float:
        """Over the last third; NaN if it was not measured there."""
        return _median(self.last(self.column(name)))

    def ends_with(self, holds: Holds) -> bool:
        """Whether a condition holds at the end."""
        return bool(self.last(holds).mean() >= HOLDING)

    def at_rest(self) -> Holds:
        """Where the samples do not move, or a tenth as much as the twin's."""
        moved = self.column("moved")
        usual = self.twin.median("moved") if self.twin is not None else 0.0
        least = max(RESTING, RESTING_SHARE * (0.0 if np.isnan(usual) else usual))
        return np.asarray(moved <= least)

    def onset(self, holds: Holds, twins: Holds | None) -> int:
        """First snapshot from which a condition lasts and at which the twin does not show it."""
        remaining = np.cumsum(holds[::-1])[::-1] / np.arange(len(holds), 0, -1)
        lasting = holds & (remaining >= LASTING)
        if twins is not None and self.twin is not None:
            at = np.searchsorted(self.twin.column("iteration"), self.column("iteration")).clip(0, len(twins) - 1)
            lasting = lasting & ~twins[at]
        if not lasting.any():
            lasting = holds
        return int(self.column("iteration")[int(np.argmax(lasting))])


def is_good(run: Course) -> bool:
    """Rule 1."""
    return bool(
        _median(run.last(run.learned)) >= LEARNED
        and run.median("coverage") >= GOOD_COVERAGE
        and run.median("evenness") >= GOOD_EVENNESS
        and run.median("spread") >= GOOD_SPREAD
    )


def find_failures(run: Course) -> list[Found]:
    """Rules 2 to 4, by onset."""
    rested = _vanished(run)
    found = [one for one in (rested, _lost_in_depth(run)) if one is not None][:1]
    if rested is None and (collapsed := _collapsed(run)) is not None:
        found.append(collapsed)
    if (unsettled := _unsettled(run)) is not None:
        found.append(unsettled)
    return sorted(found, key=lambda one: one.onset)


def label(run: Course) -> tuple[str, list[Found]]:
    """The label of a run, and all failures found in it."""
    found = find_failures(run)
    if not found:
        alive = not run.median("logit_spread") < SAME_LOGIT
        return (HEALTHY if is_good(run) and alive else AMBIGUOUS), []
    if run.twin is not None and found[0].failure in {one.failure for one in find_failures(run.twin)}:
        return AMBIGUOUS, found
    return found[0].failure, found


def _vanished(run: Course) -> Found | None:
    """Rule 2, by rest."""
    resting = run.at_rest()
    if is_good(run) or not run.ends_with(resting) or not _falls_short(run):
        return None
    onset = run.onset(resting, None)
    if run.median("logit_spread") < SAME_LOGIT or run.median("response") < SAME_LOGIT:
        return Found("vanishing_gradients", "dead_discriminator", onset)
    pushed = float("nan") if run.pushed is None else float(run.pushed.get("moved", np.nan))
    revived = pushed > max(PUSHED, PUSHED_FACTOR * run.median("moved"))
    return Found("vanishing_gradients", "saturated_discriminator" if revived else "lost_in_depth", onset)


def _falls_short(run: Course) -> bool:
    """Whether the samples ended far from the data, or twice as far as the twin's."""
    behind = run.twin is not None and run.median("distance") >= BEHIND * run.twin.median("distance")
    return behind or _median(run.last(run.learned)) < POOR


def _lost_in_depth(run: Course) -> Found | None:
    """Rule 2, by a generator that never learnt to use its noise."""
    spread = run.column("spread")
    known = spread[~np.isnan(spread)]
    if run.twin is None or not len(known) or known.max() >= NEVER_SPREAD or run.twin.median("spread") < TWIN_SPREAD:
        return None
    alike, twins = np.asarray(spread < NEVER_SPREAD), np.asarray(run.twin.column("spread") < NEVER_SPREAD)
    return Found("vanishing_gradients", "lost_in_depth", run.onset(alike, twins))


def _collapse_conditions(run: Course) -> dict[str, Holds]:
    """Rule 3 a snapshot, each kind without regard to the others."""
    evenness = run.column("evenness")
    conditions = {
        "total": (run.column("spread") < TOTAL_SPREAD) & (evenness < TOTAL_EVENNESS),
        "partial": (run.column("coverage") <= PARTIAL_COVERAGE) | (evenness <= PARTIAL_EVENNESS),
    }
    if not run.points:
        conditions["within_class"] = run.column("within_spread") < WITHIN
    return conditions


def _collapsed(run: Course) -> Found | None:
    """Rule 3."""
    conditions = _collapse_conditions(run)
    for kind, holds in conditions.items():
        if not run.ends_with(holds):
            continue
        # Whatever is lacking at first counts from when something was first lacking for good.
        anything = np.logical_or.reduce(list(conditions.values()))
        twins = None
        if run.twin is not None:
            twins = np.logical_or.reduce(list(_collapse_conditions(run.twin).values()))
        hopping = kind == "total" and (run.last(run.column("flipped")) >= CYCLING).mean() >= CYCLING
        return Found("mode_collapse", "cycling" if hopping else kind, run.onset(anything, twins))
    return None


def _unsettled(run: Course) -> Found | None:
    """Rule 4."""
    return _diverged(run) or _wandered(run)


def _diverged(run: Course) -> Found | None:
    broken = np.asarray(run.column("finite_share") < 1)
    if broken.any():
        return Found("non_convergence", "divergence", run.onset(broken, None))
    distance, logits = run.column("distance"), run.column("logit_size")
    farther = np.asarray(distance >= FARTHER * distance[0])
    if run.ends_with(farther):
        return Found("non_convergence", "divergence", run.onset(farther, None))
    large = np.asarray(logits > BLOWN_UP)
    growing = run.median("logit_size") >= GROWING * _median(_middle(logits))
    if run.ends_with(large) and growing and not is_good(run):
        return Found("non_convergence", "divergence", run.onset(large, None))
    return None


def _wandered(run: Course) -> Found | None:
    """Oscillation and stagnation."""
    spread_out = np.asarray(run.column("spread") >= TOTAL_SPREAD)
    learned = run.learned
    progress = _median(run.last(learned)) - _median(_middle(learned))
    if is_good(run) or not run.ends_with(spread_out) or run.ends_with(run.at_rest()) or not progress < PROGRESS:
        return None
    restless = _restless(run, run.twin)
    if run.ends_with(restless):
        twins = None if run.twin is None else _restless(run.twin, run.twin)
        return Found("non_convergence", "oscillation", run.onset(restless, twins))
    if _median(run.last(learned)) < POOR:
        return Found("non_convergence", "stagnation", run.onset(np.asarray(learned < POOR), None))
    return None


def _restless(run: Course, twin: Course | None) -> Holds:
    usual = float("nan") if twin is None else twin.median("moved")
    with np.errstate(invalid="ignore"):
        return np.asarray((run.column("flipped") >= WANDERING) | (run.column("moved") >= RESTLESS * usual))


def _middle(values: NDArray[Any]) -> NDArray[Any]:
    third = max(1, len(values) // 3)
    return values[-2 * third : -third]


def _median(values: NDArray[Any]) -> float:
    return float("nan") if not len(values) or np.isnan(values).all() else float(np.nanmedian(values))
