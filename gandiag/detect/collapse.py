"""Mode collapse: the generator makes one thing, or few."""

import numpy as np

from gandiag.detect.critic import steep
from gandiag.detect.finding import Evidence, Failure, Finding, Status
from gandiag.detect.policy import Threshold
from gandiag.detect.remedies import remedies_for
from gandiag.detect.vanishing import depth_ratio
from gandiag.detect.windows import RunView, Values, above, below, missing

DEPTH_CAUSE = 1e-2
CLASSES_SHOWN = 4  # as evidence
ALIKE = ("total", "cycling")
CAUSES = {
    "lost_in_depth": "Its first layers hardly learn: the cause lies in its depth.",
    "divergence": "The critic is kept to no slope, so that what it teaches has no measure: the cause lies there.",
}
"""Kind of failure that a collapse can come of → what is said of it."""


def detect_mode_collapse(run: RunView) -> Finding:
    """Find out whether the generator makes less than the data holds.

    Symptom: Samples look alike, or whole classes are missing, while the losses and gradients look ordinary.

    Evidence: The mean distance of two samples relative to that of two real samples, in the judge's feature space; the
    number of classes present; the evenness of the class histogram; the same distance within each class; and where no
    judge names classes, the share of the real data's clusters that are covered.

    Rule: Samples are alike (total collapse; if the fixed inputs' class also keeps changing, cycling), or classes are
    missing or very uneven (partial), or all are there and the samples of one or more are alike (within class), in 80 %
    of the last third of the run.

    Undecided when: There is nothing real to compare with, or the generator has not moved since its start: an untrained
    generator's samples are all alike too.

    Mistaken for: The first steps of any run, a generator whose gradients vanished before it learnt anything, and
    divergence, whose wreckage is not diverse either: the verdict goes by what set in first.
    """
    diversity = run.windowed(run.own("probes.diversity"))
    if missing(diversity):
        return Finding(
            Failure.MODE_COLLAPSE,
            Status.NOT_ENOUGH_DATA,
            "The diversity of the samples was not measured often enough to judge: it needs real samples beside "
            "generated ones.",
        )
    if has_never_moved(run):
        return Finding(
            Failure.MODE_COLLAPSE,
            Status.NOT_ENOUGH_DATA,
            "The generator has not moved since its start, so its samples say nothing about collapse.",
        )
    alike = below(diversity, run.policy.collapsed_diversity)
    lacking = _lacking_classes(run)
    status = run.status(alike | lacking)
    within = detect_within_class(run)
    if within is not None and status is not Status.FAIL:
        return within
    if status is Status.PASS:
        return Finding(
            Failure.MODE_COLLAPSE, status, "The samples are about as diverse as the data.", evidence=_evidence(run)
        )
    kind = _kind(run, alike)
    cause = _cause(run)
    return Finding(
        Failure.MODE_COLLAPSE,
        status,
        " ".join([_reason(kind, classes=mode_count(run) > 0), *([] if cause is None else [CAUSES[cause]])]),
        kind=kind,
        onset=run.onset(alike | lacking),
        evidence=_evidence(run),
        remedies=tuple(dict.fromkeys((*(() if cause is None else remedies_for(cause)), *remedies_for(kind)))),
    )


def has_never_moved(run: RunView) -> bool:
    """Whether the samples of fixed inputs are known to be where they were at the start."""
    movement = run.windowed(run.own("probes.drift"))
    return not missing(movement) and float(np.nanmax(movement)) < run.policy.still.value


