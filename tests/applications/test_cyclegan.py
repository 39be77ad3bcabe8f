"""Style transfer: losses by hand, a run that goes on as if it had never stopped, measures, and what a run learns."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from gandiag.applications.cyclegan import (
    CycleGANSettings,
    Translated,
    build_players,
    cyclegan_data,
    cyclegan_step,
    generator_loss,
    train_cyclegan,
)
from gandiag.applications.cyclegan_measures import measure_cyclegan
from gandiag.applications.session import read_session
from gandiag.applications.unpaired_measures import measure_unpaired
from gandiag.data import load_dataset, load_digits
from gandiag.data.domains import STYLES, Domains, bold, framed, outlines
from gandiag.errors import GandiagError

TINY = CycleGANSettings(iterations=4, batch_size=4, probe_every=2, checkpoint_every=2)


def numbers(tensor):
    return tensor.detach().double().numpy()


@pytest.mark.parametrize(
    ("adversarial_weight", "cycle_weight", "identity_weight"),
    [(1.0, 10.0, 5.0), (1.0, 0.0, 0.0), (0.0, 10.0, 0.0), (0.0, 0.0, 5.0), (2.0, 3.0, 4.0)],
)
def test_the_translators_loss_is_the_papers(adversarial_weight, cycle_weight, identity_weight):
    settings = dataclasses.replace(
        TINY,
        adversarial_weight=adversarial_weight,
        cycle_weight=cycle_weight,
        identity_weight=identity_weight,
    )
    players = build_players(settings)
    a, b = torch.rand(2, 4, 1, 28, 28)
    there, back = players.a_to_b, players.b_to_a
    judged_b, judged_a = numbers(players.discriminator_b(there(a))), numbers(players.discriminator_a(back(b)))
    least_squares = ((judged_b - 1) ** 2).mean() + ((judged_a - 1) ** 2).mean()
    cycle = np.abs(numbers(back(there(a)) - a)).mean() + np.abs(numbers(there(back(b)) - b)).mean()
    identity = np.abs(numbers(there(b) - b)).mean() + np.abs(numbers(back(a) - a)).mean()
    expected = adversarial_weight * least_squares + cycle_weight * cycle + identity_weight * identity
    loss = generator_loss(settings, players, Translated(a, b, fake_b=there(a), fake_a=back(b)))
    assert loss.item() == pytest.approx(expected, rel=1e-5)


def test_a_step_is_one_step_of_adam_for_all_four_networks_and_fills_both_pools():
    players = build_players(TINY)
    before = [weight.detach().clone() for network in players.networks.values() for weight in network.parameters()]
    cyclegan_step(TINY, players, cyclegan_data(TINY)[0])
    after = [weight.detach() for network in players.networks.values() for weight in network.parameters()]
    length = max(float((first - last).abs().max()) for first, last in zip(before, after, strict=True))
    assert length == pytest.approx(TINY.learning_rate, rel=1e-3)
    assert len(players.pool_a.images) == len(players.pool_b.images) == TINY.batch_size


def test_a_step_computes_on_the_device_of_its_players_alone():
    """The meta device refuses to be mixed with any other, as an accelerator does."""
    settings = dataclasses.replace(TINY, identity_weight=1.0)
    players = build_players(settings, "meta")
    cyclegan_step(settings, players, cyclegan_data(settings)[0].to("meta"))
    assert all(weight.grad.is_meta for network in players.networks.values() for weight in network.parameters())


def test_a_discriminator_learns_from_its_own_domain_alone():
    """Its gradient is that of least squares on real images of its domain and on translations to it."""
    domains = cyclegan_data(TINY)[0]
    players = build_players(TINY)
    torch.manual_seed(7)
    real_a, real_b = (images[torch.randint(len(images), (4,))] for images in (domains.a, domains.b))
    before = {
        name: getattr(players, name).layers[5].bias.detach().clone() for name in ("discriminator_a", "discriminator_b")
    }
    slopes = {}
    for name, real, fake in (
        ("discriminator_a", real_a, players.b_to_a(real_b)),
        ("discriminator_b", real_b, players.a_to_b(real_a)),
    ):
        network = getattr(players, name)
        slopes[name] = (numbers(network(real)) - 1).mean() + numbers(network(fake)).mean()
    torch.manual_seed(7)
    cyclegan_step(TINY, players, domains)
    for name, slope in slopes.items():
        network = getattr(players, name)
        assert network.layers[5].bias.grad.item() == pytest.approx(slope, rel=1e-4)
        moved = (network.layers[5].bias - before[name]).item()
        assert moved == pytest.approx(-TINY.learning_rate * np.sign(slope), rel=1e-3)


def test_a_run_that_goes_on_from_a_checkpoint_ends_as_one_that_never_stopped(tmp_path):
    settings = dataclasses.replace(TINY, iterations=16, checkpoint_every=14)  # beyond the 50 images that fill a pool
    whole = train_cyclegan(settings, out=tmp_path / "whole")
    train_cyclegan(dataclasses.replace(settings, iterations=14), out=tmp_path / "halves")
    resumed = train_cyclegan(
        settings, out=tmp_path / "halves", checkpoint=read_session(tmp_path / "halves", "cyclegan")
    )
    assert resumed.iterations == whole.iterations == 16
    for name, network in whole.networks.items():
        for weight, again in zip(network.parameters(), resumed.networks[name].parameters(), strict=True):
            assert torch.equal(weight, again)


def test_the_monitor_records_all_four_networks():
    settings = dataclasses.replace(TINY, iterations=24, batch_size=16, probe_every=4)
    recording = train_cyclegan(settings).recording
    assert set(recording.steps["network"]) == {"G.AB", "G.BA", "D.A", "D.B"}
    assert set(recording.probes["network"]) == {"G.AB", "G.BA"}
    assert recording.probes["diversity"].notna().all()
    assert recording.signal["grad_norm"].notna().any()


class Exactly(nn.Module):
    """A translator that is right by construction."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, images):
        return self.function(images)


