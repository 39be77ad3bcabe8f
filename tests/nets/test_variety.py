"""Minibatch standard deviation, packing, dropout, weight normalisation and annealed noise."""

import pytest
import torch
from torch import nn

from gandiag.nets import (
    DCGANDiscriminator,
    InstanceNoise,
    LectureDiscriminator,
    MinibatchStd,
    Packed,
    PointDiscriminator,
    layer_normalised,
    weight_normalised,
    with_dropout,
    with_minibatch_std,
)
from gandiag.regularizers.layers import WEIGHTED

DISCRIMINATORS = {
    "lecture": (LectureDiscriminator, (1, 28, 28)),
    "dcgan": (DCGANDiscriminator, (1, 28, 28)),
    "points": (PointDiscriminator, (2,)),
}


def test_minibatch_std_appends_the_mean_standard_deviation() -> None:
    features = torch.randn(6, 3, 4, 5)
    out = MinibatchStd()(features)
    assert out.shape == (6, 4, 4, 5)
    assert torch.equal(out[:, :3], features)
    torch.testing.assert_close(out[:, 3], features.std(dim=0, unbiased=False).mean().expand(6, 4, 5))


def test_minibatch_std_of_equal_samples_is_nearly_0_and_has_a_finite_derivative() -> None:
    features = torch.ones(4, 3, requires_grad=True)
    out = MinibatchStd()(features)
    assert float(out[0, 3].detach()) == pytest.approx(0, abs=2e-4)
    out.sum().backward()
    assert bool(torch.isfinite(features.grad).all())


@pytest.mark.parametrize("name", DISCRIMINATORS)
def test_a_discriminator_with_minibatch_std_tells_equal_samples_from_varied_ones(name: str) -> None:
    make, shape = DISCRIMINATORS[name]
    network = with_minibatch_std(make()).eval()
    one = torch.rand(1, *shape)
    alone = network(one.expand(8, *shape))
    among = network(torch.cat([one, torch.rand(7, *shape)]))
    assert alone.shape == (8, 1)
    assert not torch.allclose(alone[0], among[0])


@pytest.mark.parametrize("name", DISCRIMINATORS)
@pytest.mark.parametrize("degree", [2, 4])
def test_a_packed_discriminator_gives_one_logit_a_pack_that_depends_on_all_of_it(name: str, degree: int) -> None:
    make, shape = DISCRIMINATORS[name]
    network = Packed(make(), degree, shape).eval()
    samples = torch.rand(8, *shape, requires_grad=True)
    logits = network(samples)
    assert logits.shape == (8 // degree, 1)
    (gradient,) = torch.autograd.grad(logits[0].sum(), samples)
    reached = gradient.flatten(1).abs().sum(dim=1) > 0
    assert reached.tolist() == [True] * degree + [False] * (8 - degree)


def test_dropout_comes_after_every_activation_and_only_in_training() -> None:
    network, samples = with_dropout(LectureDiscriminator(), 0.5), torch.rand(4, 1, 28, 28)
    assert sum(isinstance(layer, nn.Dropout) for layer in network.modules()) == 2
    assert not torch.equal(network(samples), network(samples))
    network.eval()
    assert torch.equal(network(samples), network(samples))


@pytest.mark.parametrize(
    ("network", "shape"),
    [(LectureDiscriminator(), (1, 28, 28)), (DCGANDiscriminator(batch_norm=False), (1, 28, 28))],
    ids=["lecture", "dcgan"],
)
def test_layer_normalisation_gives_every_samples_hidden_numbers_mean_0_and_deviation_1(
    network: nn.Module, shape: tuple[int, ...]
) -> None:
    weighted = [layer for layer in network.modules() if isinstance(layer, WEIGHTED)]
    layer_normalised(network)
    norms = [layer for layer in network.modules() if isinstance(layer, nn.LayerNorm | nn.GroupNorm)]
    seen: list[torch.Tensor] = []
    for norm in norms:
        norm.register_forward_hook(lambda module, given, output: seen.append(output.detach().flatten(1)))
    samples = torch.rand(4, *shape)
    torch.testing.assert_close(network(samples)[:1], network(samples[:1]))  # no sample changes another's logit
    assert len(norms) == len(weighted) - 1
    for hidden in seen:
        torch.testing.assert_close(hidden.mean(dim=1), torch.zeros(len(hidden)), atol=1e-5, rtol=0)
        torch.testing.assert_close(hidden.std(dim=1, unbiased=False), torch.ones(len(hidden)), atol=0.05, rtol=0)


def test_weight_normalisation_begins_as_the_same_function_with_length_and_direction_apart() -> None:
    network, samples = LectureDiscriminator(), torch.rand(4, 1, 28, 28)
    before = network(samples).detach()
    assert weight_normalised(network) is network
    torch.testing.assert_close(network(samples).detach(), before)
    assert sum("original0" in name for name, _ in network.named_parameters()) == 3


def test_noise_is_annealed_in_a_straight_line_to_nothing() -> None:
    layer, levels = InstanceNoise(2.0), []
    for share in (0, 0.25, 1, 1.5):
        layer.anneal(share)
        levels.append(layer.std)
    assert levels == [2.0, 1.5, 0.0, 0.0]
