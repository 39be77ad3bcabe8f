"""Failing to converge: no equilibrium, or away from it."""

import numpy as np

from gandiag.detect.collapse import detect_within_class, has_never_moved
from gandiag.detect.critic import steep
from gandiag.detect.finding import Evidence, Failure, Finding, Status
from gandiag.detect.policy import Threshold
from gandiag.detect.remedies import remedies_for
from gandiag.detect.vanishing import dead_factors
from gandiag.detect.windows import RunView, Values, above, below, first_iteration, missing, smoothed

KINDS = {"receding": "divergence"}
ALL_FINITE = Threshold(1.0, "a gradient or a sample that is not a number ends every training")


def detect_non_convergence(run: RunView) -> Finding:
    """Find out whether the game moves away from any equilibrium, around it, or not at all.

    Symptom: NaN; logits or gradients without bound; samples that keep changing without getting better.

    Evidence: Whether gradients and samples are finite; the size of the logits, or for a Wasserstein critic its slope;
    the share of fixed inputs whose class changes from probe to probe; the course of the distance to the data:
    ``fid_judge``, or without a judge the energy distance.

    Rule: Divergence: something is not finite, or the discriminator has run away, or the samples have gone away from the
    data after they had come to it, in 80 % of the last third.
    Oscillation: most fixed inputs change class between probes, or their samples move by half the data's scale, and the
    distance makes no progress. Stagnation: the samples move, or a living gradient teaches them, and they are about as
    far from the data as they began, or far from it and come no nearer.

    Undecided when: Neither the logits nor the course of the samples is known.

    Mistaken for: A healthy run's early phase, in which samples change class because they get better; and collapse that
    hops from mode to mode, whose samples are all alike.
    """
    broken = _broken_since(run)
    if broken is not None:
        return _diverged_finding(run, broken)
    diverse = _diverse(run)
    conditions = {
        "divergence": _runaway(run),
        "receding": _receded(run, diverse),
        "oscillation": _wandering(run, diverse),
        "stagnation": _stagnated(run, diverse),
    }
    known = {kind: holds for kind, holds in conditions.items() if holds is not None}
    if not known:
        return Finding(
            Failure.NON_CONVERGENCE,
            Status.NOT_ENOUGH_DATA,
            "Neither the discriminator's logits nor the course of the samples is known, so convergence cannot be "
            "judged.",
        )
    statuses = {kind: run.status(holds) for kind, holds in known.items()}
    kind = min(statuses, key=lambda name: (Status.FAIL, Status.WARN, Status.PASS).index(statuses[name]))
    if statuses[kind] is Status.PASS:
        return Finding(
            Failure.NON_CONVERGENCE,
            Status.PASS,
            "The discriminator stays in bounds and the samples settle.",
            evidence=_evidence(run),
        )
    return Finding(
        Failure.NON_CONVERGENCE,
        statuses[kind],
        _reason(run, kind),
        kind=KINDS.get(kind, kind),
        onset=run.onset(known[kind]),
        evidence=_evidence(run) if kind == "divergence" else (*_quality_evidence(run, kind), *_evidence(run)),
        remedies=remedies_for(KINDS.get(kind, kind)),
    )


def _broken_since(run: RunView) -> int | None:
    """First iteration with a gradient or a sample that is not finite."""
    steps, probes = run.recording.steps, run.recording.probes
    found = []
    if "gradients_finite" in steps and len(steps):
        # Mixed precision skips steps whose scaled gradients overflow: that is its way, not a failure.
        unscaled = steps["loss_scale"].isna() if "loss_scale" in steps else True
        found.append(first_iteration(steps, ~steps["gradients_finite"].astype(bool) & unscaled))
    if "finite_share" in probes and len(probes):
        found.append(first_iteration(probes, probes["finite_share"] < 1))
    known = [iteration for iteration in found if iteration is not None]
    return min(known) if known else None


def _diverged_finding(run: RunView, since: int) -> Finding:
    return Finding(
        Failure.NON_CONVERGENCE,
        Status.FAIL,
        f"Gradients or samples are no longer numbers from iteration {since} on.",
        kind="divergence",
        onset=since,
        evidence=(*_finite_evidence(run), *_evidence(run)),
        remedies=remedies_for("divergence"),
    )


