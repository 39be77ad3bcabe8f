"""While a monitor follows where tensors come from, a user may export a module."""

import pytest
import torch
from torch import nn

import gandiag


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # of torch.jit itself
def test_a_module_is_traced_as_if_no_monitor_were_there():
    generator, discriminator = nn.Linear(2, 2), nn.Linear(2, 1)
    exported, points = nn.Sequential(nn.Linear(2, 3), nn.Tanh()), torch.randn(4, 2)
    optimizer = torch.optim.SGD([*discriminator.parameters()], 0.1)
    alone = _operations(torch.jit.trace(exported, points))
    with gandiag.attach(generator, discriminator):
        discriminator(generator(torch.randn(4, 2)).detach()).mean().backward()
        traced = torch.jit.trace(exported, points)
        optimizer.step()
    assert _operations(traced) == alone


def _operations(traced: torch.jit.ScriptModule) -> list[str]:
    return [node.kind() for node in traced.inlined_graph.nodes()]
