"""A member of a stack is the run that it would be alone: the reference is the loop for one, in double precision."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from gandiag.data import Dataset, load_dataset
from gandiag.errors import GandiagError
from gandiag.training import TrainingConfig, TrainingResult, train
from gandiag.training import loop as loop_of_one
from gandiag.training.stacked import loop as loop_of_many
from gandiag.training.stacked import train_stacked, why_alone

POINTS = {"dataset": "ring", "model": "mlp"}
IMAGES = {"dataset": "digits", "model": "lecture", "batch_size": 8}
STRENGTHS = {
    "weight_decay": 0.01,
    "weight_clipping": 0.05,
    "r1": 1.0,
    "r2": 1.0,
    "r1_r2": 1.0,
    "wgan_gp": 1.0,
    "dragan": 1.0,
    "lecam": 0.1,
    "dropout": 0.3,
    "label_smoothing": 0.1,
    "instance_noise": 0.1,
    "instance_noise_annealed": 0.3,
    "consensus": 0.1,
}
LOSSES = ["minimax", "non_saturating", "least_squares", "hinge", "wasserstein", "relativistic_paired"]
CASES = (
    {loss: {"loss": loss} for loss in LOSSES}
    | {name: {"regularizer": name, "strength": strength} for name, strength in STRENGTHS.items()}
    | {
        "layer norm": {"regularizer": "layer_norm"},
        "spectral norm": {"regularizer": "spectral_norm"},
        "weight norm": {"regularizer": "weight_norm"},
        "lecture's labels": {"real_label": 0, "regularizer": "label_smoothing", "strength": 0.1},
        "minibatch deviation": {"anti_collapse": "minibatch_std"},
        "packed, penalised": {"anti_collapse": "pacgan2", "regularizer": "r1", "strength": 1.0},
        "batch norm": {"model": "mlp_batch_norm"},
        "tanh": {"model": "mlp_tanh"},
        "sgd": {"optimizer_discriminator": "sgd", "momentum": 0.5},
        "many steps of D": {"n_critic": 3, "pretraining": 5},
        "many steps of G": {"n_generator": 3},
        "many steps of G, paired": {"n_generator": 3, "loss": "relativistic_paired"},
        "images": IMAGES,
        "images, batch norm in both": {**IMAGES, "model": "lecture_relu_batch_norm_both"},
        "images, packed, dropped": {**IMAGES, "anti_collapse": "pacgan2", "regularizer": "dropout", "strength": 0.3},
        "images, penalised": {**IMAGES, "loss": "wasserstein", "regularizer": "wgan_gp", "strength": 10.0},
    }
)


@pytest.fixture
def double_precision(monkeypatch):
    """Rounding is then far below any mistake; the judges, whose weights are single, stay away."""
    for loop in (loop_of_one, loop_of_many):
        monkeypatch.setattr(loop, "judge_of", lambda dataset: None)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def data(name: str) -> Dataset:
    whole = load_dataset(name)
    kept = torch.arange(0, len(whole), len(whole) // 256)
    return replace(whole, samples=whole.samples[kept].to(torch.get_default_dtype()), labels=whole.labels[kept])


def members(**settings: object) -> list[TrainingConfig]:
    """Three that differ in all that members may differ in."""
    one = TrainingConfig(**{**POINTS, **settings})  # type: ignore[arg-type]
    return [one, replace(one, seed=3, learning_rate_generator=1e-3), replace(one, seed=1, strength=one.strength / 2)]


def largest_difference(alone: TrainingResult, member: TrainingResult) -> float:
    """Of all weights, running means and running variances of both networks."""
    pairs = [
        (state, getattr(member.players, player).state_dict()[name])
        for player in ("generator", "discriminator")
        for name, state in getattr(alone.players, player).state_dict().items()
    ]
    return max(float((own - others).abs().max()) for own, others in pairs)


@pytest.mark.parametrize(
    "settings", [pytest.param(POINTS, id="points"), pytest.param(IMAGES, id="images", marks=pytest.mark.slow)]
)
def test_after_100_steps_every_weight_is_that_of_the_run_alone(double_precision, settings):
    configs = members(**settings, iterations=100, probe_every=1000)
    dataset = data(configs[0].dataset)
    for config, member in zip(configs, train_stacked(configs, dataset), strict=True):
        assert largest_difference(train(config, dataset), member) < 1e-9


def test_in_single_precision_too_the_game_of_points_stays_the_same_for_100_steps():
    configs = members(iterations=100, probe_every=1000)
    dataset = data("ring")
    for config, member in zip(configs, train_stacked(configs, dataset), strict=True):
        assert largest_difference(train(config, dataset), member) < 1e-5


@pytest.mark.parametrize("settings", CASES.values(), ids=CASES)
def test_weights_and_measurements_are_those_of_the_run_alone(double_precision, settings):
    configs = members(iterations=9, **settings)
    dataset = data(configs[0].dataset)
    for config, member in zip(configs, train_stacked(configs, dataset), strict=True):
        alone = train(config, dataset)
        assert largest_difference(alone, member) < 1e-10
        for table in ("steps", "layers", "signal"):
            assert_measured_alike(alone.recording.table(table), member.recording.table(table))


def assert_measured_alike(alone: pd.DataFrame, member: pd.DataFrame) -> None:
    """All columns but those that take gradients apart."""
    assert len(alone) == len(member)
    apart = ["adversarial_share", "unclipped_norm", "real_norm", "fake_norm", "penalty_norm", "leaked_norm"]
    assert list(member.columns) == [column for column in alone.columns if column not in apart[1:]]
    for column in set(member.columns) - set(apart):
        if column in ("network", "layer"):
            assert alone[column].tolist() == member[column].tolist()
        else:
            np.testing.assert_allclose(
                member[column].astype(float), alone[column].astype(float), rtol=1e-4, atol=1e-6, err_msg=column
            )


@pytest.mark.parametrize("settings", [POINTS, IMAGES, {**POINTS, "model": "mlp_batch_norm"}], ids=lambda s: s["model"])
def test_probes_measure_what_they_would_alone_at_the_same_iterations(settings):
    configs = members(iterations=70, probe_every=32, **settings)
    dataset = load_dataset(configs[0].dataset)
    alone, member = train(configs[1], dataset).recording, train_stacked(configs, dataset)[1].recording
    assert list(alone.probes.columns) == list(member.probes.columns)
    assert alone.probes["iteration"].tolist() == member.probes["iteration"].tolist()
    assert alone.samples.keys() == member.samples.keys()
    first_alone, first = alone.probes.drop(columns="network").iloc[0], member.probes.drop(columns="network").iloc[0]
    np.testing.assert_allclose(first.to_numpy(float), first_alone.to_numpy(float), rtol=1e-3, atol=2e-3)
    np.testing.assert_allclose(member.probes["diversity"], alone.probes["diversity"], rtol=0.1)


def test_members_draw_from_their_own_streams_and_leave_the_global_one_alone():
    before = torch.get_rng_state()
    configs = members(iterations=3)
    pair = train_stacked(configs[:2], data("ring"))
    other = train_stacked([configs[2], configs[0]], data("ring"))
    assert torch.equal(before, torch.get_rng_state())
    assert largest_difference(pair[0], other[1]) < 1e-6
    assert largest_difference(pair[0], pair[1]) > 1e-3


def test_a_member_that_diverges_leaves_the_others_as_they_are():
    one = TrainingConfig(**POINTS, iterations=30, loss="wasserstein", optimizer_generator="sgd", probe_every=1000)
    wild = replace(one, seed=1, learning_rate_generator=1e30)
    dataset = data("ring")
    tame, broken = train_stacked([one, wild], dataset)
    assert largest_difference(train(one, dataset), tame) < 1e-5
    assert not broken.recording.steps["gradients_finite"].all()
    assert tame.recording.steps["gradients_finite"].all()


def test_what_is_not_measured_is_said():
    abstentions = train_stacked(members(iterations=2), data("ring"))[0].recording.meta["abstentions"]
    assert {"signal.adversarial_share", "wiring"} <= set(abstentions)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"anti_collapse": "unrolled5"}, "an unrolled discriminator"),
        ({"ema_decay": 0.99}, "an averaged generator"),
        ({"dataset": "digits", "model": "dcgan_small"}, "a part of the kind DCGANGenerator"),
    ],
    ids=str,
)
def test_what_cannot_be_stacked_is_told(settings, reason):
    configs = members(**settings, iterations=2)
    assert why_alone(configs[0]) == reason
    with pytest.raises(GandiagError, match="cannot be stacked"):
        train_stacked(configs[:1], data(configs[0].dataset))


def test_members_that_differ_in_more_than_they_may_are_refused():
    one, *_ = members(iterations=2)
    for others in ([replace(one, loss="hinge")], [replace(one, batch_size=32)], [replace(one, model="mlp_deep")]):
        with pytest.raises(GandiagError, match="may differ in seed, learning_rate_generator"):
            train_stacked([one, *others], data("ring"))
    with pytest.raises(GandiagError, match="there must be one"):
        train_stacked([], data("ring"))
