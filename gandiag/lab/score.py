"""How often a detector is right, with 95 % intervals."""

import hashlib
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from gandiag.detect import Verdict, diagnose
from gandiag.errors import GandiagError
from gandiag.lab.baselines import Detector, Opinion
from gandiag.lab.scenario import AMBIGUOUS, HEALTHY, KINDS
from gandiag.metrics.share import Share
from gandiag.recording import Recording

FAILURES = tuple(KINDS)
UNDECIDED = "insufficient_data"
VERDICTS = tuple(verdict.value for verdict in Verdict)


@dataclass(frozen=True)
class Score:
    """A detector on one split; ambiguous runs are left out.

    Attributes:
        detector: Its name.
        split: The split.
        sensitivity: Failure → share of the runs with that label whose verdict it is (or another that also holds there).
        any_failure: Share of the failing runs with any failure for a verdict.
        false_alarms: Share of the healthy runs with a failure for a verdict.
        right_kind: Share of the rightly judged failing runs whose kind is named.
        undecided: Share of the runs on which nothing is said.
        macro_f1: Mean F1 over the three failures and ``healthy``.
        latency: Median of (onset − the oracle's onset) / iterations, over rightly judged failing runs.
        delay: Median of (alarm while training − the oracle's onset) / iterations, over all failing runs; infinite where
            most are never raised, NaN where it was not measured.
    """

    detector: str
    split: str
    sensitivity: Mapping[str, Share]
    any_failure: Share
    false_alarms: Share
    right_kind: Share
    undecided: Share
    macro_f1: float
    latency: float
    delay: float


def gandiag_detector(recording: Recording) -> Opinion:
    """gandiag's own verdict."""
    diagnosis = diagnose(recording)
    named = diagnosis.verdict.value in FAILURES
    return Opinion(
        diagnosis.verdict.value, diagnosis.main.onset if named else None, diagnosis.main.kind if named else None
    )


def policy_version() -> str:
    """Twelve digits that change with any rule or threshold of gandiag's detectors."""
    digest = hashlib.sha256()
    for file in sorted(resources.files("gandiag.detect").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".py"):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def load_detector(path: str) -> Detector:
    """Somebody's detector: ``module:function``, which maps a Recording to a verdict, or to (verdict, onset[, kind]).

    Raises:
        GandiagError: If there is no such function.
    """
    module, _, name = path.partition(":")
    if not name:
        raise GandiagError(f"'{path}' names no detector; give it as module:function.")
    try:
        function = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise GandiagError(f"The detector '{path}' cannot be had: {error}.") from error

    def detector(recording: Recording) -> Opinion:
        return _opinion(function(recording), path)

    return detector


def _opinion(answer: object, path: str) -> Opinion:
    if isinstance(answer, Opinion):
        return answer
    parts = answer if isinstance(answer, tuple) else (answer,)
    if not 1 <= len(parts) <= 3 or str(parts[0]) not in VERDICTS:
        raise GandiagError(f"The detector '{path}' said {answer!r}; its verdict must be one of {', '.join(VERDICTS)}.")
    onset = int(parts[1]) if len(parts) > 1 and parts[1] is not None else None
    return Opinion(str(parts[0]), onset, str(parts[2]) if len(parts) > 2 and parts[2] is not None else None)


def judge_runs(
    detector: Detector, labels: pd.DataFrame, recordings: Mapping[tuple[str, int], Recording]
) -> pd.DataFrame:
    """The labels with a detector's ``verdict``, ``verdict_kind`` and ``verdict_onset``."""
    rows = []
    for row in labels.itertuples():
        opinion = detector(recordings[str(row.scenario), int(str(row.seed))])
        rows.append(
            {
                "verdict": opinion.verdict,
                "verdict_kind": opinion.kind,
                "verdict_onset": np.nan if opinion.onset is None else float(opinion.onset),
            }
        )
    return pd.concat([labels.reset_index(drop=True), pd.DataFrame(rows)], axis="columns")


def score(judged: pd.DataFrame, detector: str, split: str, delay: float = float("nan")) -> Score:
    """Score what :func:`judge_runs` returned; ``delay`` is that of the alarm while training, where it was measured."""
    certain = judged[judged["label"] != AMBIGUOUS]
    true, said = certain["label"], taken(certain)
    failing, healthy = certain[true != HEALTHY], certain[true == HEALTHY]
    right = failing[said[failing.index] == failing["label"]]
    late = (right["verdict_onset"] - right["onset"]) / right["iterations"]
    return Score(
        detector,
        split,
        {one: _share(said[true == one] == one) for one in FAILURES},
        _share(failing["verdict"].isin(FAILURES)),
        _share(healthy["verdict"].isin(FAILURES)),
        _share(pd.Series([_has_kind(row) for _, row in right.iterrows()], dtype=bool)),
        _share(certain["verdict"] == UNDECIDED),
        macro_f1(true.tolist(), said.tolist()),
        float(late.median()) if len(late) else float("nan"),
        delay,
    )


def taken(judged: pd.DataFrame) -> pd.Series:
    """The verdicts as they count: one that names another failure that also holds in the run is right."""
    also = [row["label"] if f"{row['verdict']}/" in str(row["all"]) else row["verdict"] for _, row in judged.iterrows()]
    return pd.Series(also, index=judged.index, dtype=object)


def _has_kind(row: pd.Series) -> bool:
    """Whether the named kind is one that the oracle found of the named failure."""
    return f"{row['verdict']}/{row['verdict_kind']}@" in str(row["all"])


def macro_f1(true: Sequence[str], said: Sequence[str]) -> float:
    """Mean F1 of the classes that occur among the labels.

    Examples:
        >>> macro_f1(["healthy", "mode_collapse"], ["healthy", "healthy"])
        0.3333333333333333
    """
    scores = []
    for one in dict.fromkeys(true):
        hits = sum(t == one and s == one for t, s in zip(true, said, strict=True))
        total = sum(t == one for t in true) + sum(s == one for s in said)
        scores.append(2 * hits / total)
    return sum(scores) / len(scores) if scores else float("nan")


def _share(holds: pd.Series) -> Share:
    return Share(int(holds.sum()), len(holds))


def log_score(one: Score, path: Path, date: str, version: str) -> None:
    """Append a score to the committed log.

    Raises:
        GandiagError: If the hold-out was scored with this version before: once is the rule.
    """
    row = {"date": date, "detector": one.detector, "version": version, "split": one.split, **to_row(one)}
    if one.split == "hold_out" and was_scored(path, one.detector, version):
        raise GandiagError(f"The hold-out was scored with version {version} already; each version has one try.")
    table = pd.DataFrame([row])
    if path.exists():
        table = pd.concat([pd.read_csv(path), table], ignore_index=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, float_format="%.4g")


def was_scored(path: Path, detector: str, version: str) -> bool:
    """Whether the hold-out was scored with this version before."""
    if not path.exists():
        return False
    log = pd.read_csv(path)
    same = (log["detector"] == detector) & (log["version"] == version) & (log["split"] == "hold_out")
    return bool(same.any())


def to_row(one: Score) -> dict[str, object]:
    """A score as flat columns."""
    row: dict[str, object] = {}
    shares = {f"sensitivity_{name}": share for name, share in one.sensitivity.items()}
    shares |= {name: getattr(one, name) for name in ("any_failure", "false_alarms", "right_kind", "undecided")}
    for name, share in shares.items():
        row |= {name: share.value, f"{name}_low": share.interval[0], f"{name}_high": share.interval[1]}
        row |= {f"{name}_runs": share.of}
    return row | {"macro_f1": one.macro_f1, "latency": one.latency, "delay": one.delay}