def test_the_true_translation_measures_as_perfect():
    settings = CycleGANSettings(style="inverted")
    invert = Exactly(STYLES["inverted"].transform)
    measures = measure_cyclegan(invert, invert, cyclegan_data(settings)[1], "inverted")
    assert measures.class_kept_ab == measures.class_kept_ba == 1
    assert max(measures.error_ab, measures.error_ba, measures.cycle_error_a, measures.cycle_error_b) < 1e-6


def test_a_translator_that_changes_nothing_is_as_far_off_as_the_domains_are():
    settings = CycleGANSettings(style="bold")
    leave = Exactly(lambda images: images)
    _, held_out = cyclegan_data(settings)
    measures = measure_cyclegan(leave, leave, held_out, "bold")
    assert (
        measures.error_ab
        == measures.untranslated_error
        == pytest.approx(float(np.abs(numbers(STYLES["bold"].transform(held_out.a) - held_out.a)).mean()), rel=1e-5)
    )
    assert measures.cycle_error_a == measures.cycle_error_b == 0


def test_one_digit_for_all_keeps_the_class_of_a_tenth():
    settings = CycleGANSettings(style="bold")
    _, held_out = cyclegan_data(settings)
    collapsed = Exactly(lambda images: held_out.a[:1].expand_as(images))
    measures = measure_cyclegan(collapsed, collapsed, held_out, "bold")
    assert 0.05 < measures.class_kept_ab < 0.2
    assert 0.05 < measures.class_kept_ba < 0.2


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"style": "italic"}, "Unknown style 'italic' of 'digits'; choose one of inverted, slanted, bold, mn"),
        (
            {"style": "digits"},
            "Unknown style 'digits' of 'digits'; choose one of inverted, slanted, bold, mnist, fashi",
        ),
        ({"dataset": "ring"}, "Unknown dataset 'ring'; choose one of digits, mnist."),
        ({"batch_size": 0}, "batch_size must be at least 1; got 0."),
        ({"cycle_weight": -1.0}, "cycle_weight must be a finite number, at least 0; got -1.0."),
        (
            {"adversarial_weight": 0.0, "cycle_weight": 0.0, "identity_weight": 0.0},
            "adversarial_weight, cycle_weight, identity_weight are all 0",
        ),
    ],
)
def test_settings_that_cannot_be_run_are_refused_in_a_sentence(changes, sentence):
    with pytest.raises(GandiagError) as refusal:
        CycleGANSettings(**changes)
    assert sentence in str(refusal.value)


