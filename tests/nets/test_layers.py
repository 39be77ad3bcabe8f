"""Instance noise and spectral normalisation."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from gandiag.nets import DCGANDiscriminator, InstanceNoise, LectureDiscriminator, spectrally_normalised


@pytest.mark.parametrize("std", [0.1, 2.0])
def test_instance_noise_has_its_standard_deviation_in_training(std: float) -> None:
    samples = torch.rand(200, 1, 16, 16)
    noise = (InstanceNoise(std).train()(samples) - samples).double()
    count = noise.numel()
    assert noise.std().item() == pytest.approx(std, rel=5 / math.sqrt(2 * count))  # five standard errors
    assert noise.mean().item() == pytest.approx(0, abs=5 * std / math.sqrt(count))


def test_instance_noise_is_new_for_every_value_and_every_call() -> None:
    layer, samples = InstanceNoise(1.0).train(), torch.zeros(40, 3)
    first, second = layer(samples), layer(samples)
    assert first.unique().numel() == first.numel()
    assert not torch.equal(first, second)
    assert torch.equal(samples, torch.zeros(40, 3))


def test_instance_noise_lets_samples_pass_unchanged_in_evaluation() -> None:
    layer, samples = InstanceNoise(1.0).eval(), torch.rand(40, 3)
    before = torch.get_rng_state()
    assert torch.equal(layer(samples), samples)
    assert torch.equal(torch.get_rng_state(), before)


def test_no_instance_noise_draws_no_random_number() -> None:
    before, samples = torch.get_rng_state(), torch.rand(3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(InstanceNoise(0.0).train()(samples), samples)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_gradient_passes_instance_noise_unchanged() -> None:
    samples = torch.rand(5, 2, requires_grad=True)
    InstanceNoise(1.0).train()(samples).sum().backward()
    assert torch.equal(samples.grad, torch.ones(5, 2))


def largest_singular_values(network: nn.Module) -> list[float]:
    """Of each weight as the matrix that Miyato et al. take: outputs against all the rest."""
    weights = [
        layer.weight.detach().transpose(0, 1) if isinstance(layer, nn.ConvTranspose2d) else layer.weight.detach()
        for layer in network.modules()
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d)
    ]
    return [float(np.linalg.svd(weight.flatten(1).double().numpy(), compute_uv=False)[0]) for weight in weights]


@pytest.mark.parametrize(
    ("network", "shape"),
    [
        (LectureDiscriminator(), (1, 28, 28)),
        (DCGANDiscriminator(), (1, 28, 28)),
        (nn.Sequential(nn.ConvTranspose2d(3, 5, 4), nn.Flatten(), nn.Linear(5 * 49, 2)), (3, 4, 4)),
    ],
    ids=["linear", "convolutional", "transposed"],
)
def test_spectral_normalisation_bounds_every_largest_singular_value_by_1(
    network: nn.Module, shape: tuple[int, ...]
) -> None:
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(5)
    assert max(largest_singular_values(network)) > 1.5
    assert spectrally_normalised(network) is network
    for _ in range(300):  # each forward pass is one step of the power iteration
        network(torch.rand(2, *shape))
    network.eval()
    np.testing.assert_allclose(largest_singular_values(network), 1, rtol=2e-3)


def test_spectral_normalisation_leaves_other_layers_alone_and_the_network_trainable() -> None:
    network = spectrally_normalised(DCGANDiscriminator())
    normalised = [name for name, _ in network.named_parameters() if "parametrizations" in name and "original" in name]
    assert len(normalised) == 3
    network(torch.rand(4, 1, 28, 28)).sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
