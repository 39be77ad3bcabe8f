"""The lecture's networks, size by size."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from gandiag.nets import LectureDiscriminator, LectureGenerator

ByHand = Callable[[np.ndarray, nn.Module, float, bool], np.ndarray]


def shapes(network: nn.Module) -> list[tuple[int, ...]]:
    return [tuple(parameter.shape) for parameter in network.parameters()]


def kinds(network: nn.Module) -> list[str]:
    return [type(layer).__name__ for layer in network.layers]


def test_the_generator_goes_from_100_over_300_to_784() -> None:
    generator = LectureGenerator()
    assert shapes(generator) == [(300, 100), (300,), (784, 300), (784,)]
    assert sum(parameter.numel() for parameter in generator.parameters()) == 266_284
    assert kinds(generator) == ["Linear", "LeakyReLU", "Linear", "Sigmoid"]


def test_the_discriminator_goes_from_784_over_300_and_100_to_1_and_gives_logits() -> None:
    discriminator = LectureDiscriminator()
    assert shapes(discriminator) == [(300, 784), (300,), (100, 300), (100,), (1, 100), (1,)]
    assert sum(parameter.numel() for parameter in discriminator.parameters()) == 265_701
    assert kinds(discriminator) == ["Flatten", "Linear", "LeakyReLU", "Linear", "LeakyReLU", "Linear"]


@pytest.mark.parametrize(("leaky", "slope"), [(True, 0.2), (False, 0.0)], ids=["LeakyReLU 0.2", "ReLU"])
def test_the_generator_computes_what_is_computed_by_hand(forward_by_hand: ByHand, leaky: bool, slope: float) -> None:
    generator, noise = LectureGenerator(leaky=leaky), torch.randn(4, 100)
    images = generator(noise)
    assert images.shape == (4, 1, 28, 28)
    expected = forward_by_hand(noise.numpy(), generator, slope, True)
    np.testing.assert_allclose(images.detach().flatten(1), expected, atol=1e-6)


@pytest.mark.parametrize(("leaky", "slope"), [(True, 0.2), (False, 0.0)], ids=["LeakyReLU 0.2", "ReLU"])
def test_the_discriminator_computes_what_is_computed_by_hand(
    forward_by_hand: ByHand, leaky: bool, slope: float
) -> None:
    discriminator, images = LectureDiscriminator(leaky=leaky), torch.rand(4, 1, 28, 28)
    logits = discriminator(images)
    assert logits.shape == (4, 1)
    expected = forward_by_hand(images.flatten(1).numpy(), discriminator, slope, False)
    np.testing.assert_allclose(logits.detach(), expected, atol=1e-6)


def test_batch_normalisation_stands_before_each_hidden_activation() -> None:
    assert kinds(LectureGenerator(batch_norm=True)) == ["Linear", "BatchNorm1d", "LeakyReLU", "Linear", "Sigmoid"]
    normalised = ["Flatten", *["Linear", "BatchNorm1d", "LeakyReLU"] * 2, "Linear"]
    assert kinds(LectureDiscriminator(batch_norm=True)) == normalised
    assert LectureGenerator(batch_norm=True).layers[1].num_features == 300
    assert [layer.num_features for layer in LectureDiscriminator(batch_norm=True).layers[2:6:3]] == [300, 100]


def test_a_batch_normalised_network_normalises_its_hidden_layer_over_the_batch() -> None:
    generator = LectureGenerator(batch_norm=True)
    seen = []
    generator.layers[1].register_forward_hook(lambda module, inputs, output: seen.append(output.detach()))
    generator(5 + 3 * torch.randn(64, 100))
    torch.testing.assert_close(seen[0].mean(dim=0), torch.zeros(300), rtol=0, atol=1e-4)
    torch.testing.assert_close(seen[0].var(dim=0, unbiased=False), torch.ones(300), rtol=0, atol=1e-2)
