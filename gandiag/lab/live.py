"""What the alarm says while training: recordings replayed probe by probe, through the monitor's own alarm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gandiag.detect import Verdict
from gandiag.detect.alarm import ALARM_FROM, Alarm
from gandiag.detect.policy import UNKNOWN
from gandiag.lab.baselines import Detector
from gandiag.lab.scenario import AMBIGUOUS, HEALTHY
from gandiag.metrics.share import Share
from gandiag.recording import Recording

LIVE = "live.csv"
BEGINNINGS = (UNKNOWN.least_iterations, 400, 600, ALARM_FROM)

Course = Sequence[tuple[int, str]]
"""Iteration and verdict at each probe."""


@dataclass(frozen=True)
class LiveScore:
    """An alarm that begins to listen after some generator steps, on one split; ambiguous runs are left out.

    Attributes:
        split: The split.
        begins: The generator steps.
        raised: Share of the failing runs in which an alarm named a failure that holds there.
        delay: Median of (that alarm − the oracle's onset) / iterations over all failing runs; where it was never raised
            it counts as infinite.
        at_best: The same for an alarm that is raised at the onset, or as soon as it listens, in runs that are that
            long.
        early: Share of the failing runs with an alarm before the oracle's onset.
        false_alarms: Share of the healthy runs with an alarm.
        taken_back: Share of the runs with an alarm in which a later verdict was another.
    """

    split: str
    begins: int
    raised: Share
    delay: float
    at_best: float
    early: Share
    false_alarms: Share
    taken_back: Share


def verdicts_in_passing(detector: Detector, recording: Recording) -> Course:
    """The verdict at each probe, on what was recorded until then."""
    moments = sorted(set(recording.probes["iteration"].astype(int)))
    return [(at, detector(recording.until(at)).verdict) for at in moments]


def replay(detector: Detector, labels: pd.DataFrame, recordings: Mapping[tuple[str, int], Recording]) -> pd.DataFrame:
    """All alarms of all runs but the ambiguous ones.

    Returns:
        A row a run and beginning: the labels' ``scenario, seed, split, iterations, label, onset, all``, and ``begins``,
        ``alarm`` (iteration of the first), ``right_alarm`` (of the first that names a failure that holds; both NaN
        where there is none), ``alarms`` and ``taken_back``.
    """
    kept = ["scenario", "seed", "split", "iterations", "label", "onset", "all"]
    rows: list[dict[str, object]] = []
    for values in labels[labels["label"] != AMBIGUOUS][kept].itertuples(index=False, name=None):
        row = dict(zip(kept, values, strict=True))
        course = verdicts_in_passing(detector, recordings[row["scenario"], row["seed"]])
        rows += [row | {"begins": begins} | _alarms(course, begins, str(row["all"])) for begins in BEGINNINGS]
    return pd.DataFrame(rows)


def _alarms(course: Course, begins: int, found: str) -> dict[str, object]:
    alarm = Alarm(begins)
    heard = [(at, verdict) for at, verdict in course if alarm.listens(at) and alarm.is_raised_by(Verdict(verdict))]
    right = [at for at, verdict in heard if f"{verdict}/" in found]
    return {
        "alarm": heard[0][0] if heard else np.nan,
        "right_alarm": right[0] if right else np.nan,
        "alarms": len(heard),
        "taken_back": bool(heard) and any(at > heard[0][0] and verdict != heard[0][1] for at, verdict in course),
    }


def live_scores(replayed: pd.DataFrame) -> list[LiveScore]:
    """Scores of what :func:`replay` returned, the earliest beginning first."""
    return [_score(int(str(begins)), own) for begins, own in replayed.groupby("begins")]


def _score(begins: int, own: pd.DataFrame) -> LiveScore:
    failing, healthy = own[own["label"] != HEALTHY], own[own["label"] == HEALTHY]
    soonest = failing["onset"].clip(lower=begins).where(failing["iterations"] >= begins)
    alarmed = own[own["alarms"] > 0]
    return LiveScore(
        str(own["split"].iloc[0]),
        begins,
        _share(failing["right_alarm"].notna()),
        _median_delay(failing, failing["right_alarm"]),
        _median_delay(failing, soonest),
        _share(failing["alarm"] < failing["onset"]),
        _share(healthy["alarms"] > 0),
        _share(alarmed["taken_back"]),
    )


def _median_delay(failing: pd.DataFrame, alarm: pd.Series) -> float:
    delays = ((alarm - failing["onset"]) / failing["iterations"]).fillna(np.inf)
    # Of an even number with one infinite half, the median is no number.
    return float(delays.quantile(0.5, interpolation="higher")) if len(delays) else float("nan")


def _share(holds: pd.Series) -> Share:
    return Share(int(holds.sum()), len(holds))
