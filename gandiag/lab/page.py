"""The laboratory on one page: how often verdicts are right, beside the rules that people use, and each scenario."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from gandiag.detect.alarm import ALARM_FROM
from gandiag.lab.catalogue import SCENARIOS
from gandiag.lab.confidence import Bin
from gandiag.lab.live import LiveScore
from gandiag.lab.scenario import AMBIGUOUS, HEALTHY
from gandiag.lab.score import FAILURES, UNDECIDED, Score, taken
from gandiag.metrics.share import Share
from gandiag.recording import Recording
from gandiag.report.output import write_output
from gandiag.report.rendering import render
from gandiag.report.wording import number

LABELS = (HEALTHY, *FAILURES, AMBIGUOUS)
VERDICTS = (HEALTHY, *FAILURES, UNDECIDED)
COLUMNS = (*FAILURES, "any failure", "false alarms", "right kind", "undecided", "macro-F1", "latency")
POINTS = 80
EVIDENCE = {
    "vanishing_gradients": ("signal.grad_norm[G]", "‖∂L_G/∂fake‖, logarithmic", True),
    "mode_collapse": ("probes.diversity[G]", "Distance between samples, relative to real ones", False),
    "non_convergence": ("signal.logit_fake[G]", "Mean logit of generated samples", False),
}


@dataclass(frozen=True)
class Cell:
    """One field of a table."""

    value: str = ""
    interval: str = ""
    count: int = 0
    tone: str = ""


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    word: str
    cells: list[Cell]


@dataclass(frozen=True)
class Card:
    """One scenario over its seeds."""

    name: str
    shows: str
    labels: str
    verdicts: str
    onsets: str
    tone: str
    evidence: str
    points: str
    oracle_at: float | None
    said_at: float | None


@dataclass(frozen=True)
class Mark:
    """One bin of the reliability plot, in a square of 100 × 100, and in words."""

    x: float
    y: float
    low: float
    high: float
    confidence: str
    right: str
    interval: str
    findings: int


def write_lab_page(
    scores: Sequence[Score],
    judged: pd.DataFrame,
    recordings: Mapping[tuple[str, int], Recording],
    path: str | Path,
    reliability: Sequence[Bin] = (),
    alarms: Sequence[LiveScore] = (),
) -> Path:
    """Write the page on one split.

    Args:
        scores: The detector in question first, then those that it is compared with.
        judged: The labels with its verdicts, as :func:`gandiag.lab.score.judge_runs` returns them.
        recordings: (scenario, seed) → recording, for the curves.
        path: Where to write.
        reliability: How sure gandiag was of findings on calibration, and how many of them were right.
        alarms: What its alarm said while training, by when it begins to listen.

    Raises:
        GandiagError: If the file cannot be written.
    """
    ours = scores[0]
    certain = judged[judged["label"] != AMBIGUOUS]
    wrong = int((taken(certain) != certain["label"]).sum())
    introduction = [
        f"{ours.detector} on the {ours.split.replace('_', '-')} split: {len(certain)} runs of "
        f"{judged['scenario'].nunique()} recipes, {wrong} judged wrongly; {len(judged) - len(certain)} more runs are "
        f"ambiguous and kept apart. The labels are an oracle's, which reads what no detector may.",
        "Shares stand with their Wilson 95 % intervals. Latency is the median, in shares of the run, of the onset that "
        "is named in hindsight after the oracle's.",
    ]
    content = render(
        "lab.html.j2",
        title="How often is the verdict right?",
        paragraphs=introduction,
        verdicts=[_words(one) for one in VERDICTS],
        confusion=[_confusion_row(judged, label) for label in LABELS],
        columns=[_words(one) for one in COLUMNS],
        scores=[_score_row(one) for one in scores],
        marks=[_mark(one) for one in reliability],
        alarmed_on=alarms[0].split.replace("_", "-") if alarms else "",
        alarms=[_alarm_row(one) for one in alarms],
        cards=_cards(judged, recordings),
    )
    return write_output(path, content)


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _confusion_row(judged: pd.DataFrame, label: str) -> Row:
    own = judged[judged["label"] == label]
    counts = {verdict: int((own["verdict"] == verdict).sum()) for verdict in VERDICTS}
    return Row(_words(label), [Cell(count=n, tone=_tone(n, label, verdict)) for verdict, n in counts.items()])


def _tone(count: int, label: str, verdict: str) -> str:
    if not count:
        return "zero"
    if label == AMBIGUOUS:
        return ""
    return "right" if verdict == label else "wrong"


def _score_row(one: Score) -> Row:
    shares = [one.sensitivity[name] for name in FAILURES]
    shares += [one.any_failure, one.false_alarms, one.right_kind, one.undecided]
    numbers = [number(one.macro_f1), _percent(one.latency)]
    return Row(one.detector, [_share_cell(share) for share in shares] + [Cell(value) for value in numbers])


def _share_cell(share: Share) -> Cell:
    low, high = share.interval
    return Cell(f"{share.value:.0%}", f"{low:.0%}–{high:.0%}") if share.of else Cell("–")


def _mark(one: Bin) -> Mark:
    low, high = one.right.interval
    return Mark(
        x=round(100 * one.confidence, 1),
        y=round(100 * (1 - one.right.value), 1),
        low=round(100 * (1 - low), 1),
        high=round(100 * (1 - high), 1),
        confidence=f"{one.confidence:.2f}",
        right=f"{one.right.value:.0%}",
        interval=f"{low:.0%}–{high:.0%}",
        findings=one.right.of,
    )


def _alarm_row(one: LiveScore) -> Row:
    delays = [Cell(_percent(one.delay)), Cell(_percent(one.at_best))]
    shares = [_share_cell(share) for share in (one.early, one.false_alarms, one.taken_back)]
    words = f"from step {one.begins:,}" + (" (as shipped)" if one.begins == ALARM_FROM else "")
    return Row(words, [_share_cell(one.raised), *delays, *shares])


def _percent(value: float) -> str:
    return "–" if np.isnan(value) else "never" if np.isinf(value) else f"{value:+.0%}"


def _cards(judged: pd.DataFrame, recordings: Mapping[tuple[str, int], Recording]) -> list[Card]:
    """Scenarios with wrong verdicts first, those without any certain label last."""
    order = {"missed": 0, "": 1, "unsure": 2}
    cards = [_card(str(name), own, recordings) for name, own in judged.groupby("scenario", sort=False)]
    return sorted(cards, key=lambda card: order[card.tone])


def _card(name: str, own: pd.DataFrame, recordings: Mapping[tuple[str, int], Recording]) -> Card:
    certain = own["label"] != AMBIGUOUS
    missed = certain & (taken(own) != own["label"])
    shown = own[missed].iloc[0] if missed.any() else own.iloc[0]
    failure = next((one for one in (shown["label"], shown["verdict"]) if one in EVIDENCE), "mode_collapse")
    signal, words, logarithmic = EVIDENCE[failure]
    series = recordings[name, int(shown["seed"])].series(signal)
    scale = 100 / max(int(shown["iterations"]), 1)
    return Card(
        name,
        SCENARIOS[name].shows,
        _counted(own["label"], own["kind"]),
        _counted(own["verdict"], own["verdict_kind"]),
        f"oracle {_median(own['onset'])}, detector {_median(own['verdict_onset'])} of {int(shown['iterations']):,}",
        "missed" if missed.any() else "" if certain.any() else "unsure",
        f"Seed {int(shown['seed'])}: {words}",
        _polyline(series, int(shown["iterations"]), logarithmic),
        None if pd.isna(shown["onset"]) else round(float(shown["onset"]) * scale, 1),
        None if pd.isna(shown["verdict_onset"]) else round(float(shown["verdict_onset"]) * scale, 1),
    )


def _counted(names: pd.Series, kinds: pd.Series) -> str:
    """Names with their kinds, and how often each."""
    words = [
        name.replace("_", " ") + (f" ({str(kind).replace('_', ' ')})" if pd.notna(kind) and name in FAILURES else "")
        for name, kind in zip(names, kinds, strict=True)
    ]
    return ", ".join(f"{count} × {word}" for word, count in pd.Series(words).value_counts().items())


def _median(values: pd.Series) -> str:
    known = values.dropna()
    return f"{int(known.median()):,}" if len(known) else "–"


def _polyline(series: pd.Series, iterations: int, logarithmic: bool) -> str:
    """A curve of at most 80 points in a box of 100 × 30; empty where there are fewer than two."""
    finite = series[np.isfinite(series)]
    if logarithmic:
        finite = np.log10(finite.clip(lower=1e-12))
    if len(finite) < 2:
        return ""
    windows = (finite.index * POINTS) // max(iterations, 1)
    medians = finite.groupby(windows).median()
    low, high = float(medians.min()), float(medians.max())
    heights = 28 - 26 * (medians - low) / max(high - low, 1e-12)
    return " ".join(f"{x * 100 / POINTS:.1f},{y:.1f}" for x, y in heights.items())
