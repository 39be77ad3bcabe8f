"""Failing to converge: no equilibrium, or away from it."""

import numpy as np

from gandiag.detect.finding import Evidence, Failure, Finding, Status
from gandiag.detect.policy import Threshold
from gandiag.detect.remedies import remedies_for
from gandiag.detect.windows import RunView, Values, above, below, first_iteration, missing

ALL_FINITE = Threshold(1.0, "a gradient or a sample that is not a number ends every training")


def detect_non_convergence(run: RunView) -> Finding:
    """Find out whether the game moves away from any equilibrium, around it, or not at all.

    Symptom: NaN; logits or gradients without bound; samples that keep changing without getting better.

    Evidence: Whether gradients and samples are finite; the size of the logits, or for a Wasserstein critic its slope;
    the share of fixed inputs whose class changes from probe to probe; the course of the distance to the data:
    ``fid_judge``, or without a judge the energy distance.

    Rule: Divergence: something is not finite, or the discriminator has run away, in 80 % of the last third.
    Oscillation: most fixed inputs change class between probes and the distance makes no progress. Stagnation: the
    samples are about as far from the data as they began although they move.

    Undecided when: Neither the logits nor the course of the samples is known.

    Mistaken for: A healthy run's early phase, in which samples change class because they get better; and collapse that
    hops from mode to mode, whose samples are all alike.
    """
    broken = _broken_since(run)
    if broken is not None:
        return _diverged_finding(run, broken)
    conditions = {"divergence": _runaway(run), "oscillation": _wandering(run), "stagnation": _stagnated(run)}
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
        kind=kind,
        onset=run.onset(known[kind]),
        evidence=(*_quality_evidence(run), *_evidence(run)) if kind == "stagnation" else _evidence(run),
        remedies=remedies_for(kind),
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
    found = [holds for holds in (_steep(run), _blown_up(run)) if holds is not None]
    measures = (run.policy.steep_critic is not None) + (run.policy.blown_up_logit is not None)
    if not found or len(found) < measures:
        return None
    every: Values = np.logical_and.reduce(found)
    agreed = run.status(every) is run.status(np.logical_or.reduce(found))
    return every if agreed else None


def _steep(run: RunView) -> Values | None:
    if run.policy.steep_critic is None:
        return None
    slope = run.windowed(run.own("signal.input_gradient"))
    return None if missing(slope) else above(slope, run.policy.steep_critic)


def _blown_up(run: RunView) -> Values | None:
    if run.policy.blown_up_logit is None:
        return None
    real, fake = (run.windowed(run.own(f"signal.logit_{kind}")) for kind in ("real", "fake"))
    return None if missing(fake) else above(np.fmax(np.abs(real), np.abs(fake)), run.policy.blown_up_logit)


def _wandering(run: RunView) -> Values | None:
    """Where most fixed inputs change class between probes while the quality makes no progress."""
    hopping, quality = run.windowed(run.own("probes.flip_rate")), run.windowed(_quality(run))
    if missing(hopping) or missing(quality):
        return None
    wandering: Values = above(hopping, run.policy.hopping) & _diverse(run) & _without_progress(run, quality)
    return wandering


def _diverse(run: RunView) -> Values:
    """Where nothing speaks for collapse: what is collapsed may move without coming nearer, too."""
    alike = below(run.windowed(run.own("probes.diversity")), run.policy.collapsed_diversity)
    partial = below(run.windowed(run.own("probes.cluster_coverage")), run.policy.covered_clusters)
    diverse: Values = ~(alike | partial)
    return diverse


def _without_progress(run: RunView, quality: Values) -> bool:
    """Whether the last third is hardly better than the third before."""
    judged = len(run.judged(quality))
    before = quality[-2 * judged : -judged]
    if np.isnan(before).all():
        return False
    return bool(run.median(quality) > run.policy.no_progress.value * np.nanmedian(before))


def _stagnated(run: RunView) -> Values | None:
    """Where samples move and yet are about as far from the data as they were at the start."""
    quality, movement = run.windowed(_quality(run)), run.windowed(run.own("probes.drift"))
    if missing(quality) or missing(movement):
        return None
    moving = ~below(movement, run.policy.still)
    diverse = _diverse(run)
    far = ~below(run.windowed(run.own("probes.energy")), run.policy.near)
    stagnated: Values = (quality > run.policy.stagnated.value * _first_quality(run)) & moving & diverse & far
    return stagnated


def _quality(run: RunView) -> str:
    """The distance to the data that was measured: by a judge, or else by the samples themselves."""
    judged = run.own("probes.fid_judge")
    return run.own("probes.energy") if missing(run.windowed(judged)) else judged


def _reason(run: RunView, kind: str) -> str:
    if kind == "divergence" and run.policy.loss == "wasserstein":
        return "The critic is not kept to any slope: its outputs grow without bound and its distance means nothing."
    return {
        "divergence": "The discriminator's outputs have left all bounds.",
        "oscillation": "The samples keep changing class and do not get better: the players chase each other.",
        "stagnation": "The samples move but come no nearer to the data.",
    }[kind]


def _first_quality(run: RunView) -> float:
    quality = run.windowed(_quality(run))
    return float(quality[~np.isnan(quality)][0])


def _quality_evidence(run: RunView) -> list[Evidence]:
    share = run.policy.stagnated
    least = Threshold(share.value * _first_quality(run), f"{share.value:g} of its first value: {share.source}")
    name = "fid_judge" if "fid_judge" in _quality(run) else "Energy distance to the data, of 1,"
    return [run.evidence(_quality(run), name, ">", least)]


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
    found.append(
        run.evidence(
            run.own("probes.flip_rate"), "Share of fixed inputs that change class between probes", ">", policy.hopping
        )
    )
    return tuple(sorted(found, key=lambda evidence: not evidence.crossed))
