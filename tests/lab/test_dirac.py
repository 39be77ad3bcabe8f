"""The Dirac-GAN: trained runs against its closed form, and labels by it alone."""

import math
from dataclasses import replace

import pytest

from gandiag.errors import GandiagError
from gandiag.lab.archive import label_runs
from gandiag.lab.catalogue import SCENARIOS
from gandiag.lab.dirac import GAME, closed_form, remaining, spectral_radius
from gandiag.lab.runner import Run, run
from gandiag.training import train

R1 = replace(GAME, regularizer="r1", strength=0.3)
WASSERSTEIN = replace(GAME, loss="wasserstein")
HOT = replace(WASSERSTEIN, learning_rate_generator=2.1, learning_rate_discriminator=2.1)


def distance(config) -> float:
    players = train(config).players
    return math.hypot(float(players.generator.theta.detach()), float(players.discriminator.psi.detach()))


def test_the_spectral_radius_is_that_of_the_paper():
    # Determinant 1 without damping: on the unit circle up to a pull of 2 (Lemma 2.5); √(1 − hγ) with R1.
    assert spectral_radius(GAME) == pytest.approx(1.0, abs=1e-12)
    assert spectral_radius(WASSERSTEIN) == pytest.approx(1.0, abs=1e-12)
    assert spectral_radius(R1) == pytest.approx(math.sqrt(1 - 0.2 * 0.3))
    trace = 2 - 2.1**2
    assert spectral_radius(HOT) == pytest.approx((-trace + math.sqrt(trace**2 - 4)) / 2)
    with pytest.raises(GandiagError, match="No closed form"):
        spectral_radius(replace(GAME, loss="hinge"))


@pytest.mark.parametrize(
    ("config", "label"),
    [
        (GAME, ("non_convergence", "oscillation")),
        (WASSERSTEIN, ("non_convergence", "oscillation")),
        (R1, ("healthy", None)),
        (replace(R1, iterations=10), ("ambiguous", None)),
        (replace(GAME, loss="non_saturating"), ("healthy", None)),
        (HOT, ("non_convergence", "divergence")),
    ],
)
def test_labels_follow_from_the_closed_form(config, label):
    assert closed_form(config) == label


def test_trained_runs_take_the_course_that_the_closed_form_foretells():
    start, steps = math.sqrt(2), 300
    orbit = distance(replace(GAME, iterations=steps))
    assert orbit == pytest.approx(start, rel=0.06), "an orbit leaves the circle by a share of the step size"
    damped = distance(replace(R1, iterations=steps))
    assert math.log(damped / start) / steps == pytest.approx(math.log(spectral_radius(R1)), rel=0.02)
    slow = replace(GAME, loss="non_saturating", iterations=500)
    assert distance(slow) / start == pytest.approx(remaining(slow), rel=0.05)


def test_weight_decay_is_r1_here():
    decayed = replace(GAME, regularizer="weight_decay", strength=0.3, iterations=50)
    assert distance(decayed) == pytest.approx(distance(replace(R1, iterations=50)), rel=1e-4)


def test_no_measurement_decides_the_label(tmp_path):
    for name in ("dirac-minimax", "dirac-minimax-r1"):
        scenario = SCENARIOS[name]
        short = replace(scenario, config=replace(scenario.config, iterations=20, probe_every=10))
        run(Run(short, 0), tmp_path)
    labels = label_runs(tmp_path).set_index("scenario")
    assert labels["label"].to_dict() == {"dirac-minimax": "non_convergence", "dirac-minimax-r1": "healthy"}
    assert labels.loc["dirac-minimax", "all"] == "non_convergence/oscillation@0"
