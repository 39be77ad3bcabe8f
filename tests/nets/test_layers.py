"""Instance noise, spectral and weight normalisation, dropout, against NumPy, SciPy and closed forms."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import binomtest, chi2, kstest
from torch import nn

from gandiag.nets import DCGANDiscriminator, LectureDiscriminator
from gandiag.regularizers import InstanceNoise, spectrally_normalised, weight_normalised, with_dropout


@pytest.mark.parametrize("share", [0.0, 0.25, 0.9])
def test_the_variance_of_annealed_noise_is_that_of_its_share_of_the_run(share: float) -> None:
    layer, samples = InstanceNoise(2.0).train(), torch.rand(500, 20, dtype=torch.float64)
    layer.anneal(share)
    noise = (layer(samples) - samples).numpy().ravel()
    expected = (2.0 * (1 - share)) ** 2
    # The sum of squares of n normal numbers over their variance is χ²(n).
    assert 1e-6 < chi2(noise.size).cdf((noise**2).sum() / expected) < 1 - 1e-6
    assert kstest(noise, "norm", args=(0, math.sqrt(expected))).pvalue > 1e-6


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


def test_spectral_normalisation_divides_the_weight_by_the_singular_value_that_numpy_finds() -> None:
    layer = nn.Linear(7, 5).double()
    left, values, right = np.linalg.svd(layer.weight.detach().numpy(), full_matrices=False)
    values[0] += 3  # the power iteration's speed hangs on how far the first is from the second
    weight = left * values @ right
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight))
    spectrally_normalised(layer)
    for _ in range(30):
        layer(torch.rand(2, 7, dtype=torch.float64))
    sigma = np.linalg.svd(weight, compute_uv=False)[0]
    np.testing.assert_allclose(layer.eval().weight.detach(), weight / sigma, rtol=1e-12)


@pytest.mark.parametrize(
    ("layer", "outputs"),
    [(nn.Linear(3, 4), 0), (nn.Conv2d(3, 4, 2), 0), (nn.ConvTranspose2d(3, 4, 2), 1)],
    ids=["linear", "convolution", "transposed"],
)
def test_weight_normalisation_is_g_v_over_the_length_of_v_for_each_output(layer: nn.Module, outputs: int) -> None:
    layer = weight_normalised(layer.double())
    g, v = layer.parametrizations.weight.original0, layer.parametrizations.weight.original1
    with torch.no_grad():
        g.copy_(torch.randn_like(g))
        v.copy_(torch.randn_like(v))
    length, direction = (np.moveaxis(t.detach().numpy(), outputs, 0).reshape(t.shape[outputs], -1) for t in (g, v))
    assert length.shape == (4, 1)
    direction = direction / np.linalg.norm(direction, axis=1, keepdims=True)
    weight = layer.weight.transpose(0, outputs).flatten(1)
    np.testing.assert_allclose(weight.detach(), length * direction, rtol=1e-12)
    # Salimans and Kingma (2016), Eq. 3: the slope of g is that of w along v.
    slope_of_w = torch.randn_like(weight)
    (slope,) = torch.autograd.grad((weight * slope_of_w).sum(), g)
    np.testing.assert_allclose(slope.flatten(), (slope_of_w.numpy() * direction).sum(axis=1), rtol=1e-10)


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_dropout_drops_its_share_of_the_units_and_scales_the_others_so_that_the_mean_stays(share: float) -> None:
    network = with_dropout(nn.Sequential(nn.ReLU()), share)
    values = 1 + torch.rand(200, 300, dtype=torch.float64)
    out = network(values)
    kept = out != 0
    np.testing.assert_allclose(out[kept], values[kept] / (1 - share), rtol=1e-12)
    assert binomtest(int((~kept).sum()), kept.numel(), share).pvalue > 1e-6
    mean, error = (out - values).mean().item(), (out - values).std().item() / math.sqrt(kept.numel())
    assert mean == pytest.approx(0, abs=5 * error)
    assert torch.equal(network.eval()(values), values)


def test_spectral_normalisation_leaves_other_layers_alone_and_the_network_trainable() -> None:
    network = spectrally_normalised(DCGANDiscriminator())
    normalised = [name for name, _ in network.named_parameters() if "parametrizations" in name and "original" in name]
    assert len(normalised) == 3
    network(torch.rand(4, 1, 28, 28)).sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
