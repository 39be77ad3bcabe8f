"""How sure a finding or a verdict is: how often its like was right on the laboratory's calibration runs."""

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

from gandiag.detect.finding import Evidence, Finding, Status, Verdict

TABLE = "confidence.csv"
DECADES = 3.0  # no number is farther from its threshold than a thousandfold

Group = tuple[str, str]
"""Role (``decides``, ``also``, ``warn`` or ``pass``) and failure. Of a clean bill: ``decides``, or ``signs`` if
there are signs of a failure all the same, and ``healthy``."""


@dataclass(frozen=True)
class Curve:
    """Confidence of one group of findings against their margin: σ(intercept + slope × margin), at most ``most``.

    Attributes:
        intercept: Log-odds at the threshold.
        slope: Log-odds a decade beyond it, at least 0.
        most: (n + ½) / (n + 1): no more than n recipes can show, were all findings on them right (Jeffreys' rule).
        recipes: How many recipes n the findings come from that the curve was fitted to.
        findings: How many findings these are.
        right: How many of them were right.
    """

    intercept: float
    slope: float
    most: float
    recipes: int
    findings: int
    right: int

    def at(self, margin: float) -> float:
        """Confidence at a margin, in [0, 1]."""
        return min(self.most, 1 / (1 + math.exp(-(self.intercept + self.slope * margin))))


Curves = Mapping[Group, Curve]


@cache
def packaged_curves() -> Curves:
    """The curves that ``studies/lab/confidence.py`` fitted; they stand in ``gandiag/detect/confidence.csv``."""
    text = resources.files("gandiag.detect").joinpath(TABLE).read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {(row["role"], row["failure"]): _curve(row) for row in rows}


def _curve(row: Mapping[str, str]) -> Curve:
    return Curve(
        float(row["intercept"]),
        float(row["slope"]),
        float(row["most"]),
        int(row["recipes"]),
        int(row["findings"]),
        int(row["right"]),
    )


def rated(findings: Sequence[Finding], curves: Curves) -> tuple[Finding, ...]:
    """The same findings, the one that decides the verdict first, each with its confidence."""
    return tuple(
        replace(finding, confidence=_look_up(curves, group_of(finding, not place), margin(finding)))
        for place, finding in enumerate(findings)
    )


def confidence_in(verdict: Verdict, findings: Sequence[Finding], curves: Curves) -> float | None:
    """Confidence in a verdict; of ``healthy`` by the finding that was nearest to its threshold.

    ``None`` where nothing was decided, or where no calibration run was like it.
    """
    if verdict is Verdict.INSUFFICIENT_DATA:
        return None
    if verdict is Verdict.HEALTHY:
        return _look_up(curves, clean_group(findings), clean_margin(findings))
    return findings[0].confidence


def group_of(finding: Finding, decides: bool) -> Group | None:
    """Which findings one is compared with; ``None`` where nothing could be judged."""
    if finding.status is Status.NOT_ENOUGH_DATA:
        return None
    role = finding.status.value
    if finding.status is Status.FAIL:
        role = "decides" if decides else "also"
    return role, finding.failure.value


def margin(finding: Finding) -> float:
    """Decades between a finding's number and its threshold, at most 3, on the side that speaks for the finding.

    Of a failure or a warning, by the number that is farthest beyond its threshold; of a clean bill, by the one that is
    nearest to its own, below 0 where that was crossed.
    """
    beyond = max(_known(finding.evidence), default=0.0)
    return max(beyond, 0.0) if finding.status in (Status.FAIL, Status.WARN) else -beyond


def clean_group(findings: Iterable[Finding]) -> Group:
    """Which clean bills one is compared with."""
    return ("signs" if any(one.status is Status.WARN for one in findings) else "decides"), Verdict.HEALTHY.value


def clean_margin(findings: Iterable[Finding]) -> float:
    """The least margin of the findings behind a clean bill; a warning leaves none."""
    return min((0.0 if one.status is Status.WARN else margin(one) for one in findings), default=0.0)


def _look_up(curves: Curves, group: Group | None, at: float) -> float | None:
    return curves[group].at(at) if group is not None and group in curves else None


def _known(evidence: Iterable[Evidence]) -> list[float]:
    return [_decades(one) for one in evidence if not math.isnan(one.value)]


def _decades(evidence: Evidence) -> float:
    """How far a number lies beyond its threshold."""
    ratio = evidence.value / evidence.threshold if evidence.threshold > 0 else math.nan
    if math.isnan(ratio):
        return 0.0
    signed = math.log10(ratio) if 0 < ratio < math.inf else math.copysign(math.inf, ratio - 1)
    return max(-DECADES, min(DECADES, signed if evidence.comparison == ">" else -signed))
