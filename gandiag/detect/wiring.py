"""Wiring: mistakes in the loop itself, told from facts that were noted while it ran."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from gandiag.detect.finding import Evidence, Failure, Finding, Status
from gandiag.detect.policy import Policy, Threshold
from gandiag.detect.remedies import remedies_for
from gandiag.recording import Recording

Facts = Mapping[str, Any]
LEAST_COUNTED = 10  # iterations


def check_wiring(recording: Recording, policy: Policy) -> tuple[Finding, ...]:
    """Findings on how the loop is wired; empty where nothing is amiss or nothing was noted.

    They do not decide the verdict, which is about what the GAN does: they are mistakes that may explain it, each with
    the line of evidence. The status is ``fail`` for what nobody can mean, and ``warn`` for what some do mean.
    """
    facts: Facts = recording.meta.get("wiring") or {}
    found = [
        *_left_over(recording, policy),
        *_undetached(facts, policy),
        *_foreign_parameters(facts),
        *_without_optimizer(facts),
        *_without_gradient(facts),
        *_trained_copy(facts),
        *_joint_batches(facts),
        *_critic_steps(recording),
        *_skipped_steps(recording, facts, policy),
        *_double_sigmoid(facts),
        *_ranges(facts, policy),
    ]
    return tuple(sorted(found, key=lambda finding: finding.status is not Status.FAIL))


def _finding(kind: str, status: Status, reason: str, *evidence: Evidence) -> Finding:
    return Finding(Failure.WIRING, status, reason, kind=kind, evidence=evidence, remedies=remedies_for(kind))


def _number(signal: str, description: str, value: float, comparison: str, threshold: Threshold) -> Evidence:
    return Evidence(signal, description, value, comparison, threshold.value, threshold.source)


def _labels(recording: Recording, letter: str) -> list[str]:
    if "network" not in recording.steps:
        return []
    return [str(label) for label in recording.steps["network"].unique() if str(label).startswith(letter)]


def _left_over(recording: Recording, policy: Policy) -> Iterator[Finding]:
    """Gradients that were there before the discriminator's own backward pass, and are applied with its own."""
    for label in _labels(recording, "D"):
        own = recording.steps[recording.steps["network"] == label]
        if not {"leaked_norm", "unclipped_norm"} <= set(own.columns):
            continue
        shares = (own["leaked_norm"] / own["unclipped_norm"]).dropna()
        if len(shares) and (share := float(np.median(shares))) > policy.left_over_share.value:
            yield _finding(
                "left_over_gradients",
                Status.FAIL,
                f"{label} steps with gradients that it did not ask for: {share:.0%} of what its optimizer applies was "
                f"left there by another backward pass, the generator's as a rule.",
                _number(
                    f"steps.leaked_norm[{label}]", "Left-over share of the gradient", share, ">", policy.left_over_share
                ),
            )


def _undetached(facts: Facts, policy: Policy) -> Iterator[Finding]:
    together = [set(optimizer["networks"]) for optimizer in facts.get("optimizers", [])]
    for label, (times, looked) in facts.get("undetached", {}).items():
        share = times / looked
        if any(label in networks and len(networks) > 1 for networks in together):
            continue  # one optimizer, one loss for both players, as with gradient reversal
        if share > policy.undetached_share.value:
            yield _finding(
                "missing_detach",
                Status.WARN,
                f"The loss of {label} sends gradients on into the generator, at {times} of the {looked} steps looked "
                f"at: that costs a backward pass, and spoils the generator's gradient unless that is zeroed after it.",
                _number("meta.wiring.undetached", "Share of steps not detached", share, ">", policy.undetached_share),
            )


def _foreign_parameters(facts: Facts) -> Iterator[Finding]:
    """Optimizers of one player that hold parameters of the other, which has an optimizer of its own."""
    optimizers = [optimizer for optimizer in facts.get("optimizers", []) if optimizer["networks"]]
    letters = [{label[0] for label in optimizer["networks"]} for optimizer in optimizers]
    for letter, other, name, role in (
        ("D", "G", "discriminator", "generator"),
        ("G", "D", "generator", "discriminator"),
    ):
        stepping = [found for found in letters if letter in found]
        if stepping and all(other in found for found in stepping) and {other} in letters:
            those = [found for found in optimizers if letter in {label[0] for label in found["networks"]}]
            # Some mean it: a network that recovers InfoGAN's code is trained with G, and shares D's trunk.
            trunk = all(other in {label[0] for label in found.get("in_part", [])} for found in those)
            yield _finding(
                "foreign_parameters",
                Status.WARN if trunk else Status.FAIL,
                f"The {name}'s optimizer ({those[0]['kind']}) also steps {'some ' if trunk else ''}parameters of the "
                f"{role}, which has an optimizer of its own: each step of the {name} moves the {role} too.",
            )


def _without_optimizer(facts: Facts) -> Iterator[Finding]:
    for label, missing in facts.get("without_optimizer", {}).items():
        yield _finding(
            "without_optimizer",
            Status.FAIL,
            f"No optimizer steps {_parameters(missing)} of {label}, although gradients reach them: they stay as they "
            f"began.",
        )


