"""Colouring digits: the losses by hand, a run that goes on as if it had never stopped, and what a run learns."""

import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image

from gandiag.applications.colorize import (
    ColorizeSettings,
    build_players,
    colorize_data,
    colorize_step,
    discriminator_loss,
    generator_loss,
    train_colorize,
)
from gandiag.applications.colorize_measures import colourings, measure_colorize
from gandiag.applications.session import read_session
from gandiag.data import Dataset, load_digits
from gandiag.data.grey import greyed, luma
from gandiag.data.tinted import hues
from gandiag.errors import GandiagError
from gandiag.nets.colorization import NOISE_SIZE
from gandiag.recording import Recording

TINY = ColorizeSettings(iterations=6, batch_size=4, probe_every=3, checkpoint_every=3)


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits.detach().double().numpy()))


@pytest.mark.parametrize(("adversarial_weight", "l1_weight"), [(1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.5, 100.0)])
def test_the_generators_loss_is_the_papers(adversarial_weight, l1_weight):
    settings = dataclasses.replace(TINY, adversarial_weight=adversarial_weight, l1_weight=l1_weight)
    players = build_players(settings)
    colour = torch.rand(4, 3, 28, 28)
    grey = greyed(colour)
    fake = players.generator(grey, torch.randn(4, NOISE_SIZE))
    patches = sigmoid(players.discriminator(torch.cat([grey, fake], dim=1)))
    l1 = np.abs(fake.detach().double().numpy() - colour.double().numpy()).mean()
    expected = -adversarial_weight * np.log(patches).mean() + l1_weight * l1
    loss = generator_loss(settings, players.discriminator, grey, colour, fake)
    assert loss.item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("r1_weight", [0.0, 2.0])
def test_the_discriminators_loss_is_cross_entropy_and_the_slope_of_its_mean_logit(r1_weight):
    settings = dataclasses.replace(TINY, r1_weight=r1_weight)
    discriminator = build_players(settings).discriminator
    real, fake = torch.rand(2, 3, 4, 28, 28)
    real_shares, fake_shares = (sigmoid(discriminator(pairs)) for pairs in (real, fake))
    expected = -np.log(real_shares).mean() - np.log(1 - fake_shares).mean()
    for pair in real:
        slope = torch.func.grad(lambda one: discriminator(one[None]).mean())(pair)
        expected += r1_weight / 2 * slope.square().sum().item() / len(real)
    assert discriminator_loss(settings, discriminator, real, fake).item() == pytest.approx(expected, rel=1e-5)


def test_a_step_changes_both_players_and_the_generator_gets_no_gradient_of_the_discriminators_loss():
    players = build_players(TINY)
    before = [parameter.detach().clone() for network in players.networks.values() for parameter in network.parameters()]
    colorize_step(TINY, players, colorize_data(TINY)[0].samples)
    after = [parameter for network in players.networks.values() for parameter in network.parameters()]
    assert all(not torch.equal(first, last) for first, last in zip(before, after, strict=True))
    length = max(float((first - last).detach().abs().max()) for first, last in zip(before, after, strict=True))
    assert length == pytest.approx(TINY.learning_rate, rel=1e-3)  # one step of Adam each, not two


@pytest.mark.parametrize("dataset", ["digits", "cifar10"])
def test_a_step_computes_on_the_device_of_its_players_alone(dataset):
    """The meta device refuses to be mixed with any other, as an accelerator does."""
    settings = dataclasses.replace(TINY, dataset=dataset)
    players = build_players(settings, "meta")
    colorize_step(settings, players, torch.rand(8, 3, 28, 28, device="meta"))
    assert all(weight.grad.is_meta for network in players.networks.values() for weight in network.parameters())


def test_a_run_that_goes_on_from_a_checkpoint_ends_as_one_that_never_stopped(tmp_path):
    whole = train_colorize(TINY, out=tmp_path / "whole")
    train_colorize(dataclasses.replace(TINY, iterations=3), out=tmp_path / "halves")
    resumed = train_colorize(TINY, out=tmp_path / "halves", checkpoint=read_session(tmp_path / "halves", "colorize"))
    assert resumed.iterations == whole.iterations == 6
    for name, network in whole.networks.items():
        for parameter, again in zip(network.parameters(), resumed.networks[name].parameters(), strict=True):
            assert torch.equal(parameter, again)
    assert sorted(resumed.recording.steps["iteration"]) == sorted(whole.recording.steps["iteration"])


