"""The catalogue of recipes: well-formed, and split as it should be."""

import pytest

from gandiag.errors import GandiagError
from gandiag.lab.catalogue import SCENARIOS, get_scenario
from gandiag.lab.scenario import HEALTHY, KINDS
from gandiag.losses import LOSSES
from gandiag.training.config import TrainingConfig

ALL = list(SCENARIOS.values())


def test_there_are_at_least_forty_recipes_on_three_kinds_of_data_under_all_six_losses():
    assert len(ALL) >= 40
    assert {scenario.config.loss for scenario in ALL} == set(LOSSES)
    assert {"ring", "grid", "digits", "mnist", "stacked_digits"} <= {scenario.config.dataset for scenario in ALL}
    assert {"lecture", "dcgan_small", "conditional_written"} <= {scenario.config.model for scenario in ALL}


def test_at_least_two_fifths_of_the_recipes_are_held_out_with_combinations_that_calibration_never_saw():
    held_out = [scenario for scenario in ALL if scenario.split == "hold_out"]
    seen = {scenario.combination for scenario in ALL if scenario.split == "calibration"}
    assert len(held_out) >= 0.4 * len(ALL)
    assert not {scenario.combination for scenario in held_out} & seen


@pytest.mark.parametrize("scenario", ALL, ids=lambda scenario: scenario.name)
def test_a_recipe_has_a_working_twin_in_its_split_and_a_known_kind(scenario):
    twin = SCENARIOS[scenario.twin]
    assert twin.expected == HEALTHY
    assert twin.split == scenario.split
    if scenario.expected == HEALTHY:
        assert scenario.kind is None
        assert twin is scenario
    else:
        assert scenario.kind in KINDS[scenario.expected]
    assert all(isinstance(config, TrainingConfig) for config in scenario.schedule(3).values())
    assert scenario.shows.endswith(".")
    assert scenario.configured(3).seed == 3


def test_all_failures_and_near_misses_are_there():
    assert {scenario.expected for scenario in ALL} == {HEALTHY, *KINDS}
    assert sum(scenario.near_miss for scenario in ALL) >= 5


@pytest.mark.parametrize("kind", [kind for kinds in KINDS.values() for kind in kinds])
def test_each_kind_of_failure_has_four_recipes_in_both_splits(kind):
    there = [scenario.split for scenario in ALL if scenario.kind == kind]
    assert len(there) >= 4
    assert set(there) == {"calibration", "hold_out"}


def test_an_unknown_scenario_is_one_sentence():
    with pytest.raises(GandiagError, match="Unknown scenario 'nonsense'"):
        get_scenario("nonsense")