def test_two_data_sets_are_the_domains_in_one_frame_and_their_last_images_are_held_out(make_tiny, tmp_path):
    tiny = make_tiny("mnist", count=300)
    settings = CycleGANSettings(dataset="mnist", style="digits")
    train, held_out = cyclegan_data(settings, tiny.put(tmp_path / "data"))
    images = torch.from_numpy(tiny.images["train"])[:, None] / 255
    digits = framed(load_digits().samples)
    torch.testing.assert_close(torch.cat([train.a, held_out.a]), images)
    torch.testing.assert_close(torch.cat([train.b, held_out.b]), digits)
    assert len(held_out.a) == len(held_out.b) == 256
    back, _ = cyclegan_data(dataclasses.replace(settings, dataset="digits", style="mnist"), tmp_path / "data")
    assert torch.equal(back.a, train.b)
    assert torch.equal(back.b, train.a)


def test_garments_are_translated_as_outlines_and_no_digit_is_read_in_them(make_tiny, tmp_path):
    tiny = make_tiny("fashion_mnist", count=300)
    place = tiny.put(tmp_path / "data")
    settings = dataclasses.replace(TINY, style="fashion_outlines", iterations=24, batch_size=16, probe_every=4)
    _, held_out = cyclegan_data(settings, place)
    torch.testing.assert_close(held_out.b, outlines(torch.from_numpy(tiny.images["train"])[-256:, None] / 255))
    result = train_cyclegan(settings, data_dir=place)
    probes = result.recording.probes
    assert probes["diversity"].notna().all()
    assert not {"content_kept", "class_0", "fid_judge"} & set(probes.dropna(axis=1, how="all"))
    measures = measure_unpaired(result.networks["a_to_b"], result.networks["b_to_a"], held_out, settings.style)
    assert np.isnan([measures.class_kept_ab, measures.class_kept_ba]).all()
    assert measures.energy_ab > 0


def test_between_data_sets_nothing_changed_keeps_all_classes_and_the_whole_distance():
    digits = framed(load_digits().samples)
    domains = Domains(digits[:200], bold(digits[200:500]))
    leave = Exactly(lambda images: images)
    measures = measure_unpaired(leave, leave, domains, "digits")
    assert measures.class_kept_ab == measures.class_kept_ba == 1
    assert measures.energy_ab == pytest.approx(measures.untranslated_energy)
    assert measures.energy_ba == pytest.approx(measures.untranslated_energy)
    assert measures.untranslated_energy > 0.05
    translated = measure_unpaired(Exactly(bold), leave, domains, "digits")
    assert abs(translated.energy_ab) < 0.01
    assert translated.class_kept_ab > 0.9


def test_data_sets_of_different_sizes_are_refused_in_a_sentence(make_tiny_cifar, tmp_path):
    colour = load_dataset("cifar10", make_tiny_cifar().put_folder(tmp_path / "data"))
    with pytest.raises(GandiagError) as refusal:
        Domains(load_digits().samples, colour.samples)
    assert str(refusal.value) == (
        "The images of both domains must be of one size; those of A have shape (1, 28, 28), those of B (3, 32, 32). "
        "Resize one of them."
    )


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    train_cyclegan(TINY, out=tmp_path)
    with pytest.raises(GandiagError, match="is of the model 'cyclegan', not of colorize"):
        read_session(tmp_path, "colorize")
    state = read_session(tmp_path) | {"parts": {}}
    with pytest.raises(GandiagError, match="The checkpoint is of other networks than these"):
        train_cyclegan(TINY, checkpoint=state)


@pytest.mark.slow
def test_a_run_of_the_default_settings_turns_digits_to_their_negative_and_back():
    settings = CycleGANSettings()
    networks = train_cyclegan(settings).networks
    measures = measure_cyclegan(networks["a_to_b"], networks["b_to_a"], cyclegan_data(settings)[1], settings.style)
    assert min(measures.class_kept_ab, measures.class_kept_ba) >= 0.9
    assert max(measures.error_ab, measures.error_ba) < 0.1 * measures.untranslated_error


@pytest.mark.slow
def test_mnist_is_translated_to_digits_and_back_and_mostly_stays_what_it_is(mnist_dir):
    settings = CycleGANSettings(
        dataset="mnist", style="digits", cycle_weight=10.0, identity_weight=2.0, iterations=1000
    )
    networks = train_cyclegan(settings, data_dir=mnist_dir).networks
    _, held_out = cyclegan_data(settings, mnist_dir)
    measures = measure_unpaired(networks["a_to_b"], networks["b_to_a"], held_out, settings.style)
    assert min(measures.class_kept_ab, measures.class_kept_ba) >= 0.85
    assert max(measures.energy_ab, measures.energy_ba) < 0.75 * measures.untranslated_energy
