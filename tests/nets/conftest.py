"""Networks computed by hand, and the judge."""

from collections.abc import Callable

import numpy as np
import pytest
from torch import nn

from gandiag.data import Dataset, load_digits
from gandiag.nets import Judge, load_judge


def _by_hand(values: np.ndarray, network: nn.Module, slope: float, squash: bool) -> np.ndarray:
    """Linear layers with a leaky rectifier between them, in float64 NumPy."""
    linear = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
    values = values.astype(np.float64)
    for layer in linear:
        values = values @ layer.weight.detach().double().numpy().T + layer.bias.detach().double().numpy()
        if layer is not linear[-1]:
            values = np.where(values > 0, values, slope * values)
    return 1 / (1 + np.exp(-values)) if squash else values


@pytest.fixture
def forward_by_hand() -> Callable[[np.ndarray, nn.Module, float, bool], np.ndarray]:
    return _by_hand


@pytest.fixture(scope="session")
def packaged_judge() -> Judge:
    return load_judge()


@pytest.fixture(scope="session")
def all_digits() -> Dataset:
    return load_digits()