def _parameters(named: Mapping[str, Any]) -> str:
    count, names = named["count"], named["names"]
    rest = f" and {count - len(names)} more" if count > len(names) else ""
    return f"{count} parameter{'s' * (count != 1)} ({', '.join(names)}{rest})"


def _without_gradient(facts: Facts) -> Iterator[Finding]:
    for label, frozen in facts.get("frozen", {}).items():
        yield _finding(
            "requires_grad_off",
            Status.WARN,
            f"requires_grad is off for {_parameters(frozen)} of {label} at most of its {frozen['steps']} steps looked "
            f"at, although its optimizer holds them: it was perhaps never switched on again.",
        )
    for label, steps in facts.get("steps_without_gradient", {}).items():
        yield _finding(
            "steps_without_gradient",
            Status.WARN,
            f"The optimizer of {label} stepped {steps} times while no parameter of {label} had a gradient.",
        )


def _trained_copy(facts: Facts) -> Iterator[Finding]:
    for optimizer in facts.get("optimizers", []):
        if "copy_of" in optimizer:
            yield _finding(
                "trained_copy",
                Status.WARN,
                f"An optimizer ({optimizer['kind']}) trains a network with just the parameters' shapes of "
                f"{optimizer['copy_of']} that is not it: an averaged copy must follow by averaging alone.",
            )


def _joint_batches(facts: Facts) -> Iterator[Finding]:
    for label, batch in facts.get("joint_batches", {}).items():
        yield _finding(
            "joint_batch",
            Status.WARN,
            f"{label} sees {batch['real']} real and {batch['generated']} generated samples in one batch, and "
            f"{batch['layers']} batch normalisation{'s' * (batch['layers'] != 1)} mix their statistics: each sample "
            f"then tells of the others.",
        )


def _critic_steps(recording: Recording) -> Iterator[Finding]:
    meant = (recording.meta.get("configuration") or {}).get("n_critic")
    if not isinstance(meant, int):
        return
    for label in _labels(recording, "D"):
        own = recording.steps[recording.steps["network"] == label]
        counts = own["iteration"].value_counts().sort_index().iloc[1:-1]  # the first and the last are cut off, or begun
        if len(counts) < LEAST_COUNTED:
            continue
        done = float(counts.median()) / (2 if _steps_on_each_kind(own) else 1)
        if done != meant:
            yield _finding(
                "n_critic",
                Status.WARN,
                f"{label} takes {done:g} step{'s' * (done != 1)} for each of the generator's, and {meant} were meant.",
            )


def _steps_on_each_kind(own: pd.DataFrame) -> bool:
    """Whether a discriminator steps on real samples and on generated ones in turn, which is one step of it in two."""
    if not {"real_norm", "fake_norm"} <= set(own.columns):
        return False
    real, fake = own["real_norm"].fillna(0) > 0, own["fake_norm"].fillna(0) > 0
    # Samples that are all 0 send no gradient into a discriminator without biases, at any step.
    return bool(real.any() and fake.any() and (real != fake).sum() > (real & fake).sum())


def _skipped_steps(recording: Recording, facts: Facts, policy: Policy) -> Iterator[Finding]:
    for label, skipped in facts.get("skipped_steps", {}).items():
        share = skipped / (skipped + int((recording.steps["network"] == label).sum()))
        if share > policy.skipped_share.value:
            yield _finding(
                "skipped_steps",
                Status.WARN,
                f"Mixed precision left out {skipped} steps of {label}, because gradients overflowed.",
                _number("meta.wiring.skipped_steps", "Share of steps left out", share, ">", policy.skipped_share),
            )


def _double_sigmoid(facts: Facts) -> Iterator[Finding]:
    if "double_sigmoid" in facts:
        least, greatest = facts["double_sigmoid"]
        yield _finding(
            "double_sigmoid",
            Status.FAIL,
            f"The discriminator ends in a sigmoid (outputs from {least:.3g} to {greatest:.3g}), and the loss applies "
            f"another one: no sample can get a probability below ½ or above 0.73, and the gradient is a fraction of "
            f"what it should be.",
        )


def _ranges(facts: Facts, policy: Policy) -> Iterator[Finding]:
    ranges = facts.get("ranges")
    if not ranges:
        return
    (low, high), real, generated = ranges["bounds"], ranges["real"], ranges["generated"]
    shown = f"real samples lie in [{real['least']:.3g}, {real['greatest']:.3g}]"
    outside = real["outside"]
    if outside > policy.outside_share.value and generated["outside"] <= policy.outside_share.value:
        yield _finding(
            "ranges_differ",
            Status.FAIL,
            f"The generator's last operation keeps its samples in [{low:g}, {high:g}], but {shown}: the discriminator "
            f"tells them by that alone.",
            _number("meta.wiring.ranges", "Share of real values out of reach", outside, ">", policy.outside_share),
        )
    elif low < 0 <= real["least"] and generated["least"] < 0:
        yield _finding(
            "ranges_differ",
            Status.WARN,
            f"The generator's last operation gives samples in [{low:g}, {high:g}], but {shown}: half of its range is "
            f"of no use.",
        )
