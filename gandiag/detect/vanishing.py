"""Vanishing gradients: the discriminator is so good, or so dead, that the generator's learning signal dies."""

import numpy as np

from gandiag.detect.finding import Evidence, Failure, Finding, Status
from gandiag.detect.policy import Threshold
from gandiag.detect.remedies import remedies_for
from gandiag.detect.windows import RunView, Values, below, missing


def detect_vanishing_gradients(run: RunView) -> Finding:
    """Find out whether the generator's learning signal has died, and where.

    Symptom: The losses are flat and the samples no longer change, although they are poor.

    Evidence: The factors of the generator's gradient, each with a cause and a remedy of its own: ∂L_G/∂logit (the
    loss's own factor, which saturates), ∂logit/∂fake (the discriminator's, which dies with its units) and the ratio of
    the first to the last layer's gradient (lost on the way through the generator); and how far the samples of fixed
    inputs still move.

    Rule: One of the factors is dead in 80 % of the last third of the run while the samples are not at the data, and
    they stand still in most of it. A dead factor under samples that mostly move is a warning: Adam divides a tiny
    gradient by its own size. Not so where the signal is lost in depth and the samples were alike from the start: what
    moves then are the last layers alone.

    Undecided when: The gradient at the generator's output was not recorded, and the samples are not at the data.

    Mistaken for: A converged generator, whose gradient is small too, but whose factors are not: at equilibrium the
    loss's own factor is ½. The discriminator's accuracy decides nothing: at 100 % a generator under the non-saturating
    loss still learns.
    """
    head = run.windowed(run.own("signal.head_gradient"))
    signal = run.windowed(run.own("signal.grad_norm"))
    if missing(head) or missing(signal):
        if run.status(below(run.windowed(run.own("probes.energy")), run.policy.near)) is Status.FAIL:
            return Finding(
                Failure.VANISHING_GRADIENTS,
                Status.PASS,
                "The samples are at the data: whatever taught the generator has not vanished.",
            )
        return Finding(
            Failure.VANISHING_GRADIENTS,
            Status.NOT_ENOUGH_DATA,
            "The gradient that the generator's loss sends into its samples was not seen often enough to judge.",
        )
    dead = dead_factors(run)
    movement = run.windowed(run.own("probes.drift"))
    still = below(movement, run.policy.still) | np.isnan(movement)
    kind = max(dead, key=lambda name: float(run.judged(dead[name]).mean()))
    status = run.status(dead[kind])
    moving = float(run.judged(still).mean()) < 0.5
    noiseless = kind == "lost_in_depth" and _never_used_its_noise(run)
    masked = status is Status.FAIL and moving and not noiseless
    if masked:
        status = Status.WARN
    found = status in (Status.FAIL, Status.WARN)
    return Finding(
        Failure.VANISHING_GRADIENTS,
        status,
        _reason(kind, masked, noiseless) if found else "The generator's learning signal is alive.",
        kind=kind if found else None,
        onset=run.onset(dead[kind] & (still | masked | noiseless)) if found else None,
        evidence=_evidence(run, kind),
        remedies=remedies_for(kind) if found else (),
    )


def dead_factors(run: RunView) -> dict[str, Values]:
    """Kind of vanishing → where its factor of the gradient is dead; at the data, there is nothing left to teach."""
    distance = run.windowed(run.own("probes.energy"))
    away, unreached = ~below(distance, run.policy.near), ~below(distance, run.policy.reached)
    head, body = (run.windowed(run.own(f"signal.{name}_gradient")) for name in ("head", "input"))
    return {
        "saturated_discriminator": below(head, run.policy.dead_head) & away,
        "dead_discriminator": below(body, run.policy.dead_input_gradient) & unreached,
        "lost_in_depth": below(depth_ratio(run), run.policy.dead_depth) & away,
    }


def _never_used_its_noise(run: RunView) -> bool:
    """Whether all samples were the same at every probe, from the first one on."""
    diversity = run.windowed(run.own("probes.diversity"))
    return not missing(diversity) and float(np.nanmax(diversity)) < run.policy.noise_unused.value


def layer_signals(run: RunView) -> tuple[str, str] | None:
    """Signals of the generator's first and last layer's gradient norm; ``None`` where there are fewer than two."""
    layers = run.recording.layers
    names = layers.loc[layers["network"] == run.generator, "layer"].drop_duplicates().tolist() if len(layers) else []
    if len(names) < 2:
        return None
    return f"layers.grad_norm[{run.generator}.{names[0]}]", f"layers.grad_norm[{run.generator}.{names[-1]}]"


def depth_ratio(run: RunView) -> Values:
    """First over last layer's gradient norm in the generator; NaN where it has no layers to compare."""
    signals = layer_signals(run)
    if signals is None:
        return np.full(run.policy.windows, np.nan)
    first, last = (run.windowed(signal) for signal in signals)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: Values = first / last
    return ratio


def _reason(kind: str, masked: bool, noiseless: bool) -> str:
    sentences = {
        "saturated_discriminator": "The discriminator tells every sample with certainty, and the generator's loss is "
        "flat there: it sends no gradient back",
        "dead_discriminator": "The discriminator's output no longer depends on its input, so no gradient reaches the "
        "samples",
        "lost_in_depth": "The gradient reaches the samples but dies on its way to the generator's first layers",
    }
    if noiseless:
        return f"{sentences[kind]}: they have never learnt to use the noise."
    if masked:
        return f"{sentences[kind]}; the samples still move, because the optimizer rescales what is left of it."
    return f"{sentences[kind]}, and the samples have stopped changing."


def _evidence(run: RunView, kind: str) -> tuple[Evidence, ...]:
    policy = run.policy
    head = run.evidence(
        run.own("signal.head_gradient"), "The loss's gradient at the logit, |∂L_G/∂logit|", "<", policy.dead_head
    )
    body = run.evidence(
        run.own("signal.input_gradient"),
        "The discriminator's gradient at the samples, ‖∂logit/∂fake‖",
        "<",
        policy.dead_input_gradient,
    )
    still = run.evidence(run.own("probes.drift"), "Movement of fixed inputs' samples between probes", "<", policy.still)
    order = [body, head, still] if kind == "dead_discriminator" else [head, body, still]
    if kind == "lost_in_depth":
        order = [*_depth_evidence(run), *order]
    return tuple(sorted(order, key=lambda evidence: not evidence.crossed))


def _depth_evidence(run: RunView) -> list[Evidence]:
    """The first layer's gradient beside the last one's, and whether samples differ at all."""
    policy, signals = run.policy, layer_signals(run)
    if signals is None:
        return []
    first, last = signals
    share = policy.dead_depth
    least = Threshold(
        share.value * run.median(run.windowed(last)), f"{share.value:g} of the last layer's: {share.source}"
    )
    return [
        run.evidence(first, "Gradient of the generator's first layer", "<", least),
        run.evidence(
            run.own("probes.diversity"), "Distance between samples, relative to real ones", "<", policy.noise_unused
        ),
    ]
