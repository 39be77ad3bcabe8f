"""The oracle's rules, on tables and samples whose label is plain."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

from gandiag.data import load_dataset
from gandiag.lab.eye import look, pairwise_distance, sliced_distance
from gandiag.lab.observing import Observer
from gandiag.lab.oracle import Course, label
from gandiag.training import TrainingConfig, train
from tests.lab.conftest import oracle_table

PERFECT = oracle_table()


def labelled(points: bool = True, twin: pd.DataFrame | None = PERFECT, **columns):
    verdict, found = label(Course.of(oracle_table(**columns), twin, points))
    return verdict, [one.kind for one in found]


def test_a_perfect_run_is_healthy():
    assert labelled(twin=None) == ("healthy", [])
    assert labelled() == ("healthy", [])


def test_a_single_point_is_total_collapse_and_one_that_jumps_cycles():
    assert labelled(spread=0.1, evenness=0.125, coverage=0.125) == ("mode_collapse", ["total"])
    assert labelled(spread=0.1, evenness=0.125, coverage=0.125, flipped=1.0) == ("mode_collapse", ["cycling"])


def test_missing_modes_are_partial_collapse():
    assert labelled(coverage=0.5, evenness=0.6) == ("mode_collapse", ["partial"])


def test_one_image_a_class_is_collapse_within_classes_of_images_alone():
    assert labelled(points=False, within_spread=0.1) == ("mode_collapse", ["within_class"])
    assert labelled(points=True, within_spread=0.1) == ("healthy", [])


def test_rest_far_from_the_data_is_vanishing_by_what_the_discriminator_says():
    resting = {"moved": 1e-4, "distance": 0.5}
    assert labelled(**resting, logit_spread=1e-5) == ("vanishing_gradients", ["dead_discriminator"])
    assert labelled(**resting, response=0.0) == ("vanishing_gradients", ["dead_discriminator"])
    assert labelled(**resting) == ("vanishing_gradients", ["lost_in_depth"])


def test_rest_that_a_fresh_discriminator_ends_is_saturation():
    table = oracle_table(moved=1e-4, distance=0.5)
    pushed = pd.DataFrame([{"phase": "pushed", "iteration": 1000, "moved": 1.5}])
    verdict, found = label(Course.of(pd.concat([table, pushed]), PERFECT, True))
    assert (verdict, found[0].kind, found[0].onset) == ("vanishing_gradients", "saturated_discriminator", 0)


def test_a_generator_that_never_used_its_noise_lost_the_signal_in_its_depth():
    verdict, kinds = labelled(spread=1e-4, evenness=0.125, coverage=0.125, flipped=1.0, moved=0.7)
    assert verdict == "vanishing_gradients"
    assert kinds == ["lost_in_depth", "cycling"]


def test_numbers_that_are_none_and_logits_without_bound_are_divergence():
    broken = [1.0] * 20 + [0.0] * 20
    assert labelled(finite_share=broken) == ("non_convergence", ["divergence"])
    growing = np.geomspace(1, 1000, 40).tolist()
    assert labelled(logit_size=growing, distance=0.4) == ("non_convergence", ["divergence"])
    assert labelled(logit_size=growing) == ("healthy", [])


def test_movement_without_progress_is_oscillation_if_samples_change_class_and_else_stagnation():
    assert labelled(distance=0.45, flipped=0.5) == ("non_convergence", ["oscillation"])
    assert labelled(distance=0.45) == ("non_convergence", ["stagnation"])


def test_late_collapse_sets_in_when_it_does():
    late = {"spread": [1.0] * 20 + [0.1] * 20, "evenness": [1.0] * 20 + [0.125] * 20}
    verdict, found = label(Course.of(oracle_table(**late), PERFECT, True))
    assert (verdict, found[0].onset) == ("mode_collapse", int(PERFECT["iteration"][20]))


def test_what_the_twin_suffers_too_is_ambiguous_and_so_is_the_grey_between():
    ill = {"coverage": 0.5, "evenness": 0.6}
    assert labelled(twin=oracle_table(**ill), **ill)[0] == "ambiguous"
    assert labelled(distance=[0.5] + [0.25] * 39) == ("ambiguous", [])
    assert labelled(logit_spread=0.0) == ("ambiguous", [])


def test_the_eye_sees_modes_and_digits():
    ring = load_dataset("ring")
    seen = look(ring.samples[:2000], ring)
    assert torch.equal(seen.classes, ring.labels[:2000])
    assert seen.quality == pytest.approx(1 - math.exp(-4.5), abs=0.01)
    digits = load_dataset("digits")
    assert (look(digits.samples, digits).classes == digits.labels).double().mean() > 0.95
    stacked = load_dataset("stacked_digits")
    assert (look(stacked.samples[:500], stacked).classes == stacked.labels[:500]).double().mean() > 0.85


def test_distances_have_their_closed_forms():
    assert pairwise_distance(torch.tensor([[0.0, 0.0], [3.0, 4.0]])) == pytest.approx(5.0)
    zeros = torch.zeros(50, 1)
    assert sliced_distance(zeros, zeros + 2) == pytest.approx(2.0)


def test_watching_for_the_oracle_changes_nothing_of_the_training():
    config = TrainingConfig(dataset="ring", model="mlp_batch_norm", iterations=8, regularizer="spectral_norm")
    ring = load_dataset("ring")
    plain, observer = train(config, ring), Observer(config, ring)
    watched = train(config, ring, observe=observer)
    for alone, beside in zip(
        plain.players.generator.state_dict().values(), watched.players.generator.state_dict().values(), strict=True
    ):
        assert torch.equal(alone, beside)
    assert len(observer.finish(watched.players).query("phase == 'training'")) == 9
