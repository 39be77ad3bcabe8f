"""From findings to a verdict."""

from collections.abc import Callable
from dataclasses import replace

from gandiag.detect.collapse import ALIKE, detect_mode_collapse
from gandiag.detect.confidence import confidence_in, packaged_curves, rated
from gandiag.detect.convergence import detect_non_convergence
from gandiag.detect.finding import Diagnosis, Failure, Finding, Status, Verdict
from gandiag.detect.inputs import check_inputs
from gandiag.detect.policy import Policy, policy_for
from gandiag.detect.vanishing import detect_vanishing_gradients
from gandiag.detect.windows import RunView
from gandiag.detect.wiring import check_wiring
from gandiag.recording import Recording

DETECTORS: dict[Failure, Callable[[RunView], Finding]] = {
    Failure.VANISHING_GRADIENTS: detect_vanishing_gradients,
    Failure.NON_CONVERGENCE: detect_non_convergence,
    Failure.MODE_COLLAPSE: detect_mode_collapse,
}
"""In the order in which one entails the next where they set in together."""

SEVERITY = (Status.FAIL, Status.NOT_ENOUGH_DATA, Status.WARN, Status.PASS)
EARLY_SHARE = 0.1


def diagnose(recording: Recording, policy: Policy | None = None) -> Diagnosis:
    """The verdict on a run, from its recording alone.

    Args:
        recording: What was observed, of a run finished, killed or still going on.
        policy: The numbers in force; left out, those for the recorded loss family.

    Returns:
        The failure that set in first, as the verdict, and a finding for each. Where the samples were never diverse,
        any other failure comes before collapse: every generator begins like that, and something kept this one there.

    Examples:
        >>> diagnose(Recording()).verdict.value
        'insufficient_data'
    """
    policy = policy_for(recording.meta.get("loss")) if policy is None else policy
    iterations = recording.iterations
    if iterations < policy.least_iterations and not _broken(recording):
        return _too_short(recording, policy)
    views = {label: RunView(recording, policy, label) for label in _generators(recording)}
    findings = [
        _worst([_named(detect(view), label, len(views)) for label, view in views.items()])
        for detect in DETECTORS.values()
    ]
    findings.sort(key=lambda finding: _rank(finding, iterations))
    _put_collapse_before_what_comes_of_it(findings, recording)
    verdict, curves = _verdict(findings), packaged_curves()
    rated_findings = rated(findings, curves)
    return Diagnosis(
        verdict,
        rated_findings,
        iterations,
        policy.to_dict(),
        check_wiring(recording, policy),
        tuple(_named(finding, label, len(views)) for label, view in views.items() for finding in check_inputs(view)),
        confidence_in(verdict, rated_findings, curves),
    )


def _broken(recording: Recording) -> bool:
    """Whether something is not finite: that needs no more data."""
    return "gradients_finite" in recording.steps and not bool(recording.steps["gradients_finite"].astype(bool).all())


def _too_short(recording: Recording, policy: Policy) -> Diagnosis:
    reason = f"Only {recording.iterations} generator steps are recorded; at least {policy.least_iterations} are needed."
    findings = tuple(Finding(failure, Status.NOT_ENOUGH_DATA, reason) for failure in DETECTORS)
    return Diagnosis(
        Verdict.INSUFFICIENT_DATA,
        findings,
        recording.iterations,
        policy.to_dict(),
        check_wiring(recording, policy),
    )


def _generators(recording: Recording) -> list[str]:
    labels = recording.steps["network"].unique().tolist() if "network" in recording.steps else []
    return [str(label) for label in labels if str(label).startswith("G")] or ["G"]


def _named(finding: Finding, label: str, generators: int) -> Finding:
    """Say which generator a finding is about, where there are several."""
    return finding if generators == 1 else replace(finding, reason=f"{label}: {finding.reason}")


def _worst(findings: list[Finding]) -> Finding:
    return min(findings, key=lambda finding: SEVERITY.index(finding.status))


def _rank(finding: Finding, iterations: int) -> tuple[int, float]:
    """Failures by onset, then what could not be judged, then warnings: the first decides the verdict."""
    onset = float("inf") if finding.onset is None else float(finding.onset)
    if finding.failure is Failure.MODE_COLLAPSE and onset < EARLY_SHARE * iterations:
        onset = float("inf")
    return SEVERITY.index(finding.status), onset


def _put_collapse_before_what_comes_of_it(findings: list[Finding], recording: Recording) -> None:
    """A discriminator that runs away long after the samples became alike does so for that: they are told easily.

    A Wasserstein critic without a constraint is steep from its first steps on, whatever becomes of the samples; if they
    are all alike, that is the failure, and the critic its cause.
    """
    first = findings[0]
    if first.status is not Status.FAIL or first.kind != "divergence" or _broken(recording):
        return
    late, free = (first.onset or 0) > EARLY_SHARE * recording.iterations, recording.meta.get("loss") == "wasserstein"
    for place, finding in enumerate(findings):
        earlier = finding.onset is not None and first.onset is not None and finding.onset < first.onset
        comes_first = (late and earlier) or (free and finding.kind in ALIKE)
        if finding.failure is Failure.MODE_COLLAPSE and finding.status is Status.FAIL and comes_first:
            findings.insert(0, findings.pop(place))


def _verdict(findings: list[Finding]) -> Verdict:
    first = findings[0]
    if first.status is Status.FAIL:
        return Verdict(first.failure.value)
    return Verdict.INSUFFICIENT_DATA if first.status is Status.NOT_ENOUGH_DATA else Verdict.HEALTHY
