"""What all tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import torch

# Small tensors: a second thread costs more than it gives, in this process and in those that tests start.
torch.set_num_threads(1)
os.environ.setdefault("OMP_NUM_THREADS", "1")


# The same examples each time, and no clock in a test's outcome.
hypothesis.settings.register_profile("gandiag", deadline=None, derandomize=True, max_examples=50)
hypothesis.settings.load_profile("gandiag")


@pytest.fixture(autouse=True)
def _fixed_seed() -> Iterator[None]:
    """Every test begins at the same random state and leaves none behind."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.fixture
def mnist_dir() -> Path:
    """The folder that holds MNIST; tests that need it skip where it is not at hand."""
    place = os.environ.get("GANDIAG_DATA")
    if place is None or not (Path(place) / "MNIST" / "raw").is_dir():
        pytest.skip("needs MNIST: set GANDIAG_DATA to a folder that holds it in torchvision's layout")
    return Path(place)
