"""What the models' names promise beyond their kinds of layers."""

import pytest
import torch
from torch import nn

from gandiag.nets import MODELS, build_networks


def linear(network: nn.Module) -> list[nn.Linear]:
    return [layer for layer in network.modules() if isinstance(layer, nn.Linear)]


@pytest.mark.parametrize(
    ("name", "hidden"),
    [("mlp", 2), ("mlp_deep", 6), ("mlp_sigmoid", 6), ("lecture", 1), ("lecture_deep", 5), ("lecture_sigmoid", 5)],
)
def test_a_generator_has_the_depth_that_its_name_stands_for(name: str, hidden: int) -> None:
    generator = build_networks(name, MODELS[name].sample_shape).generator
    assert len(linear(generator)) == hidden + 1


def test_the_tiny_discriminator_has_one_hidden_layer_of_four() -> None:
    discriminator = build_networks("mlp_tiny_discriminator", (2,)).discriminator
    assert [tuple(parameter.shape) for parameter in discriminator.parameters()] == [(4, 2), (4,), (1, 4), (1,)]


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_orthogonal_weights_keep_angles_and_stretch_by_the_gain(player: str) -> None:
    inner = linear(getattr(build_networks("mlp_tanh", (2,)), player))[1]
    torch.testing.assert_close(inner.weight @ inner.weight.T, 1.4**2 * torch.eye(64), atol=1e-5, rtol=0)
    assert not inner.bias.any()
