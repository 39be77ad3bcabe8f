"""What a generator makes of its inputs: labels, noise and conditions that it ignores or confuses."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gandiag.detect.finding import Evidence, Failure, Finding, Status
from gandiag.detect.policy import Threshold
from gandiag.detect.remedies import remedies_for
from gandiag.detect.windows import RunView, Values, above, below

Inputs = Mapping[str, Mapping[str, Any]]
"""Name of an input → its ``kind`` and, of a label, its number of ``classes``."""

CONFUSED_SHOWN = 4  # classes, as evidence


def check_inputs(run: RunView) -> tuple[Finding, ...]:
    """Findings on what one generator makes of its inputs; empty where nothing is amiss or nothing was measured.

    They do not decide the verdict. Each holds in 80 % of the last third of the run. The status is ``fail`` for what
    nobody can mean, and ``warn`` for what some do mean.
    """
    inputs: Inputs = (run.recording.meta.get("inputs") or {}).get(run.generator) or {}
    ignored = list(_ignored_labels(run, inputs))
    found = [
        *ignored,
        *(() if ignored else _confused_labels(run)),
        *_ignored_inputs(run, inputs),
        *_discriminator_without_say(run),
        *_identity_mapping(run),
        *_content_lost(run),
        *_hidden_information(run),
    ]
    return tuple(sorted(found, key=lambda finding: finding.status is not Status.FAIL))


def _finding(run: RunView, kind: str, status: Status, reason: str, holds: Values, *evidence: Evidence) -> Finding:
    return Finding(
        Failure.INPUTS,
        status,
        reason,
        kind=kind,
        onset=run.onset(holds),
        evidence=evidence,
        remedies=remedies_for(kind),
    )


def _holds(run: RunView, holds: Values) -> bool:
    return run.status(holds) is Status.FAIL


def _sensitivity(run: RunView, name: str, threshold: Threshold) -> tuple[Values, Evidence]:
    signal = run.own(f"probes.sensitivity_{name}")
    described = f"Change of the samples when input {name} alone is exchanged, relative to other samples"
    return run.windowed(signal), run.evidence(signal, described, "<", threshold)


def _ignored_labels(run: RunView, inputs: Inputs) -> Iterator[Finding]:
    """Samples that do not depend on the label, or show nothing of it."""
    policy = run.policy
    for name, described in inputs.items():
        if described.get("kind") != "label":
            continue
        sensitivity, moved = _sensitivity(run, name, policy.ignored_input)
        signal = run.own("probes.label_information")
        told = run.evidence(signal, "What the label tells of the class shown, of 1", "<", policy.told_by_label)
        unmoved, untold = below(sensitivity, policy.ignored_input), below(run.windowed(signal), policy.told_by_label)
        # Poor samples of a generator that heeds its labels show no class either.
        untold &= ~above(sensitivity, policy.heeded_label)
        if _holds(run, unmoved | untold):
            yield _finding(
                run,
                "labels_ignored",
                Status.FAIL,
                f"The generator ignores its labels (input {name}): its samples show nothing of what is asked for.",
                unmoved | untold,
                *(evidence for evidence in (moved, told) if not np.isnan(evidence.value)),
            )


def _confused_labels(run: RunView) -> Iterator[Finding]:
    """Classes asked for of which most samples show something else.

    Codes that a generator learns without real labels (InfoGAN) look like exchanged labels: hence a warning only.
    """
    policy = run.policy
    # Where all that is asked for comes out alike, nothing is confused.
    told = ~below(run.windowed(run.own("probes.label_information")), policy.told_by_label)
    low = {
        index: holds
        for index, signal in run.numbered("probes.fidelity_class").items()
        if _holds(run, holds := below(run.windowed(signal), policy.label_fidelity) & told)
    }
    if not low:
        return
    evidence = [
        run.evidence(
            run.own(f"probes.fidelity_class_{index}"),
            f"Share of the samples asked for as class {index} that show it",
            "<",
            policy.label_fidelity,
        )
        for index in low
    ]
    evidence.sort(key=lambda one: one.value)
    shown = ", ".join(_came_out(run, index) for index in low)
    yield _finding(
        run,
        "labels_confused",
        Status.WARN,
        f"The generator confuses labels: {shown}.",
        np.logical_or.reduce(list(low.values())),
        *evidence[:CONFUSED_SHOWN],
    )


def _came_out(run: RunView, index: int) -> str:
    """What the samples asked for as one class show instead."""
    series = run.recording.series(run.own(f"probes.judged_as_class_{index}"))
    last = run.recording.iterations * (1 - run.policy.judged_share)
    shown = series[series.index >= last].mode()
    if shown.empty or int(shown.iloc[0]) == index:
        return f"{index} comes out as several others"
    return f"{index} comes out as {int(shown.iloc[0])}"


def _ignored_inputs(run: RunView, inputs: Inputs) -> Iterator[Finding]:
    """Noise and other inputs that do not change the samples."""
    for name, described in inputs.items():
        if described.get("kind") == "label":
            continue
        noise = described.get("kind") == "noise"
        sensitivity, evidence = _sensitivity(run, name, run.policy.ignored_input)
        unmoved = below(sensitivity, run.policy.ignored_input)
        if _holds(run, unmoved):
            yield _finding(
                run,
                "noise_ignored" if noise else "input_ignored",
                Status.WARN if noise else Status.FAIL,
                f"The generator ignores its noise (input {name}): one sample for each of the other inputs."
                if noise
                else f"The generator ignores input {name}: its samples do not depend on it.",
                unmoved,
                evidence,
            )


def _discriminator_without_say(run: RunView) -> Iterator[Finding]:
    """A generator that other losses teach, and the discriminator hardly."""
    signal = run.own("signal.adversarial_share")
    faint = below(run.windowed(signal), run.policy.adversarial_share)
    if _holds(run, faint):
        yield _finding(
            run,
            "discriminator_without_say",
            Status.WARN,
            "The discriminator has hardly a say: nearly all of the gradient at the generator's samples comes from its "
            "other losses.",
            faint,
            run.evidence(
                signal, "Share of the samples' gradient that the discriminator sends", "<", run.policy.adversarial_share
            ),
        )


def _identity_mapping(run: RunView) -> Iterator[Finding]:
    """A translator that gives back what it is given."""
    signal = run.own("probes.identity_distance")
    same = below(run.windowed(signal), run.policy.identity_distance)
    if _holds(run, same):
        yield _finding(
            run,
            "identity_mapping",
            Status.WARN,
            "The generator gives back its input nearly as it is: it translates nothing.",
            same,
            run.evidence(
                signal,
                "Distance of a sample from its own input, relative to other samples",
                "<",
                run.policy.identity_distance,
            ),
        )


def _content_lost(run: RunView) -> Iterator[Finding]:
    """A translator whose samples show something else than what it was given."""
    signal = run.own("probes.content_kept")
    lost = below(run.windowed(signal), run.policy.content_kept)
    if _holds(run, lost):
        yield _finding(
            run,
            "content_lost",
            Status.WARN,
            "The generator does not keep what it translates: most samples show another class than their inputs.",
            lost,
            run.evidence(
                signal, "Share of the samples that show the class of their inputs", "<", run.policy.content_kept
            ),
        )


def _hidden_information(run: RunView) -> Iterator[Finding]:
    """A cycle that restores its input from traces too faint to be seen."""
    policy = run.policy
    error, amplified = run.own("probes.cycle_error"), run.own("probes.cycle_amplification")
    hidden = below(run.windowed(error), policy.restored) & above(run.windowed(amplified), policy.amplified_noise)
    if _holds(run, hidden):
        yield _finding(
            run,
            "hidden_information",
            Status.WARN,
            "The cycle restores its input from faint traces hidden in the translation: a little noise on it breaks the "
            "reconstruction.",
            hidden,
            run.evidence(
                amplified,
                "What noise on the translation adds to the cycle's error, of what it is itself",
                ">",
                policy.amplified_noise,
            ),
            run.evidence(error, "Error of the cycle, relative to other inputs", "<", policy.restored),
        )