def _finite_evidence(run: RunView) -> list[Evidence]:
    """Shares of gradients and of samples that are numbers, where not all are."""
    described = {
        "steps.gradients_finite": "Share of steps whose gradient is finite",
        "probes.finite_share": "Share of samples that are finite",
    }
    shares = {signal: run.recording.series(signal) for signal in described}
    return [
        Evidence(signal, described[signal], float(series.mean()), "<", ALL_FINITE.value, ALL_FINITE.source)
        for signal, series in shares.items()
        if len(series) and series.min() < 1
    ]


def _runaway(run: RunView) -> Values | None:
    """Where the discriminator has left all bounds; ``None`` where that cannot be told.

    Of an unknown loss, only what holds by the measures of every loss is told.
    """
    found = [holds for holds in (steep(run), _blown_up(run)) if holds is not None]
    measures = (run.policy.steep_critic is not None) + (run.policy.blown_up_logit is not None)
    if not found or len(found) < measures:
        return None
    every: Values = np.logical_and.reduce(found)
    agreed = run.status(every) is run.status(np.logical_or.reduce(found))
    return every if agreed else None


def _blown_up(run: RunView) -> Values | None:
    if run.policy.blown_up_logit is None:
        return None
    real, fake = (run.windowed(run.own(f"signal.logit_{kind}")) for kind in ("real", "fake"))
    size = np.fmax(np.abs(real), np.abs(fake))
    if missing(fake):
        return None
    # Samples that are all alike are told easily: a discriminator may be as sure as that and at rest.
    alike = below(run.windowed(run.own("probes.diversity")), run.policy.collapsed_diversity)
    blown_up: Values = above(size, run.policy.blown_up_logit) & (~alike | _grows(run, size))
    return blown_up


def _grows(run: RunView, size: Values) -> bool:
    """Whether it is more in the last third than in the third before."""
    judged = len(run.judged(size))
    before = size[-2 * judged : -judged]
    return bool(np.isnan(before).all()) or run.median(size) > run.policy.growing.value * float(np.nanmedian(before))


def _receded(run: RunView, diverse: Values) -> Values | None:
    """Where the samples were near the data, and have gone away from it again without collapsing."""
    energy = smoothed(run.windowed(run.own("probes.energy")))
    if missing(energy):
        return None
    least = np.fmin.accumulate(energy)
    was_near = below(least, run.policy.near)
    receded: Values = was_near & above(energy, run.policy.reached) & above(energy / least, run.policy.receded)
    return receded & diverse


def _wandering(run: RunView, diverse: Values) -> Values | None:
    """Where the samples of fixed inputs go from place to place and come no nearer to the data."""
    hopping, movement = run.windowed(run.own("probes.flip_rate")), run.windowed(run.own("probes.drift"))
    quality = _quality(run)
    if missing(run.windowed(quality)) or (missing(hopping) and missing(movement)):
        return None
    least = run.policy.unsettled if "energy" in quality else run.policy.no_progress
    restless = above(movement, run.policy.restless) if missing(hopping) else above(hopping, run.policy.hopping)
    away = _far(run, run.policy.reached)
    wandering: Values = restless & diverse & away & _without_progress(run, quality, least)
    return wandering


def _diverse(run: RunView) -> Values:
    """Where nothing speaks for collapse: what is collapsed may move without coming nearer, too.

    Clusters that are left out now and then do not, nor does anything of a generator that never moved.
    """
    alike = below(run.windowed(run.own("probes.diversity")), run.policy.collapsed_diversity)
    if has_never_moved(run):
        return np.ones_like(alike)
    partial = alike | _lacking_clusters(run)
    diverse: Values = ~(partial if run.status(partial) is Status.FAIL else alike)
    return diverse & (detect_within_class(run) is None)


def _lacking_clusters(run: RunView) -> Values:
    return below(run.windowed(run.own("probes.cluster_coverage")), run.policy.covered_clusters)


def _without_progress(run: RunView, signal: str, least: Threshold) -> bool:
    """Whether a distance in the last third is more than that share of what it was in the third before."""
    distance = run.windowed(signal)
    judged = len(run.judged(distance))
    before = distance[-2 * judged : -judged]
    if np.isnan(before).all():
        return False
    return bool(run.median(distance) > least.value * np.nanmedian(before))


