"""Running a network without leaving a trace."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn


@contextmanager
def undisturbed(module: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients, after which everything is as it was.

    Restored are the training flag of every submodule (they may differ), every buffer that has changed, and the random
    states of Python, NumPy and torch on the CPU and on the module's device.
    """
    flags = [(submodule, submodule.training) for submodule in module.modules()]
    buffers = [(buffer, buffer.detach().clone()) for buffer in module.buffers()]
    python_state, numpy_state = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=_accelerators(module)), torch.no_grad():
        try:
            module.eval()
            yield
        finally:
            for submodule, training in flags:
                submodule.training = training
            for buffer, before in buffers:
                buffer.copy_(before)
            random.setstate(python_state)
            np.random.set_state(numpy_state)


def _accelerators(module: nn.Module) -> list[int]:
    """Indices of the CUDA devices that the module's parameters lie on."""
    devices = {parameter.device for parameter in module.parameters() if parameter.is_cuda}
    return [device.index for device in devices if device.index is not None]
