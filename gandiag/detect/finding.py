"""What a diagnosis says: findings, each with its status, onset, evidence and remedies."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

DIAGNOSIS_SCHEMA_VERSION = 1


class Failure(StrEnum):
    """The three failures of a GAN, mistakes in the loop that may lie behind them, and what becomes of its inputs."""

    VANISHING_GRADIENTS = "vanishing_gradients"
    MODE_COLLAPSE = "mode_collapse"
    NON_CONVERGENCE = "non_convergence"
    WIRING = "wiring"
    INPUTS = "inputs"


class Status(StrEnum):
    """Whether a failure is there; ``NOT_ENOUGH_DATA`` is an answer of its own, never a clean bill."""

    FAIL = "fail"
    WARN = "warn"
    PASS = "pass"
    NOT_ENOUGH_DATA = "not_enough_data"


class Verdict(StrEnum):
    """The one word on a run."""

    HEALTHY = "healthy"
    VANISHING_GRADIENTS = "vanishing_gradients"
    MODE_COLLAPSE = "mode_collapse"
    NON_CONVERGENCE = "non_convergence"
    INSUFFICIENT_DATA = "insufficient_data"


@dataclass(frozen=True)
class Evidence:
    """One number beside the threshold that it was held against.

    Attributes:
        signal: Where the number comes from, as :meth:`gandiag.recording.Recording.series` takes it.
        description: The signal in words, with its unit.
        value: The median over the judged stretch; NaN where the signal is missing.
        comparison: ``"<"`` or ``">"``: on which side of the threshold the failure lies.
        threshold: The threshold in force.
        source: The paper or the measurement that the threshold comes from.
        crossed: Whether ``value`` lies on the failure's side.
    """

    signal: str
    description: str
    value: float
    comparison: str
    threshold: float
    source: str

    @property
    def crossed(self) -> bool:
        if math.isnan(self.value):
            return False
        return self.value < self.threshold if self.comparison == "<" else self.value > self.threshold

    def __str__(self) -> str:
        relation = self.comparison if self.crossed else "not " + self.comparison
        return f"{self.description} is {self.value:.3g} ({relation} {self.threshold:g})"


@dataclass(frozen=True)
class Remedy:
    """Something to do next, and why it should help.

    Attributes:
        action: What to change, as an instruction.
        reason: The evidence that it helps: a paper or a measurement.
    """

    action: str
    reason: str


@dataclass(frozen=True)
class Finding:
    """What one detector found out about one failure.

    Attributes:
        failure: The failure in question.
        status: Whether it is there.
        kind: Which kind of it, such as ``"saturated_discriminator"``; ``None`` unless ``status`` is fail or warn.
        onset: First iteration from which it held; ``None`` unless ``status`` is fail or warn.
        reason: One sentence.
        evidence: The numbers behind it, those that crossed their threshold first.
        remedies: What to do next, the most promising first.
        confidence: How often such a finding was right on calibration runs, in [0, 1]; of a pass, how often the failure
            was not there. ``None`` where there were none like it, and of wiring and inputs.
    """

    failure: Failure
    status: Status
    reason: str
    kind: str | None = None
    onset: int | None = None
    evidence: tuple[Evidence, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    confidence: float | None = None


@dataclass(frozen=True)
class Diagnosis:
    """The verdict on a run and all that stands behind it.

    Attributes:
        verdict: The failure that set in first among those found; ``healthy`` if none was and all could be judged.
        findings: One for each failure, the verdict's first.
        iterations: Generator steps that the run recorded.
        policy: The thresholds in force, as printed in the report.
        wiring: Mistakes in the loop itself; they do not decide the verdict.
        inputs: Labels, noise or conditions that a generator ignores or confuses; they do not decide it either.
        confidence: How often such a verdict was right on calibration runs, in [0, 1]; ``None`` where nothing could be
            decided or there were none like it.
    """

    verdict: Verdict
    findings: tuple[Finding, ...]
    iterations: int
    policy: dict[str, Any]
    wiring: tuple[Finding, ...] = ()
    inputs: tuple[Finding, ...] = ()
    confidence: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; NaN and infinity become ``None``."""
        return {
            "schema_version": DIAGNOSIS_SCHEMA_VERSION,
            "verdict": self.verdict.value,
            "confidence": self.confidence,
            "iterations": self.iterations,
            "findings": [_finding_to_dict(finding) for finding in self.findings],
            "wiring": [_finding_to_dict(finding) for finding in self.wiring],
            "inputs": [_finding_to_dict(finding) for finding in self.inputs],
            "policy": self.policy,
        }

    @property
    def main(self) -> Finding:
        """The finding that the verdict rests on."""
        return self.findings[0]

    @property
    def found(self) -> str:
        """The verdict and the kinds of findings on inputs, such as ``healthy; labels ignored``."""
        return "; ".join([self.verdict, *(f.kind or "" for f in self.inputs)]).replace("_", " ")

    def __str__(self) -> str:
        lines = [f"Verdict: {self._headline()}", f"Why:     {self.why}"]
        lines += [f"         - {evidence}" for evidence in self.main.evidence if evidence.crossed]
        lines += [f"{'Next:    ' if not i else '         '}{r.action}" for i, r in enumerate(self.main.remedies[:3])]
        others = [finding for finding in self.findings[1:] if finding.status in (Status.FAIL, Status.WARN)]
        lines += [f"Also:    {f.failure.replace('_', ' ')} ({f.status}{_sure(f)}): {f.reason}" for f in others]
        lines += [f"Wiring:  {f.reason} {f.remedies[0].action}." for f in self.wiring]
        lines += [f"Inputs:  {f.reason} {f.remedies[0].action}." for f in self.inputs]
        return "\n".join(lines)

    def _headline(self) -> str:
        words = self.verdict.replace("_", " ")
        if self.main.status is Status.FAIL:
            words += f" ({(self.main.kind or '').replace('_', ' ')}), since iteration {self.main.onset}"
        return words + _sure(self)

    @property
    def why(self) -> str:
        """The verdict's reason in one sentence."""
        if self.verdict is not Verdict.HEALTHY:
            return self.main.reason
        if self.main.status is Status.WARN:
            return f"No failure is established, but there are signs of {self.main.failure.replace('_', ' ')}: " + (
                self.main.reason
            )
        return "All three failures were looked for, and none was found."


def _sure(judged: Finding | Diagnosis) -> str:
    return "" if judged.confidence is None else f", confidence {judged.confidence:.2f}"


def _finding_to_dict(finding: Finding) -> dict[str, Any]:
    return {
        "failure": finding.failure.value,
        "kind": finding.kind,
        "status": finding.status.value,
        "onset": finding.onset,
        "confidence": finding.confidence,
        "reason": finding.reason,
        "evidence": [
            {
                "signal": evidence.signal,
                "description": evidence.description,
                "value": _finite_or_none(evidence.value),
                "comparison": evidence.comparison,
                "threshold": _finite_or_none(evidence.threshold),
                "crossed": evidence.crossed,
                "source": evidence.source,
            }
            for evidence in finding.evidence
        ],
        "remedies": [{"action": remedy.action, "reason": remedy.reason} for remedy in finding.remedies],
    }


def _finite_or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