def _stagnated(run: RunView, diverse: Values) -> Values | None:
    """Where samples are as far from the data as at the start, or far from it and come no nearer, and something moves:
    they themselves, or at least what teaches the generator, whose steps are too small then.
    """
    quality, movement = run.windowed(_quality(run)), run.windowed(run.own("probes.drift"))
    if missing(quality) or missing(movement):
        return None
    moving = ~below(movement, run.policy.still) | _taught(run)
    as_at_first = quality > run.policy.stagnated.value * _first_quality(run)
    energy = run.own("probes.energy")
    stalled = not missing(run.windowed(energy)) and _without_progress(run, energy, run.policy.stalled)
    stagnated: Values = (as_at_first | stalled) & moving & diverse & _far(run, run.policy.near)
    return stagnated


def _taught(run: RunView) -> Values:
    """Where the gradient at the samples is known and no factor of it is dead."""
    known = ~np.isnan(run.windowed(run.own("signal.head_gradient")))
    taught: Values = known & ~np.logical_or.reduce(list(dead_factors(run).values()))
    return taught


def _far(run: RunView, least: Threshold) -> Values:
    """Where the samples are not at the data, as far as that is known; what circles around it comes by now and then."""
    far: Values = ~below(smoothed(run.windowed(run.own("probes.energy"))), least)
    return far


def _quality(run: RunView) -> str:
    """The distance to the data that was measured: by a judge, or else by the samples themselves."""
    judged = run.own("probes.fid_judge")
    return run.own("probes.energy") if missing(run.windowed(judged)) else judged


def _reason(run: RunView, kind: str) -> str:
    if kind == "divergence" and run.policy.loss == "wasserstein":
        return "The critic is not kept to any slope: its outputs grow without bound and its distance means nothing."
    return {
        "divergence": "The discriminator's outputs have left all bounds.",
        "receding": "The samples had come to the data, and go away from it again.",
        "oscillation": "The samples go from place to place and do not get better: the players chase each other.",
        "stagnation": "The samples come no nearer to the data.",
    }[kind]


def _first_quality(run: RunView) -> float:
    quality = run.windowed(_quality(run))
    return float(quality[~np.isnan(quality)][0])


def _quality_evidence(run: RunView, kind: str) -> list[Evidence]:
    """How far the samples are from the data, beside what the kind of finding compares it with."""
    energy, policy = run.own("probes.energy"), run.policy
    limit = policy.reached if kind == "oscillation" else policy.near
    if kind == "receding":
        least = float(np.nanmin(smoothed(run.windowed(energy))))
        limit = Threshold(
            max(policy.reached.value, policy.receded.value * least),
            f"{policy.receded.value:g} times its least: {policy.receded.source}",
        )
    found = [run.evidence(energy, "Energy distance to the data, of 1,", ">", limit)]
    if _quality(run) != energy:
        first = Threshold(
            policy.stagnated.value * _first_quality(run),
            f"{policy.stagnated.value:g} of its first value: {policy.stagnated.source}",
        )
        found.append(run.evidence(_quality(run), "fid_judge", ">", first))
    return sorted(found, key=lambda evidence: not evidence.crossed)


def _evidence(run: RunView) -> tuple[Evidence, ...]:
    policy = run.policy
    found = []
    if policy.steep_critic is not None:
        found.append(
            run.evidence(
                run.own("signal.input_gradient"), "The critic's slope, ‖∂logit/∂fake‖", ">", policy.steep_critic
            )
        )
    if policy.blown_up_logit is not None:
        found.append(
            run.evidence(run.own("signal.logit_real"), "Mean logit on real samples", ">", policy.blown_up_logit)
        )
    flips, movement = run.own("probes.flip_rate"), run.own("probes.drift")
    if len(run.recording.series(flips)):
        found.append(run.evidence(flips, "Share of fixed inputs that change class between probes", ">", policy.hopping))
    else:
        found.append(run.evidence(movement, "Movement of fixed inputs' samples between probes", ">", policy.restless))
    return tuple(sorted(found, key=lambda evidence: not evidence.crossed))
