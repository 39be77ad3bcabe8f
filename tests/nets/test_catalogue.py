"""Pairs of networks by name."""

import pytest
import torch
from torch import nn

from gandiag.errors import GandiagError
from gandiag.nets import MODELS, build_networks

IMAGES, STACKED, POINTS = (1, 28, 28), (3, 28, 28), (2,)
SHAPES = {
    "lecture": IMAGES,
    "lecture_batch_norm": IMAGES,
    "lecture_batch_norm_discriminator": IMAGES,
    "lecture_batch_norm_both": IMAGES,
    "lecture_relu": IMAGES,
    "lecture_relu_batch_norm": IMAGES,
    "lecture_relu_batch_norm_discriminator": IMAGES,
    "lecture_relu_batch_norm_both": IMAGES,
    "lecture_deep": IMAGES,
    "lecture_sigmoid": IMAGES,
    "lecture_sigmoid_batch_norm": IMAGES,
    "conditional_written": IMAGES,
    "conditional_written_faint_noise": IMAGES,
    "dcgan": IMAGES,
    "dcgan_small": IMAGES,
    "dcgan_stacked": STACKED,
    "dcgan_stacked_plain": STACKED,
    "mlp": POINTS,
    "mlp_batch_norm": POINTS,
    "mlp_far": POINTS,
    "mlp_farther": POINTS,
    "mlp_relu_discriminator": POINTS,
    "mlp_tiny_discriminator": POINTS,
    "mlp_deep": POINTS,
    "mlp_deep_batch_norm": POINTS,
    "mlp_sigmoid": POINTS,
    "mlp_sigmoid_batch_norm": POINTS,
    "mlp_tanh": POINTS,
    "dirac": POINTS,
}
WITH_BATCH_NORM = ("dcgan", "dcgan_small", "dcgan_stacked", "conditional_written", "conditional_written_faint_noise")


def kinds(network: nn.Module) -> set[str]:
    return {type(layer).__name__ for layer in network.modules()}


def test_every_model_is_listed_here() -> None:
    assert set(SHAPES) == set(MODELS)


@pytest.mark.parametrize("name", SHAPES)
def test_a_pair_fits_together_and_fits_the_data(name: str) -> None:
    networks = build_networks(name, SHAPES[name])
    fake = networks.generator(torch.randn(5, networks.noise_size))
    assert fake.shape == (5, *SHAPES[name])
    assert networks.discriminator(fake).shape == (5, 1)
    assert networks.discriminator(torch.rand(5, *SHAPES[name])).shape == (5, 1)


@pytest.mark.parametrize("name", SHAPES)
def test_the_weights_are_fixed_by_torchs_seed(name: str) -> None:
    built = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        networks = build_networks(name, SHAPES[name])
        built.append([*networks.generator.state_dict().values(), *networks.discriminator.state_dict().values()])
    assert all(torch.equal(first, again) for first, again in zip(built[0], built[1], strict=True))
    assert not all(torch.equal(first, other) for first, other in zip(built[0], built[2], strict=True))


@pytest.mark.parametrize("name", [name for name in SHAPES if name != "dirac"])  # which has no layers
def test_the_names_say_what_is_inside(name: str) -> None:
    networks = build_networks(name, SHAPES[name])
    normalised = {"BatchNorm1d", "BatchNorm2d"}
    has_batch_norm = name in WITH_BATCH_NORM or name.endswith(("_batch_norm", "_both"))
    assert bool(kinds(networks.generator) & normalised) == has_batch_norm
    in_discriminator = name in ("dcgan", "dcgan_small", "dcgan_stacked") or name.endswith(("_discriminator", "_both"))
    assert bool(kinds(networks.discriminator) & normalised) == (in_discriminator and not name.startswith("mlp"))
    not_leaky = name in ("mlp_relu_discriminator", "mlp_tanh") or name.startswith("lecture_relu")
    assert ("LeakyReLU" in kinds(networks.discriminator)) == (not not_leaky)
    leaky = name.startswith("lecture") and "relu" not in name and "sigmoid" not in name
    assert ("LeakyReLU" in kinds(networks.generator)) == (leaky or name.startswith("conditional_written"))
    assert ("Sigmoid" in kinds(networks.generator)) == ("mlp" not in name or "sigmoid" in name)


def test_far_models_begin_as_far_away_as_they_say() -> None:
    for name, offset in (("mlp_far", 4.0), ("mlp_farther", 8.0)):
        networks = build_networks(name, POINTS)
        made = networks.generator(torch.zeros(1, networks.noise_size))
        assert bool(((made - offset).abs() < 1).all())


def test_an_unknown_model_is_refused_in_one_sentence_that_lists_the_choices() -> None:
    with pytest.raises(GandiagError) as refusal:
        build_networks("stylegan", IMAGES)
    assert "'stylegan'" in str(refusal.value)
    assert all(name in str(refusal.value) for name in MODELS)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(("name", "other"), [("mlp", IMAGES), ("lecture", POINTS), ("dcgan", POINTS)])
def test_a_model_for_another_kind_of_data_is_refused_and_the_fitting_ones_are_named(
    name: str, other: tuple[int, ...]
) -> None:
    with pytest.raises(GandiagError) as refusal:
        build_networks(name, other)
    offered = str(refusal.value).partition("choose one of ")[2].rstrip(".").split(", ")
    assert offered == [fitting for fitting, shape in SHAPES.items() if shape == other]
    assert str(SHAPES[name]) in str(refusal.value)
    assert str(other) in str(refusal.value)


def test_where_no_model_fits_the_refusal_says_so() -> None:
    with pytest.raises(GandiagError, match="none of the built-in models"):
        build_networks("dcgan", (3, 32, 32))


def test_a_shape_may_be_torchs_own() -> None:
    assert build_networks("mlp", torch.zeros(1, 2).shape[1:]).noise_size == 2