def test_the_monitor_records_both_players_and_the_hues():
    recording = train_colorize(dataclasses.replace(TINY, iterations=20, batch_size=32, probe_every=2)).recording
    assert set(recording.steps["network"]) == {"G", "D"}
    assert recording.probes["class_4"].notna().all()
    assert recording.probes["diversity"].notna().all()
    assert recording.signal["grad_norm"].notna().any()


def test_with_l1_alone_the_discriminators_opinion_does_not_count():
    alone = dataclasses.replace(TINY, adversarial_weight=0.0)
    torch.manual_seed(0)
    players = build_players(alone)
    colour = torch.rand(4, 3, 28, 28)
    fake = players.generator(greyed(colour), torch.randn(4, NOISE_SIZE))
    generator_loss(alone, players.discriminator, greyed(colour), colour, fake).backward()
    assert all(parameter.grad is None for parameter in players.discriminator.parameters())


def test_a_perfect_colouriser_measures_as_real():
    """Its noise chooses the hue; the reference is the data's own rule."""
    _, held_out = colorize_data(TINY)

    def perfect(grey, noise):
        return grey * hues()[noise[:, :5].argmax(dim=1), :, None, None]

    measures = measure_colorize(perfect, held_out)
    assert measures.relative_colourfulness == pytest.approx(1, abs=0.1)
    assert 0.5 < measures.relative_diversity < 1.5
    assert measures.grey_error == 0


def test_a_colouriser_without_choice_measures_as_such():
    _, held_out = colorize_data(TINY)
    median = hues().median(dim=0).values[:, None, None]
    measures = measure_colorize(lambda grey, noise: grey * median, held_out)
    assert measures.relative_diversity == 0
    assert measures.hues == 1
    assert measures.relative_colourfulness < 0.6
    red = measure_colorize(lambda grey, noise: grey * hues()[0][:, None, None], held_out)
    assert measures.l1_error < red.l1_error


def test_colourings_of_all_images_share_their_noise():
    generator = build_players(TINY).generator
    grey = load_digits().samples[:1].expand(3, -1, -1, -1)
    made = colourings(generator, grey, 4)
    assert made.shape == (3, 4, 3, 28, 28)
    torch.testing.assert_close(made[0], made[2])
    assert torch.equal(made, colourings(generator, grey, 4))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"dataset": "ring"}, "Unknown dataset 'ring'; choose one of digits, mnist, fashion_mnist, cifar10."),
        ({"iterations": 0}, "iterations must be at least 1; got 0."),
        ({"probe_every": 0}, "probe_every must be at least 1; got 0."),
        ({"learning_rate": float("nan")}, "learning_rate must be a finite number above 0; got nan."),
        ({"l1_weight": -1.0}, "l1_weight must be a finite number, at least 0; got -1.0."),
        ({"r1_weight": float("inf")}, "r1_weight must be a finite number, at least 0; got inf."),
        (
            {"l1_weight": 0.0, "adversarial_weight": 0.0},
            "adversarial_weight, l1_weight are all 0; a generator needs a loss",
        ),
    ],
)
def test_settings_that_cannot_be_run_are_refused_in_a_sentence(changes, sentence):
    with pytest.raises(GandiagError) as refusal:
        ColorizeSettings(**changes)
    assert sentence in str(refusal.value)


def test_a_checkpoint_of_other_networks_is_refused():
    state = {"model": "other", "settings": {}, "iteration": 1, "parts": {}, "random": torch.get_rng_state()}
    with pytest.raises(GandiagError, match="The checkpoint is of other networks than these"):
        train_colorize(TINY, checkpoint=state)


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    train_colorize(TINY, out=tmp_path)
    with pytest.raises(GandiagError, match="is of the model 'colorize', not of cyclegan"):
        read_session(tmp_path, "cyclegan")


@pytest.mark.parametrize("name", ["digits", "cifar10"])
def test_grey_images_are_refused_where_colour_is_due(name):
    grey = dataclasses.replace(load_digits(), name=name)
    with pytest.raises(
        GandiagError, match=r"Colour images have shape \(n, 3, height, width\); got \(1797, 1, 28, 28\)"
    ):
        measure_colorize(build_players(TINY).generator, grey)
    with pytest.raises(GandiagError, match=r"Colour images have shape .* got \(4, 1, 28, 28\)"):
        colorize_step(dataclasses.replace(TINY, dataset=name), build_players(TINY), grey.samples)


