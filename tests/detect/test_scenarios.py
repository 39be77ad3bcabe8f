"""Scenario → verdict and kind: the failures, their near-misses, and what must be abstained from."""

import math

import pytest

from gandiag.detect import Failure, Status, diagnose
from gandiag.detect.policy import policy_for
from gandiag.detect.remedies import remedies_for
from gandiag.recording import Recording

VANISHED = {
    "energy": 0.5,
    "head_gradient": 1e-5,
    "grad_norm": 1e-5,
    "drift": 0.001,
    "diversity": lambda t: 0.5 if t < 0.1 else 0.2,
}

UNTRAINED = {"drift": 0.0, "energy": 0.6, "diversity": 0.1, "modes": 2, "kl_to_real": 1.9}
DEAD = {"head_gradient": 0.5, "input_gradient": 1e-12, "grad_norm": 1e-12, "drift": 0.0, "accuracy": 0.5}
WITHOUT_A_JUDGE = {"modes": None, "kl_to_real": None, "flip_rate": None, "fid_judge": None, "classes": False}

SCENARIOS = {
    "healthy": ({}, "healthy", None),
    # vanishing gradients, in its three kinds
    "saturated": (
        {
            "head_gradient": 1e-5,
            "drift": lambda t: 0.3 if t < 0.1 else 0.0,
            "energy": 0.5,
            "modes": 2,
            "loss": "minimax",
        },
        "vanishing_gradients",
        "saturated_discriminator",
    ),
    "never learnt": (
        {**UNTRAINED, "head_gradient": 1e-6, "loss": "minimax"},
        "vanishing_gradients",
        "saturated_discriminator",
    ),
    "dead discriminator that looks like equilibrium": (
        {**DEAD, "energy": 0.4},
        "vanishing_gradients",
        "dead_discriminator",
    ),
    "dead discriminator on the way to the data": (
        {**DEAD, "energy": 0.034, "drift": lambda t: 0.3 if t < 0.2 else 0.0},
        "vanishing_gradients",
        "dead_discriminator",
    ),
    "lost in depth": ({"first_layer": 1e-7, "drift": 0.0, "energy": 0.5}, "vanishing_gradients", "lost_in_depth"),
    "lost in depth while the last layers move": (
        {"first_layer": 1e-7, "diversity": 1e-5, "energy": 0.5, "modes": 1, "kl_to_real": 2.3},
        "vanishing_gradients",
        "lost_in_depth",
    ),
    # near-misses of vanishing gradients
    "little gradient in the first layers of a generator that once used its noise": (
        {"first_layer": 1e-7, "diversity": lambda t: 0.5 if t < 0.2 else 1e-5, "modes": 1, "kl_to_real": 2.3},
        "mode_collapse",
        "total",
    ),
    "discriminator always right, generator learning": ({"accuracy": 1.0, "head_gradient": 0.99}, "healthy", None),
    "tiny gradient because converged": (
        {"grad_norm": 1e-4, "input_gradient": 2e-4, "head_gradient": 0.5, "drift": (0.3, 0.0)},
        "healthy",
        None,
    ),
    "dead discriminator because converged": (
        {**DEAD, "energy": 0.02, "drift": lambda t: 0.3 if t < 0.5 else 0.0},
        "healthy",
        None,
    ),
    "saturated only at the start": ({"head_gradient": lambda t: 1e-6 if t < 0.3 else 0.4}, "healthy", None),
    # mode collapse
    "one sample": ({"diversity": 0.1, "modes": 1, "kl_to_real": 2.3}, "mode_collapse", "total"),
    "one sample that hops": (
        {"diversity": 0.1, "modes": 1, "kl_to_real": 2.3, "flip_rate": 0.95},
        "mode_collapse",
        "cycling",
    ),
    "classes missing": ({"modes": 6, "kl_to_real": 0.5}, "mode_collapse", "partial"),
    "all classes, very unevenly": ({"modes": 9, "kl_to_real": 1.2}, "mode_collapse", "partial"),
    "regions missing, without a judge": (
        {
            **WITHOUT_A_JUDGE,
            "cluster_coverage": 0.3,
            "energy": 0.4,
        },
        "mode_collapse",
        "partial",
    ),
    "late collapse": (
        {"diversity": lambda t: 0.8 if t < 0.6 else 0.1, "modes": lambda t: 10 if t < 0.6 else 1},
        "mode_collapse",
        "total",
    ),
    # near-misses of collapse
    "every run's beginning": ({"diversity": lambda t: 0.1 if t < 0.2 else 0.7}, "healthy", None),
    "collapse that recovers": ({"diversity": lambda t: 0.1 if 0.3 < t < 0.5 else 0.7}, "healthy", None),
    # failing to converge
    "critic without constraint": (
        {"input_gradient": (1.0, 2000.0), "loss": "wasserstein"},
        "non_convergence",
        "divergence",
    ),
    "logits run away": ({"logit_real": (0.0, 900.0)}, "non_convergence", "divergence"),
    "not a number": ({"gradients_finite": lambda t: t < 0.5}, "non_convergence", "divergence"),
    "samples not a number": ({"finite_share": lambda t: 1.0 if t < 0.9 else 0.0}, "non_convergence", "divergence"),
    "wandering": ({"flip_rate": 0.8, "fid_judge": 300.0, "energy": 0.3}, "non_convergence", "oscillation"),
    "stagnation": ({"fid_judge": 800.0, "energy": 0.5}, "non_convergence", "stagnation"),
    "stagnation without a judge": (
        {
            "energy": 0.5,
            **WITHOUT_A_JUDGE,
        },
        "non_convergence",
        "stagnation",
    ),
    "unknown loss, logits and slope run away": (
        {"loss": None, "logit_real": 900.0, "input_gradient": 2000.0},
        "non_convergence",
        "divergence",
    ),
    "circling around the data, without a judge": (
        {**WITHOUT_A_JUDGE, "energy": lambda t: 0.25 + 0.25 * math.sin(60 * t), "drift": 0.9},
        "non_convergence",
        "oscillation",
    ),
    "samples that go away from the data again": (
        {
            **WITHOUT_A_JUDGE,
            "energy": lambda t: 0.6 * (0.4 - t) + 0.02 if t < 0.4 else 0.02 + 0.5 * max(0, t - 0.5),
            "drift": 0.1,
        },
        "non_convergence",
        "divergence",
    ),
    "far away, with clusters that come and go": (
        {**WITHOUT_A_JUDGE, "energy": 0.11, "drift": 0.1, "cluster_coverage": lambda t: 0.6 + 0.05 * math.sin(100 * t)},
        "non_convergence",
        "stagnation",
    ),
    "an untrained generator that creeps": (
        {**WITHOUT_A_JUDGE, "energy": 0.25, "drift": 0.001, "diversity": 0.08, "cluster_coverage": 0.1},
        "non_convergence",
        "stagnation",
    ),
    "a shape that turns about its data": (
        {**WITHOUT_A_JUDGE, "energy": lambda t: 0.4 if t < 0.1 else 0.048, "drift": 0.9},
        "non_convergence",
        "oscillation",
    ),
    # near-misses of non-convergence
    "samples that come to the data late, after a stray": (
        {**WITHOUT_A_JUDGE, "energy": lambda t: 0.02 if t < 0.2 else 0.4 * (1 - t) ** 2},
        "healthy",
        None,
    ),
    "samples that change places at the data": ({"flip_rate": 0.8, "fid_judge": 100.0, "energy": 0.02}, "healthy", None),
    "steps across the data's scale at the data": ({**WITHOUT_A_JUDGE, "energy": 0.02, "drift": 0.9}, "healthy", None),
    "far and coming nearer": ({**WITHOUT_A_JUDGE, "energy": (0.9, 0.2), "drift": 0.3}, "healthy", None),
    "classes change because samples get better": ({"flip_rate": 0.8, "fid_judge": (900.0, 50.0)}, "healthy", None),
    "at the data from the start, as a translator can be": ({"fid_judge": 90.0, "energy": 0.03}, "healthy", None),
    "steps too small to get anywhere": (
        {**WITHOUT_A_JUDGE, "energy": 0.6, "drift": 0.005},
        "non_convergence",
        "stagnation",
    ),
    "unknown loss, slope and logits in bounds": (
        {"loss": None, "modes": None, "kl_to_real": None, "flip_rate": None, "fid_judge": None, "energy": None},
        "healthy",
        None,
    ),
    "steep discriminator under another loss": ({"input_gradient": 40.0}, "healthy", None),
    "big critic values": ({"logit_real": 300.0, "input_gradient": 1.0, "loss": "wasserstein"}, "healthy", None),
    # several at once: the first to set in
    "collapse that ends in divergence": (
        {
            "diversity": lambda t: 0.8 if t < 0.4 else 0.1,
            "logit_real": lambda t: 1.0 if t < 0.6 else 500.0,
        },
        "mode_collapse",
        "total",
    ),
    "divergence before the samples were ever diverse": (
        {"diversity": 0.1, "logit_real": lambda t: 1.0 if t < 0.1 else 900.0 * t},
        "non_convergence",
        "divergence",
    ),
    "a discriminator at rest that is sure of samples that are all alike": (
        {
            "diversity": lambda t: 0.7 if t < 0.4 else 0.01,
            "energy": 0.5,
            "modes": 1,
            "kl_to_real": 2.3,
            "logit_real": lambda t: 1.0 if t < 0.2 else 100.0,
        },
        "mode_collapse",
        "total",
    ),
    "collapse from the start, and logits that run away late": (
        {"diversity": 0.1, "energy": 0.5, "modes": 1, "kl_to_real": 2.3, "logit_real": (0.0, 200.0)},
        "mode_collapse",
        "total",
    ),
    "a free critic, and samples that are all alike": (
        {"loss": "wasserstein", "input_gradient": 800.0, "diversity": 0.1, "energy": 0.3, "modes": 1},
        "mode_collapse",
        "total",
    ),
    # what cannot be judged, and need not be
    "no gradient by way of the discriminator, at the data": (
        {
            **WITHOUT_A_JUDGE,
            "head_gradient": None,
            "input_gradient": None,
            "energy": lambda t: 0.3 if t < 0.2 else 0.01,
        },
        "healthy",
        None,
    ),
    "no signal": ({"head_gradient": None, "grad_norm": None}, "insufficient_data", None),
    "no diversity": ({"diversity": None}, "insufficient_data", None),
    "no judge": (
        {
            **WITHOUT_A_JUDGE,
        },
        "healthy",
        None,
    ),
    "collapse without a judge": (
        {
            **WITHOUT_A_JUDGE,
            "diversity": 0.1,
        },
        "mode_collapse",
        "total",
    ),
    "too short": ({"iterations": 100}, "insufficient_data", None),
    "unknown loss, logits run away": (
        {"loss": None, "logit_real": 900.0, "flip_rate": None, "fid_judge": None, "energy": None},
        "insufficient_data",
        None,
    ),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_verdict_is_the_one_the_scenario_calls_for(make_recording, name):
    changes, verdict, kind = SCENARIOS[name]
    diagnosis = diagnose(make_recording(**changes))
    assert diagnosis.verdict == verdict, str(diagnosis)
    if kind is not None:
        assert diagnosis.main.kind == kind, str(diagnosis)
        assert diagnosis.main.remedies
        assert any(evidence.crossed for evidence in diagnosis.main.evidence), "a verdict without a number"


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_evidence_names_a_series_a_threshold_and_a_source(make_recording, name):
    recording = make_recording(**SCENARIOS[name][0])
    for finding in diagnose(recording).findings:
        for evidence in finding.evidence:
            assert evidence.source
            assert math.isfinite(evidence.threshold)
            if math.isfinite(evidence.value):
                assert len(recording.series(evidence.signal)), evidence


@pytest.mark.parametrize(
    ("changes", "onset"),
    [
        ({"diversity": lambda t: 0.8 if t < 0.6 else 0.1}, 600),
        ({"logit_real": lambda t: 1.0 if t < 0.5 else 500.0}, 500),
        ({"head_gradient": lambda t: 0.5 if t < 0.3 else 1e-6, "drift": lambda t: 0.2 if t < 0.3 else 0.0}, 300),
        ({"gradients_finite": lambda t: t < 0.777}, 777),
    ],
)
def test_the_onset_is_where_it_set_in(make_recording, changes, onset):
    assert diagnose(make_recording(**changes)).main.onset == pytest.approx(onset, abs=0.05 * 1000)


def test_a_dead_loss_under_moving_samples_is_a_warning(make_recording):
    diagnosis = diagnose(make_recording(head_gradient=1e-5, drift=0.2))
    assert diagnosis.verdict == "healthy"
    assert diagnosis.main.status == Status.WARN
    assert "signs of vanishing gradients" in diagnosis.why


def test_a_generator_that_never_moved_says_nothing_about_collapse(make_recording):
    diagnosis = diagnose(make_recording(drift=0.0, diversity=0.1, head_gradient=1e-6))
    by_failure = {finding.failure: finding for finding in diagnosis.findings}
    assert by_failure[Failure.MODE_COLLAPSE].status == Status.NOT_ENOUGH_DATA


def test_depth_is_named_as_the_cause_of_a_collapse(make_recording):
    diagnosis = diagnose(make_recording(diversity=0.05, modes=1, first_layer=1e-3))
    assert "depth" in diagnosis.main.reason
    assert "batch normalisation" in diagnosis.main.remedies[0].action


def test_oscillation_shows_the_distance_that_it_was_judged_by(make_recording):
    changes, _, kind = SCENARIOS["a shape that turns about its data"]
    main = diagnose(make_recording(**changes)).main
    assert main.kind == kind
    (distance,) = [evidence for evidence in main.evidence if "energy" in evidence.signal]
    assert distance.crossed
    assert distance.threshold == policy_for("non_saturating").reached.value


def test_a_free_critic_is_named_as_the_cause_of_a_collapse(make_recording):
    diagnosis = diagnose(make_recording(loss="wasserstein", input_gradient=800.0, diversity=0.1, modes=1))
    assert "critic" in diagnosis.main.reason
    assert diagnosis.main.remedies[0] == remedies_for("divergence")[0]


def test_the_failing_generator_of_several_is_named(make_recording):
    good, bad = make_recording(), make_recording(diversity=0.05, modes=1)
    joined = {}
    for table in ("steps", "layers", "signal", "probes"):
        parts = [r.table(table).assign(network=n) for r, n in ((good, "G.day_to_night"), (bad, "G.night_to_day"))]
        joined[table] = __import__("pandas").concat(parts, ignore_index=True)
    diagnosis = diagnose(Recording(**joined, meta={"loss": "least_squares"}))
    assert diagnosis.verdict == "mode_collapse"
    assert diagnosis.main.reason.startswith("G.night_to_day")
