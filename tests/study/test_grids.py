"""Grids, and the mistakes that are refused in one sentence."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gandiag.errors import GandiagError
from gandiag.study import Range, Study, across, distinct, listed, named, product, random_search, zipped
from gandiag.study.study import label
from gandiag.training import TrainingConfig

BASE = TrainingConfig(dataset="ring", model="mlp", iterations=10)
LOSSES = product(loss=["hinge", "minimax"])
REMEDIES = named("remedy", {"none": {}, "R1": {"regularizer": "r1", "strength": 1.0}})
VALUES = {
    "loss": st.sampled_from(["hinge", "minimax", "wasserstein"]),
    "n_critic": st.integers(1, 4),
    "beta1": st.floats(0, 1, exclude_max=True),
    "beta2": st.sampled_from([0.9, 0.9000001, 0.90000011]),
}
SETTINGS = st.fixed_dictionaries({}, optional=VALUES)
CHOICES = st.fixed_dictionaries(
    {}, optional={key: st.lists(one, min_size=1, max_size=3) for key, one in VALUES.items()}
)
NAMED = st.builds(
    named, st.sampled_from(["recipe", "remedy"]), st.dictionaries(st.sampled_from("abc"), SETTINGS, min_size=1)
)
PARTS = st.lists(NAMED | CHOICES.filter(len).map(lambda choices: product(**choices)), min_size=1, max_size=3)


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


@given(st.lists(st.sampled_from([1, 2, 3]), min_size=1), st.sets(st.sampled_from(["hinge", "minimax"]), min_size=1),
       st.data())  # fmt: skip
def test_a_random_search_of_lists_draws_no_setting_twice(critics, losses, data):
    there_are = len(set(critics)) * len(losses)
    count = data.draw(st.integers(1, there_are))
    grid = random_search(count, n_critic=critics, loss=sorted(losses))
    assert len({tuple(one.items()) for one in grid}) == count
    with pytest.raises(GandiagError, match=f"for {there_are + 1} settings finds only {there_are};"):
        random_search(there_are + 1, n_critic=critics, loss=sorted(losses))


def test_values_come_from_whatever_can_be_gone_through():
    assert product(n_critic=range(1, 3)) == product(n_critic=(n for n in (1, 2))) == product(n_critic=np.arange(1, 3))
    study = Study("s", "?", BASE, product(n_critic=np.arange(1, 3), strength=np.array([0.5, 1], dtype=np.float32)))
    plain = Study("s", "?", BASE, product(n_critic=[1, 2], strength=[0.5, 1.0]))
    assert [run.identity for run in study.runs] == [run.identity for run in plain.runs]
    assert [label(one) for one in study.grid] == [label(one) for one in plain.grid]


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
        (lambda: product(n_critic=3), "'n_critic' needs a list with at least one value; got 3"),
        (lambda: listed("hinge"), "A setting gives keys their values, such as {'loss': 'hinge'}; got 'hinge'"),
        (lambda: named("seed", {"a": {}}), "'seed' is a column of the results"),
        (lambda: Study("s", "?", BASE, product(n_critic=["two"])), "n_critic must be a whole number; got 'two'"),
        (lambda: Study("s", "?", BASE, product(strength=[None])), "strength must be a finite number; got None"),
        (
            lambda: Study("s", "?", BASE, ({"beta1": 0}, {"beta1": 0.0})),
            "2 settings of the study 's' are called 'beta1=0'",
        ),
        (lambda: Study("s", "?", BASE, LOSSES, {"los": "hinge"}), "by the baseline's los=hinge; choose one of loss."),
        (lambda: Study("s", "?", BASE, LOSSES, {"loss": "mse"}), "loss=mse; choose one of hinge, minimax."),
        (lambda: Study("s", "?", BASE, REMEDIES, {"strength": 1.0}), "strength=1; choose one of remedy."),
        (lambda: Study("s", "?", BASE, LOSSES, measures=("fid_juge",)), "Nothing measures 'fid_juge'; choose one of"),
        (
            lambda: Study("s", "?", BASE, LOSSES, matrix=("loss", "remedy")),
            "is by 'remedy', which its settings do not all",
        ),
        (lambda: Study("s", "?", BASE, LOSSES, matrix=("verdict", "loss")), "is by 'verdict', which its settings"),
        (
            lambda: Study("s", "?", BASE, LOSSES, published_values={"hinge": {"modes": 8}}),
            "is called 'hinge', of which values are published; choose one of loss=hinge; loss=minimax.",
        ),
        (
            lambda: Study("s", "?", BASE, LOSSES, published_values={"loss=hinge": {"mode": 8}}),
            "Nothing measures 'mode'",
        ),
        (
            lambda: Study("s", "?", BASE, product(iterations=[1, 2])).budgeted(5),
            "Settings of the study 's' differ in their iterations alone; leave --iterations out.",
        ),
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


def test_what_no_name_stands_for_is_told_beside_the_names():
    assert [label(one) for one in across(LOSSES, REMEDIES)] == [
        "loss=hinge, none", "loss=hinge, R1", "loss=minimax, none", "loss=minimax, R1"
    ]  # fmt: skip
    overridden = across(REMEDIES, product(strength=[1.0, 10.0]))
    assert [label(one) for one in overridden] == [
        "none, strength=1", "none, strength=10", "R1, strength=1", "R1, strength=10"
    ]  # fmt: skip
    study = Study("s", "?", BASE, overridden, {"remedy": "none"})
    assert [study.baseline_of(one) for one in overridden] == [None, None, "none, strength=1", "none, strength=10"]


@given(PARTS)
def test_labels_tell_all_settings_apart_here_and_in_other_processes(parts):
    grid = distinct(across(*parts), BASE)
    labels = [label(one) for one in grid]
    assert len(set(labels)) == len(grid) == len(Study("s", "?", BASE, grid).grid)
    assert [label(one) for one in pickle.loads(pickle.dumps(grid))] == labels


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


def test_the_smoke_keeps_what_is_about_its_settings():
    grid = across(product(iterations=[100, 200]), LOSSES, REMEDIES)
    published = {label(one): {"modes": 1.0} for one in grid}
    whole = Study(
        "s", "?", BASE, grid, {"iterations": 100}, matrix=("iterations", "remedy"), published_values=published
    )
    small = whole.smoke()
    assert [label(one) for one in small.grid] == ["loss=hinge, none", "loss=minimax, none"]
    assert (small.baseline, small.matrix, small.published_values) == ({}, None, {})


def test_a_budget_holds_for_settings_with_one_of_their_own_and_leaves_names_alone():
    grid = named("data", {"ring": {}, "grid": {"dataset": "grid", "iterations": 20}})
    study = Study("s", "?", BASE, grid, {"data": "ring"}, 1).budgeted(7)
    assert [run.config.iterations for run in study.runs] == [7, 7]
    assert [label(one) for one in study.grid] == ["ring", "grid"]