def test_fashion_is_tinted_and_coloured(make_tiny, tmp_path):
    place = make_tiny("fashion_mnist", count=300).put(tmp_path / "data")
    settings = dataclasses.replace(TINY, dataset="fashion_mnist", iterations=2)
    train, held_out = colorize_data(settings, place)
    assert (train.name, len(train), len(held_out)) == ("tinted_fashion_mnist", 300 - 256, 256)
    result = train_colorize(settings, data_dir=place)
    assert measure_colorize(result.networks["generator"], held_out).relative_colourfulness > 0


def test_cifar10_is_coloured_from_its_luma(make_tiny_cifar, tmp_path):
    tiny = make_tiny_cifar(60)
    place = tiny.put_folder(tmp_path / "data")
    settings = dataclasses.replace(TINY, dataset="cifar10", iterations=20, batch_size=32, probe_every=5)
    train, held_out = colorize_data(settings, place)
    assert (train.sample_shape, len(train), len(held_out)) == ((3, 32, 32), 300 - 256, 256)
    train_colorize(settings, data_dir=place, out=tmp_path / "run")
    recording = Recording.load(tmp_path / "run")
    assert recording.probes["diversity"].notna().all()
    assert recording.samples[max(recording.samples)].shape[1:] == (32, 32, 3)
    assert recording.meta["configuration"]["dataset"] == "cifar10"


def test_photographs_are_given_to_both_players_with_the_luma_that_pillow_computes(make_tiny_cifar, tmp_path):
    settings = dataclasses.replace(TINY, dataset="cifar10", adversarial_weight=1.0)
    samples = colorize_data(settings, make_tiny_cifar(60).put_folder(tmp_path / "data"))[0].samples
    players, greys, pairs = build_players(settings), [], []
    players.generator.register_forward_pre_hook(lambda _, given: greys.append(given[0]))
    players.discriminator.register_forward_pre_hook(lambda _, given: pairs.append(given[0]))
    torch.manual_seed(3)
    colour = samples[torch.randint(len(samples), (settings.batch_size,))]
    torch.manual_seed(3)
    colorize_step(settings, players, samples)
    for image, grey in zip(colour, greys[0], strict=True):
        by_pillow = Image.fromarray((image * 255).round().byte().permute(1, 2, 0).numpy()).convert("L")
        assert np.abs(np.asarray(by_pillow) - grey[0].numpy() * 255).max() <= 1
    assert torch.equal(pairs[0], torch.cat([greys[0], colour], dim=1))


def test_of_photographs_is_measured_what_one_real_colouring_can_tell():
    photographs = Dataset("cifar10", torch.rand(12, 3, 32, 32), torch.zeros(12, dtype=torch.int64))
    grey = luma(photographs.samples)
    measures = measure_colorize(lambda given, noise: photographs.samples, photographs)
    assert measures.relative_colourfulness == pytest.approx(1)
    assert measures.l1_error == 0
    assert measures.grey_error < 1e-6
    assert np.isnan([measures.hues, measures.relative_diversity]).all()
    left_grey = measure_colorize(lambda given, noise: given.expand(-1, 3, -1, -1), photographs)
    assert left_grey.relative_colourfulness < 1e-3
    assert left_grey.grey_error < 1e-6
    expected = np.abs(grey.double().numpy() - photographs.samples.double().numpy()).mean()
    assert left_grey.l1_error == pytest.approx(expected, rel=1e-5)


def test_a_network_for_photographs_can_make_any_colour_of_a_grey_image():
    """A tint, at most 1, cannot: pure red has a luma of 0.3."""
    photographs = build_players(dataclasses.replace(TINY, dataset="cifar10")).generator
    tinted = build_players(TINY).generator
    grey, noise = torch.full((2, 1, 32, 32), 0.1), torch.randn(2, NOISE_SIZE)
    assert tinted(grey, noise).max().item() <= 0.1 + 1e-6 < photographs(grey, noise).max().item()


@pytest.mark.slow
def test_a_run_of_the_default_settings_colours_in_all_hues_and_l1_alone_in_one():
    _, held_out = colorize_data(ColorizeSettings())
    chosen, alone = (
        measure_colorize(train_colorize(settings).networks["generator"], held_out)
        for settings in (ColorizeSettings(), ColorizeSettings(adversarial_weight=0.0))
    )
    assert chosen.hues >= 4
    assert chosen.relative_colourfulness > 0.8
    assert chosen.relative_diversity > 0.7
    assert chosen.grey_error < 0.06
    least = (hues() - hues().median(dim=0).values).abs().mean() * greyed(held_out.samples).mean()  # at the median
    assert float(least) <= alone.l1_error * 1.05 <= 1.1 * float(least) < chosen.l1_error
    assert alone.relative_diversity < 0.1
    assert alone.relative_colourfulness < 0.6
