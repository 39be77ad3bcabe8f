"""Conditional generation: what it trains, that it goes on as if it had never stopped, and what it refuses."""

import dataclasses
from pathlib import Path

import pytest
import torch

from gandiag.applications import (
    ConditionalSettings,
    conditional,
    label_fidelity,
    restore_generator,
    sample,
    train_conditional,
)
from gandiag.applications.conditional import Conditioning, judged
from gandiag.applications.session import INTERRUPTED, read_session
from gandiag.errors import GandiagError
from gandiag.nets import ACGANDiscriminator, UnconditionalDiscriminator
from gandiag.recording import Recording
from gandiag.training import TrainingConfig, train

SHORT = ConditionalSettings(network="mlp", iterations=6, batch_size=8, checkpoint_every=3)


@pytest.mark.parametrize("network", ["mlp", "dcgan"])
@pytest.mark.parametrize("conditioning", Conditioning.__args__)
def test_every_pair_trains_and_is_watched(network, conditioning):
    settings = dataclasses.replace(SHORT, network=network, conditioning=conditioning, iterations=3)
    result = train_conditional(settings)
    assert result.iterations == 3
    assert result.ended_early is None
    assert len(result.recording.steps) == 2 * 3
    assert result.recording.signal["logit_fake"].notna().all()
    assert result.recording.meta["configuration"]["conditioning"] == conditioning


@pytest.mark.parametrize("conditioning", ["projection", "ac_gan"])
def test_a_resumed_run_is_the_uninterrupted_one_bit_for_bit(tmp_path, conditioning):
    whole = train_conditional(dataclasses.replace(SHORT, conditioning=conditioning))

    def stop(iteration: int) -> None:
        if iteration == 4:
            raise KeyboardInterrupt

    settings = dataclasses.replace(SHORT, conditioning=conditioning)
    begun = train_conditional(settings, out=tmp_path, progress=stop)
    assert (begun.iterations, begun.ended_early) == (4, INTERRUPTED)
    resumed = train_conditional(settings, out=tmp_path, checkpoint=read_session(tmp_path))
    for name, network in whole.networks.items():
        again = resumed.networks[name].state_dict()
        assert all(torch.equal(value, again[key]) for key, value in network.state_dict().items()), name
    assert Recording.load(tmp_path).steps["iteration"].max() == 5


def test_the_average_is_the_exponential_moving_average_of_the_weights_after_each_step():
    settings = dataclasses.replace(SHORT, ema_decay=0.5)
    weights = [
        train_conditional(dataclasses.replace(settings, iterations=n)).networks["generator"].images.layers[0].weight
        for n in (1, 2, 3)
    ]
    expected = 0.25 * weights[0] + 0.25 * weights[1] + 0.5 * weights[2]  # the first step's weights begin it
    average = train_conditional(dataclasses.replace(settings, iterations=3)).networks["average"]
    assert torch.allclose(average.module.images.layers[0].weight, expected, atol=1e-6)


