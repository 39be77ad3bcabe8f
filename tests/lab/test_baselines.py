"""The rules of others, on recordings written by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from gandiag.lab import baselines
from gandiag.lab.baselines import BASELINES
from gandiag.recording import Recording
from tests.lab.conftest import recording


def test_losses_at_the_mean_logits_are_their_formulas():
    at = {"logit_real": 1.0, "logit_fake": -2.0}
    expected = {
        "minimax": math.log1p(math.exp(-1)) + math.log1p(math.exp(-2)),
        "non_saturating": math.log1p(math.exp(-1)) + math.log1p(math.exp(-2)),
        "least_squares": 2.0,
        "hinge": 0.0,
        "wasserstein": -3.0,
        "relativistic_paired": math.log1p(math.exp(-3)),
    }
    for loss, value in expected.items():
        assert baselines.discriminator_loss(recording(loss, **at)).iloc[-1] == pytest.approx(value), loss
    assert baselines.discriminator_loss(recording("unheard_of", **at)).empty


def test_a_sure_discriminator_sets_off_the_rules_on_its_loss_and_accuracy():
    sure = recording(logit_real=9.0, logit_fake=-9.0, accuracy=1.0)
    fair = recording(logit_real=0.2, logit_fake=-0.2, accuracy=0.6)
    for rule in (baselines.discriminator_loss_near_zero, baselines.discriminator_accuracy):
        assert rule(sure) == baselines.Opinion("vanishing_gradients", baselines.WINDOW - 1)
        assert rule(fair).verdict == "healthy"


def test_gradient_bands():
    assert baselines.tiny_gradient(recording(G_grad_norm=1e-8)).verdict == "vanishing_gradients"
    assert baselines.fixed_band(recording(G_grad_norm=1e-5)).verdict == "healthy"
    assert baselines.fixed_band(recording(D_grad_norm=1e4)).verdict == "non_convergence"


def test_the_layer_ratio_reads_the_first_and_the_last_layer():
    def layered(first: float, last: float) -> Recording:
        rows = pd.concat(
            [
                pd.DataFrame({"iteration": range(100), "network": "G", "layer": layer, "grad_norm": norm})
                for layer, norm in (("a", first), ("z", last))
            ]
        )
        return Recording(layers=rows)

    assert baselines.layer_ratio(layered(1e-6, 1.0)).verdict == "vanishing_gradients"
    assert baselines.layer_ratio(layered(100.0, 1.0)).verdict == "non_convergence"
    assert baselines.layer_ratio(layered(1.0, 1.0)).verdict == "healthy"
    assert baselines.layer_ratio(Recording()).verdict == "insufficient_data"


def test_a_jump_of_the_frechet_distance_needs_two_probes():
    def course(*fid: float) -> Recording:
        probes = pd.DataFrame({"iteration": 50 * np.arange(len(fid)), "network": "G", "fid_judge": fid})
        return Recording(probes=probes)

    assert baselines.fid_jump(course(9, 3, 6, 3)).verdict == "healthy"
    assert baselines.fid_jump(course(9, 3, 6, 7)) == baselines.Opinion("mode_collapse", 150)


@pytest.mark.parametrize("name", BASELINES)
def test_every_rule_abstains_on_nothing(name):
    assert BASELINES[name](Recording()).verdict == "insufficient_data"
