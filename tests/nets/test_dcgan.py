"""The small DCGAN: its shapes on the way, and how it begins."""

import pytest
import torch
from torch import nn

from gandiag.nets import DCGANDiscriminator, DCGANGenerator


def sizes_on_the_way(network: nn.Module, kind: type[nn.Module], given: torch.Tensor) -> list[tuple[int, ...]]:
    seen: list[tuple[int, ...]] = []
    for layer in network.modules():
        if isinstance(layer, kind):
            layer.register_forward_hook(lambda module, inputs, output: seen.append(tuple(output.shape[1:])))
    network(given)
    return seen


def test_the_generator_grows_from_7_over_14_to_28() -> None:
    generator, noise = DCGANGenerator(), torch.randn(3, 100)
    assert sizes_on_the_way(generator, nn.ConvTranspose2d, noise) == [(16, 14, 14), (1, 28, 28)]
    assert sizes_on_the_way(DCGANGenerator(), nn.BatchNorm2d, noise) == [(32, 7, 7), (16, 14, 14)]
    images = generator(noise)
    assert images.shape == (3, 1, 28, 28)
    assert float(images.detach().min()) > 0
    assert float(images.detach().max()) < 1


def test_the_discriminator_shrinks_from_28_over_14_to_7_and_gives_logits() -> None:
    discriminator, images = DCGANDiscriminator(), torch.rand(3, 1, 28, 28)
    assert sizes_on_the_way(discriminator, nn.Conv2d, images) == [(16, 14, 14), (32, 7, 7)]
    with torch.no_grad():
        discriminator.layers[-1].weight.mul_(1000)
        logits = discriminator(images)
    assert logits.shape == (3, 1)
    assert float(logits.abs().max()) > 1  # no sigmoid at the end


def test_the_number_of_channels_can_be_chosen() -> None:
    assert DCGANGenerator(channels=5)(torch.randn(2, 100)).shape == (2, 1, 28, 28)
    assert DCGANDiscriminator(channels=5)(torch.rand(2, 1, 28, 28)).shape == (2, 1)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_the_discriminators_batch_normalisation_can_be_left_out_and_a_bias_takes_its_place(batch_norm: bool) -> None:
    discriminator = DCGANDiscriminator(batch_norm=batch_norm)
    assert any(isinstance(layer, nn.BatchNorm2d) for layer in discriminator.modules()) == batch_norm
    assert (discriminator.layers[2].bias is None) == batch_norm


@pytest.mark.parametrize("network", [DCGANGenerator, DCGANDiscriminator])
def test_weights_begin_as_the_paper_has_it(network: type[nn.Module]) -> None:
    built = network(channels=64)
    weighted = [m for m in built.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d | nn.Linear)]
    scales = [m.weight for m in built.modules() if isinstance(m, nn.BatchNorm2d)]
    for layer in weighted:
        count = layer.weight.numel()
        # Five standard errors of a standard deviation, 1 / √(2n), and of a mean, 1 / √n.
        assert layer.weight.std().item() == pytest.approx(0.02, rel=5 / (2 * count) ** 0.5)
        assert layer.weight.mean().item() == pytest.approx(0, abs=5 * 0.02 / count**0.5)
    pooled = torch.cat(scales)
    assert pooled.mean().item() == pytest.approx(1, abs=5 * 0.02 / len(pooled) ** 0.5)
    assert pooled.std().item() == pytest.approx(0.02, rel=5 / (2 * len(pooled)) ** 0.5)


def test_a_gradient_reaches_every_parameter_of_both_networks() -> None:
    generator, discriminator = DCGANGenerator(), DCGANDiscriminator()
    discriminator(generator(torch.randn(4, 100))).sigmoid().log().mean().backward()
    for name, parameter in [*generator.named_parameters(), *discriminator.named_parameters()]:
        assert parameter.grad is not None, name
        assert float(parameter.grad.abs().max()) > 0, name
