"""Grids, and the mistakes that are refused in one sentence."""

import math

import pytest

from gandiag.errors import GandiagError
from gandiag.study import Range, Study, across, distinct, listed, named, product, random_search, zipped
from gandiag.study.study import label
from gandiag.training import TrainingConfig

BASE = TrainingConfig(dataset="ring", model="mlp", iterations=10)


def test_a_product_holds_every_combination_once():
    grid = product(loss=["hinge", "minimax"], n_critic=[1, 2, 3])
    assert len(grid) == 6
    assert {(one["loss"], one["n_critic"]) for one in grid} == {(a, b) for a in ("hinge", "minimax") for b in (1, 2, 3)}


def test_grids_are_crossed_and_the_last_word_counts():
    grid = across(product(loss=["hinge", "minimax"], n_critic=[1]), listed({"n_critic": 5}, {"beta1": 0.0}))
    assert [one["n_critic"] for one in grid] == [5, 1, 5, 1]


def test_a_random_search_stays_in_its_ranges_and_is_fixed_by_its_seed():
    choices = {
        "learning_rate_generator": Range(1e-5, 1e-2, logarithmic=True),
        "beta1": Range(0, 0.9),
        "loss": ["hinge"],
    }
    grid = random_search(400, 3, **choices)
    assert grid == random_search(400, 3, **choices) != random_search(400, 4, **choices)
    rates = [one["learning_rate_generator"] for one in grid]
    assert 1e-5 <= min(rates) < 2e-5
    assert 5e-3 < max(rates) <= 1e-2
    # Uniform in the logarithm: the mean lies within 5 standard errors, 5 · 3 / √12 / √400, of −3.5.
    assert sum(map(math.log10, rates)) / 400 == pytest.approx(-3.5, abs=5 * 3 / math.sqrt(12 * 400))
    assert all(0 <= one["beta1"] <= 0.9 for one in grid)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: product(learning_rte=[1]), "Unknown key 'learning_rte' in the grid; choose among dataset, model"),
        (lambda: listed({"los": "hinge"}), "Unknown key 'los'"),
        (lambda: product(loss=[]), "'loss' needs a list with at least one value; got []"),
        (lambda: product(loss="hinge"), "'loss' needs a list with at least one value; got 'hinge'"),
        (lambda: product(), "The grid is empty"),
        (lambda: listed(), "The grid is empty"),
        (lambda: product(seed=[1]), "The seed is no part of a grid"),
        (lambda: zipped(loss=["hinge"], beta1=[0, 0.5]), "equally many values; got {'loss': 1, 'beta1': 2}"),
        (lambda: random_search(0, loss=["hinge"]), "at least 1 setting; got 0"),
        (lambda: Range(2, 1), "from low to high"),
        (lambda: Range(0, 1, logarithmic=True), "from above 0 if logarithmic"),
        (lambda: Study("s", "?", BASE, ()), "The grid of the study 's' is empty"),
        (lambda: Study("s", "?", BASE, ({"loss": "hinge"}, {"loss": "hinge"})), "the run 'loss=hinge' twice"),
        (lambda: Study("s", "?", BASE, ({"beta1": 0.5}, {})), "twice"),
        (lambda: Study("s", "?", BASE, ({"loss": "mse"},)), "Unknown loss 'mse'"),
        (lambda: Study("s", "?", BASE, ({"loss": "hinge"},), seeds=0), "at least 1 seed; got 0"),
    ],
)
def test_a_mistake_is_one_sentence(make, message):
    with pytest.raises(GandiagError) as caught:
        make()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_settings_baseline_is_equal_in_all_that_the_baseline_does_not_name():
    grid = across(product(loss=["hinge", "minimax"]), listed({"regularizer": "none"}, {"regularizer": "spectral_norm"}))
    study = Study("s", "?", BASE, grid, {"regularizer": "none"})
    assert [study.baseline_of(one) for one in grid] == [None, label(grid[0]), None, label(grid[2])]


def test_names_tell_settings_apart_and_configure_nothing():
    grid = across(
        named("recipe", {"a": {"loss": "minimax"}}), named("remedy", {"none": {}, "hinge": {"loss": "hinge"}})
    )
    study = Study("s", "?", BASE, grid, {"remedy": "none"})
    assert [label(one) for one in grid] == ["a, none", "a, hinge"]
    assert [run.config.loss for run in study.runs[:2]] == ["minimax", "hinge"]
    assert [study.baseline_of(one) for one in grid] == [None, "a, none"]
    assert distinct(across(named("n", {"x": {}, "y": {"loss": "non_saturating"}}))) == ({"n": "x"},)
    with pytest.raises(GandiagError, match="'loss' is a setting itself"):
        named("loss", {"a": {}})


def test_a_runs_identity_is_its_configurations_and_its_versions(monkeypatch):
    study = Study("s", "?", BASE, product(loss=["hinge", "minimax"]), seeds=2)
    identities = [run.identity for run in study.runs]
    assert len(set(identities)) == 4
    assert set(identities) == {run.identity for run in Study("t", "!", BASE, study.grid[::-1], seeds=2).runs}
    monkeypatch.setattr("gandiag.study.study.VERSION", "99")
    assert not set(identities) & {run.identity for run in study.runs}


def test_the_smoke_is_small_and_named_as_such():
    study = Study("s", "?", BASE, product(n_critic=list(range(1, 40))), seeds=9).smoke()
    assert study.name == "s-smoke"
    assert len(study.runs) == 8
    assert study.base.iterations == 30
