"""Words and numbers as a reader sees them."""

import math
from numbers import Real

from gandiag.detect.finding import Diagnosis, Evidence, Failure, Finding, Status, Verdict

VERDICT_WORDS = {
    Verdict.HEALTHY: "Healthy",
    Verdict.VANISHING_GRADIENTS: "Vanishing gradients",
    Verdict.MODE_COLLAPSE: "Mode collapse",
    Verdict.NON_CONVERGENCE: "Non-convergence",
    Verdict.INSUFFICIENT_DATA: "Insufficient data",
}
STATUS_WORDS = {
    Status.FAIL: "Fail",
    Status.WARN: "Warn",
    Status.PASS: "Pass",
    Status.NOT_ENOUGH_DATA: "Not enough data",
}
FAILURE_WORDS = {
    Failure.VANISHING_GRADIENTS: "Vanishing gradients",
    Failure.MODE_COLLAPSE: "Mode collapse",
    Failure.NON_CONVERGENCE: "Non-convergence",
    Failure.WIRING: "Wiring",
    Failure.INPUTS: "Inputs",
}
MISSING = "–"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: object) -> str:
    """Three significant digits; powers of ten written out; an en dash for what is missing.

    Examples:
        >>> number(0.031415), number(12345.0), number(3.2e-7), number(float("nan"))
        ('0.0314', '12,345', '3.2×10⁻⁷', '–')
    """
    if value is None or isinstance(value, bool) or not isinstance(value, Real):
        return MISSING if value is None else str(value)
    plain = float(value)
    if math.isnan(plain):
        return MISSING
    if math.isinf(plain):
        return "∞" if plain > 0 else "−∞"
    if 1000 <= abs(plain) < 1e6:
        return f"{plain:,.0f}".replace("-", "−")
    # A share just short of one must not read as one.
    digits = 5 if 0.995 <= abs(plain) < 1 else 3
    mantissa, _, exponent = f"{plain:.{digits}g}".partition("e")
    mantissa = mantissa.replace("-", "−")
    if not exponent:
        return mantissa
    power = "10" + str(int(exponent)).translate(_SUPERSCRIPTS)
    return power if mantissa == "1" else f"{mantissa}×{power}"


def count(value: int) -> str:
    """A whole number with thousands set apart."""
    return f"{value:,}"


def plain(name: str) -> str:
    """A machine label as words."""
    return name.replace("_", " ")


def shorten(text: str, length: int) -> str:
    """One line of at most ``length`` characters, its middle left out where it is longer.

    Examples:
        >>> shorten("a very long   name", 9)
        'a ve…name'
    """
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    tail = (length - 1) // 2
    return line[: length - 1 - tail] + "…" + line[len(line) - tail :]


def relation(evidence: Evidence) -> str:
    """How the value lies to its threshold: the failure's relation where it holds, its negation where it does not."""
    if math.isnan(evidence.value):
        return MISSING
    if evidence.crossed:
        return evidence.comparison
    return "≥" if evidence.comparison == "<" else "≤"


def comparison(evidence: Evidence) -> str:
    """Value, relation and threshold in one phrase, such as ``0.02 < 0.3``."""
    if math.isnan(evidence.value):
        return f"not measured (threshold {number(evidence.threshold)})"
    return f"{number(evidence.value)} {relation(evidence)} {number(evidence.threshold)}"


def main_finding(diagnosis: Diagnosis) -> Finding | None:
    """The finding that the verdict rests on; ``None`` where there is no finding at all."""
    return diagnosis.findings[0] if diagnosis.findings else None


def _failed(diagnosis: Diagnosis) -> Finding | None:
    """The finding of the failure that the verdict names; ``None`` where it names none."""
    main = main_finding(diagnosis)
    return main if main is not None and main.failure.value == diagnosis.verdict.value else None


def onset(diagnosis: Diagnosis) -> int | None:
    """First iteration of the failure that the verdict names."""
    failed = _failed(diagnosis)
    return failed.onset if failed else None


def kind(diagnosis: Diagnosis) -> str | None:
    """Kind of the failure that the verdict names, in words."""
    failed = _failed(diagnosis)
    return plain(failed.kind) if failed and failed.kind else None


def deciding(diagnosis: Diagnosis) -> list[Evidence]:
    """What crossed its threshold, of the failure that the verdict names."""
    failed = _failed(diagnosis)
    return [evidence for evidence in failed.evidence if evidence.crossed] if failed else []


def why(diagnosis: Diagnosis) -> str:
    """The verdict's reason in one sentence."""
    undecided = [finding for finding in diagnosis.findings if finding.status is Status.NOT_ENOUGH_DATA]
    if not diagnosis.findings:
        return "No failure was looked for."
    # A warning may stand before it among the findings, and is not why the verdict is open.
    if diagnosis.verdict is Verdict.INSUFFICIENT_DATA and undecided:
        return undecided[0].reason
    return diagnosis.why


def warning(diagnosis: Diagnosis) -> str | None:
    """Name of the failure that the verdict does not name but whose remedies it brings; ``None`` where there is none."""
    main = main_finding(diagnosis)
    if main is None or _failed(diagnosis) or main.status not in (Status.FAIL, Status.WARN):
        return None
    return FAILURE_WORDS[main.failure].lower()


def crossed_first(finding: Finding) -> list[Evidence]:
    """A finding's evidence, what crossed its threshold first."""
    return sorted(finding.evidence, key=lambda evidence: not evidence.crossed)