def detect_within_class(run: RunView) -> Finding | None:
    """The finding that some classes have (nearly) one sample each; ``None`` where none has, or it was not measured."""
    holding = {
        index: holds
        for index, signal in run.numbered("probes.diversity_class").items()
        if run.status(holds := below(run.windowed(signal), run.policy.within_class)) is Status.FAIL
    }
    if not holding:
        return None
    classes = sorted(holding, key=lambda index: run.median(run.windowed(_of_class(run, index))))
    measured = sum(not missing(run.windowed(signal)) for signal in run.numbered("probes.diversity_class").values())
    return Finding(
        Failure.MODE_COLLAPSE,
        Status.FAIL,
        _within_reason(sorted(holding), measured),
        kind="within_class",
        onset=run.onset(np.logical_or.reduce(list(holding.values()))),
        evidence=tuple(
            run.evidence(
                _of_class(run, index),
                f"Distance between samples of class {index}, relative to real ones",
                "<",
                run.policy.within_class,
            )
            for index in classes[:CLASSES_SHOWN]
        ),
        remedies=remedies_for("within_class"),
    )


def _of_class(run: RunView, index: int) -> str:
    return run.own(f"probes.diversity_class_{index}")


def _within_reason(classes: list[int], measured: int) -> str:
    if len(classes) == measured > 1:
        return "The classes are all there, but of each the generator makes nearly the same sample."
    named = ", ".join(map(str, classes[:-1])) + " and " * (len(classes) > 1) + str(classes[-1])
    if len(classes) == 1:
        return f"Of class {named}, the generator makes nearly the same sample each time."
    return f"Of each of the classes {named}, the generator makes nearly the same sample each time."


def mode_count(run: RunView) -> int:
    """Number of classes that the judge knows; 0 where there are none."""
    return sum(column.startswith("class_") for column in run.recording.probes.columns)


def _lacking_classes(run: RunView) -> Values:
    modes = run.windowed(run.own("probes.modes"))
    unevenness = run.windowed(run.own("probes.kl_to_real"))
    clusters = run.windowed(run.own("probes.cluster_coverage"))
    lacking: Values = (
        below(modes, _least_modes(run))
        | above(unevenness, run.policy.uneven_classes)
        | below(clusters, run.policy.covered_clusters)
    )
    return lacking


def _least_modes(run: RunView) -> Threshold:
    share = run.policy.covered_share
    return Threshold(share.value * mode_count(run), share.source)


def _kind(run: RunView, alike: Values) -> str:
    if run.status(alike) is not Status.FAIL:
        return "partial"
    hopping = above(run.windowed(run.own("probes.flip_rate")), run.policy.hopping)
    return "cycling" if run.status(hopping) is Status.FAIL else "total"


def _cause(run: RunView) -> str | None:
    """The cause that is known: first layers with under a hundredth of the last one's gradient, or a free critic."""
    ratio = run.median(depth_ratio(run))
    if not np.isnan(ratio) and ratio < DEPTH_CAUSE:
        return "lost_in_depth"
    slope = steep(run)
    free = run.policy.loss == "wasserstein" and slope is not None and run.status(slope) is Status.FAIL
    return "divergence" if free else None


def _reason(kind: str, classes: bool) -> str:
    return {
        "total": "Whatever the noise, the generator makes nearly the same sample.",
        "cycling": "The generator makes nearly the same sample for every noise, and jumps from one mode to the next.",
        "partial": f"The generator leaves out whole {'classes' if classes else 'regions'} of the data.",
    }[kind]


def _evidence(run: RunView) -> tuple[Evidence, ...]:
    policy = run.policy
    found = [
        run.evidence(
            run.own("probes.diversity"),
            "Distance between samples, relative to real ones",
            "<",
            policy.collapsed_diversity,
        )
    ]
    if mode_count(run):
        found += [
            run.evidence(run.own("probes.modes"), f"Classes present, of {mode_count(run)}", "<", _least_modes(run)),
            run.evidence(
                run.own("probes.kl_to_real"), "KL of the classes to the real ones, nats", ">", policy.uneven_classes
            ),
        ]
    elif len(run.recording.series(run.own("probes.cluster_coverage"))):
        found.append(
            run.evidence(
                run.own("probes.cluster_coverage"),
                "Share of the data's clusters that the samples cover",
                "<",
                policy.covered_clusters,
            )
        )
    return tuple(sorted(found, key=lambda evidence: not evidence.crossed))