def test_equal_settings_give_equal_runs_and_another_seed_another():
    first, again = train_conditional(SHORT), train_conditional(SHORT)
    other = train_conditional(dataclasses.replace(SHORT, seed=1))
    weights = [run.networks["generator"].images.layers[0].weight for run in (first, again, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_mnist_is_trained_on(mnist_dir):
    settings = dataclasses.replace(SHORT, dataset="mnist", iterations=2)
    assert train_conditional(settings, data_dir=mnist_dir).iterations == 2


def test_fashion_is_trained_on_with_its_labels_and_what_needs_the_judge_is_said_to_be_unknown(make_tiny, tmp_path):
    tiny = make_tiny("fashion_mnist", count=300)
    place = tiny.put(tmp_path / "data")
    settings = dataclasses.replace(SHORT, dataset="fashion_mnist", iterations=30, batch_size=32, probe_every=10)
    recording = train_conditional(settings, data_dir=place).recording
    probes = recording.probes
    assert probes["diversity"].notna().all()
    assert probes.filter(regex="^sensitivity_").notna().any(axis=None)
    assert not {"label_fidelity", "fid_judge", "modes", "class_0"} & set(probes.dropna(axis=1, how="all"))
    told = recording.meta["abstentions"]["probes.label_fidelity"]
    assert told.startswith("there is no judge that names classes")


def test_a_step_on_fashion_is_shown_each_image_with_its_own_label(make_tiny, tmp_path, monkeypatch):
    tiny = make_tiny("fashion_mnist", count=300)
    seen = []

    def shown(discriminator, images, labels):
        seen.append((images, labels))
        return judged(discriminator, images, labels)

    monkeypatch.setattr(conditional, "judged", shown)
    settings = dataclasses.replace(SHORT, dataset="fashion_mnist", iterations=1)
    train_conditional(settings, data_dir=tiny.put(tmp_path / "data"))
    labels_of = {
        image.tobytes(): label for image, label in zip(tiny.images["train"], tiny.labels["train"], strict=True)
    }
    real, labels = seen[0]
    for image, label in zip(real, labels, strict=True):
        assert labels_of[(image[0] * 255).round().byte().numpy().tobytes()] == label


def test_samples_are_fixed_by_the_seed_and_leave_no_trace():
    generator = train_conditional(SHORT).networks["generator"]
    before, random = {k: v.clone() for k, v in generator.state_dict().items()}, torch.get_rng_state()
    labels = torch.arange(1100) % 10
    first, again, other = (sample(generator, labels, seed) for seed in (3, 3, 4))
    assert first.shape == (1100, 1, 28, 28)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert generator.training
    assert all(torch.equal(value, before[key]) for key, value in generator.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random)


@pytest.mark.parametrize(("decay", "drawn_from"), [(0.9, "average"), (0.0, "generator")])
def test_a_restored_generator_makes_the_same_images(tmp_path, decay, drawn_from):
    networks = train_conditional(dataclasses.replace(SHORT, ema_decay=decay), out=tmp_path).networks
    assert ("average" in networks) == (drawn_from == "average")
    trained, labels = networks[drawn_from], torch.arange(10)
    assert torch.equal(sample(restore_generator(tmp_path), labels, 0), sample(trained, labels, 0))


def test_only_an_ac_gan_has_a_loss_of_class_logits():
    shown, labels = torch.rand(5, 1, 28, 28), torch.arange(5)
    assert float(judged(UnconditionalDiscriminator("mlp"), shown, labels)[1]) == 0
    names = ACGANDiscriminator("mlp")
    by_hand = -names(shown, labels)[1].log_softmax(dim=1)[torch.arange(5), labels].mean()
    assert torch.allclose(judged(names, shown, labels)[1], by_hand)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"dataset": "ring"}, "Unknown dataset 'ring'; choose one of digits, mnist, fashion_mnist."),
        ({"network": "resnet"}, "Unknown network 'resnet'; choose one of mlp, dcgan."),
        ({"conditioning": "hope"}, "Unknown conditioning 'hope'; choose one of concatenation, embedding"),
        ({"loss": "relativistic_paired"}, "Unknown loss 'relativistic_paired'"),
        ({"iterations": 0}, "iterations must be at least 1; got 0."),
        ({"batch_size": 1}, "batch_size must be at least 2; got 1."),
        ({"learning_rate_generator": float("nan")}, "must be a finite number above 0; got nan."),
        ({"beta1": 1.0}, r"beta1 must be in \[0, 1\); got 1.0."),
        ({"probe_every": 0}, "probe_every must be at least 1; got 0."),
    ],
)
def test_a_wrong_setting_is_refused_in_a_sentence(wrong, sentence):
    with pytest.raises(GandiagError, match=sentence):
        ConditionalSettings(**wrong)


@pytest.mark.parametrize("label", [-1, 10])
def test_a_label_that_is_no_digit_is_refused(label):
    generator = train_conditional(dataclasses.replace(SHORT, iterations=1)).networks["generator"]
    with pytest.raises(GandiagError, match=f"There is no class {label}; the classes are 0 to 9."):
        sample(generator, torch.tensor([3, label]), 0)


def test_a_run_of_the_core_is_no_conditional_run(tmp_path):
    train(TrainingConfig(iterations=1, batch_size=4), out=tmp_path)
    with pytest.raises(GandiagError, match="is of the model 'lecture', not of conditional"):
        restore_generator(tmp_path)
    with pytest.raises(GandiagError, match="There is no checkpoint"):
        restore_generator(Path(tmp_path / "nothing"))


@pytest.mark.slow
@pytest.mark.parametrize(("conditioning", "least", "most"), [("ac_gan", 0.7, 1.0), ("ignored", 0.0, 0.3)])
def test_labels_are_heeded_where_the_discriminator_is_told_them(conditioning, least, most):
    """Fully connected, on the embedded digits; chance is 0.1."""
    result = train_conditional(ConditionalSettings(network="mlp", conditioning=conditioning, iterations=1500))
    labels = torch.arange(1000) % 10
    assert least < label_fidelity(sample(result.networks["average"], labels, 0), labels).overall <= most
