"""Devices: those that compute here, and one sentence for all others."""

import pytest
import torch

from gandiag.errors import GandiagError
from gandiag.training import TrainingConfig, train
from gandiag.training.device import available_device


def test_the_cpu_is_available():
    assert available_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["cuda:99", "abacus", "meta", ""])
def test_what_computes_nothing_here_is_refused_in_a_sentence(name):
    with pytest.raises(GandiagError) as refusal:
        available_device(name)
    assert str(refusal.value).startswith(f"The device '{name}' cannot be used here (")
    assert "\n" not in str(refusal.value)


def test_a_run_on_an_unavailable_device_is_refused_before_it_writes(tmp_path):
    with pytest.raises(GandiagError, match="The device 'cuda:99' cannot be used here"):
        train(TrainingConfig(iterations=1), out=tmp_path / "run", device="cuda:99")
    assert not (tmp_path / "run").exists()
