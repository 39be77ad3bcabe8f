"""Bad settings are refused with one clear sentence."""

import dataclasses
import json
import math

import numpy as np
import pytest

from gandiag.cli.train import setting_helps
from gandiag.errors import GandiagError
from gandiag.training import PRESETS, TrainingConfig


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dataset": "cats"}, "Unknown dataset 'cats'; choose one of digits, mnist"),
        ({"model": "biggan"}, "Unknown model 'biggan'; choose one of lecture"),
        ({"loss": "mse"}, "Unknown loss 'mse'; choose one of minimax, non_saturating"),
        ({"regularizer": "prayer"}, "Unknown regularizer 'prayer'; choose one of none, weight_decay"),
        ({"optimizer_generator": "lion"}, "Unknown optimizer_generator 'lion'; choose one of adam, sgd"),
        ({"iterations": 0}, "iterations must be at least 1; got 0."),
        ({"batch_size": 0}, "batch_size must be at least 1; got 0."),
        ({"n_critic": -1}, "n_critic must be at least 1; got -1."),
        ({"learning_rate_generator": 0.0}, "learning_rate_generator must be a finite number above 0; got 0.0."),
        ({"learning_rate_discriminator": float("nan")}, "must be a finite number; got nan."),
        ({"strength": math.inf}, "strength must be a finite number; got inf."),
        ({"strength": None}, "strength must be a finite number; got None."),
        ({"iterations": 1.5}, "iterations must be a whole number; got 1.5."),
        ({"iterations": 2.0}, "iterations must be a whole number; got 2.0."),
        ({"n_critic": "two"}, "n_critic must be a whole number; got 'two'."),
        ({"n_critic": True}, "n_critic must be a whole number; got True."),
        ({"seed": None}, "seed must be a whole number; got None."),
        ({"probe_every": "often"}, "probe_every must be a whole number; got 'often'."),
        ({"beta1": 1.0}, "beta1 must be in [0, 1); got 1.0."),
        ({"real_label": 2}, "real_label must be 0 or 1; got 2."),
        ({"regularizer": "r1"}, "The regularizer 'r1' needs a strength above 0; give --strength."),
        ({"strength": -1.0}, "strength must be at least 0; got -1.0."),
        ({"regularizer": "dropout", "strength": 1.0}, "strength must be below 1 for dropout; got 1.0."),
        ({"regularizer": "label_smoothing", "strength": 0.1, "loss": "hinge"}, "minimax and non_saturating alone"),
        ({"anti_collapse": "luck"}, "Unknown anti_collapse 'luck'; choose one of none, minibatch_std"),
        ({"anti_collapse": "pacgan4", "batch_size": 30}, "batch_size must be a multiple of 4; got 30."),
        ({"probe_every": 0}, "probe_every must be at least 1; got 0."),
    ],
)
def test_a_bad_setting_is_one_sentence_with_what_was_expected(settings, message):
    with pytest.raises(GandiagError) as caught:
        TrainingConfig(**settings)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_option_is_named():
    with pytest.raises(GandiagError, match="Unknown training option 'learning_rte'"):
        TrainingConfig.from_dict({"learning_rte": 1e-3})


@pytest.mark.parametrize("config", PRESETS.values(), ids=PRESETS)
def test_a_configuration_survives_the_way_to_json_and_back(config):
    assert TrainingConfig.from_dict(config.to_dict()) == config


def test_numbers_of_numpy_are_taken_as_pythons():
    config = TrainingConfig(n_critic=np.int64(3), strength=np.float32(0.5), beta1=np.float64(0.25))
    assert config == TrainingConfig(n_critic=3, strength=0.5, beta1=0.25)
    assert json.loads(json.dumps(config.to_dict())) == config.to_dict()


def test_every_setting_is_described():
    assert set(setting_helps()) == {field.name for field in dataclasses.fields(TrainingConfig)}
