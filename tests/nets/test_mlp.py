"""The networks for points in the plane."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from gandiag.nets import PointDiscriminator, PointGenerator

ByHand = Callable[[np.ndarray, nn.Module, float, bool], np.ndarray]


@pytest.mark.parametrize(
    ("network", "outputs", "slope"), [(PointGenerator, 2, 0.0), (PointDiscriminator, 1, 0.2)], ids=["G", "D"]
)
def test_it_goes_from_2_over_64_and_64_and_computes_what_is_computed_by_hand(
    forward_by_hand: ByHand, network: type[nn.Module], outputs: int, slope: float
) -> None:
    built, given = network(), torch.randn(9, 2)
    shapes = [tuple(parameter.shape) for parameter in built.parameters()]
    assert shapes == [(64, 2), (64,), (64, 64), (64,), (outputs, 64), (outputs,)]
    expected = forward_by_hand(given.numpy(), built, slope, False)
    np.testing.assert_allclose(built(given).detach(), expected, atol=1e-6)


@pytest.mark.parametrize("network", [PointGenerator, PointDiscriminator])
def test_batch_normalisation_stands_before_each_hidden_activation(network: type[nn.Module]) -> None:
    kinds = [type(layer).__name__ for layer in network(batch_norm=True).layers]
    rectifier = "ReLU" if network is PointGenerator else "LeakyReLU"
    assert kinds == [*["Linear", "BatchNorm1d", rectifier] * 2, "Linear"]
