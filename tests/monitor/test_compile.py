"""torch.compile before and after attaching, of modules, in place, or of functions: same numbers, same training."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import softplus
from torch.optim.optimizer import register_optimizer_step_pre_hook

import gandiag

STEPS = 30
pytestmark = pytest.mark.filterwarnings("ignore")


class Networks:
    def __init__(self) -> None:
        torch.manual_seed(3)
        self.generator = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.LeakyReLU(0.2), nn.Linear(16, 6))
        self.discriminator = nn.Sequential(nn.Linear(6, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
        self.optimizers = [torch.optim.Adam(net.parameters(), 1e-3) for net in (self.generator, self.discriminator)]

    def state(self) -> list[torch.Tensor]:
        return [*self.generator.state_dict().values(), *self.discriminator.state_dict().values(), torch.rand(3)]


def train(generator, discriminator, optimizers) -> list[tuple[float, float]]:
    """The canonical loop; the applied norms by the way, in float64."""
    norms: list[float] = []

    def measure(optimizer, args, kwargs):
        gradients = [p.grad.double().flatten() for group in optimizer.param_groups for p in group["params"]]
        norms.append(float(torch.cat(gradients).norm()))

    handle = register_optimizer_step_pre_hook(measure)
    for _ in range(STEPS):
        fake = generator(torch.randn(8, 4))
        optimizers[1].zero_grad()
        softplus(-discriminator(torch.randn(8, 6))).mean().backward()
        softplus(discriminator(fake.detach())).mean().backward()
        optimizers[1].step()
        optimizers[0].zero_grad()
        softplus(-discriminator(fake)).mean().backward()
        optimizers[0].step()
    handle.remove()
    return list(zip(norms[::2], norms[1::2], strict=True))


def nothing(networks):
    return networks.generator, networks.discriminator


def wrapped(networks):
    return tuple(torch.compile(net, backend="aot_eager", fullgraph=True) for net in nothing(networks))


def in_place(networks):
    for net in nothing(networks):
        net.compile(backend="aot_eager", fullgraph=True)
    return nothing(networks)


def inner(networks):
    networks.generator[0] = torch.compile(networks.generator[0], backend="aot_eager")
    networks.discriminator[0] = torch.compile(networks.discriminator[0], backend="aot_eager")
    return nothing(networks)


def function(networks):
    """Losses and all inside compiled functions, as fast scripts do."""
    return tuple(torch.compile(lambda x, net=net: net(x), backend="aot_eager") for net in nothing(networks))


@pytest.fixture(autouse=True)
def _fresh_compiler():
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("how", [wrapped, in_place, inner, function])
def test_compiled_networks_train_the_same_and_are_read_right(how, when):
    plain = Networks()
    train(*how(plain), plain.optimizers)
    expected = plain.state()

    torch._dynamo.reset()
    networks = Networks()
    called = how(networks) if when == "before" else None
    attached = called if called is not None and how is wrapped else nothing(networks)
    with gandiag.attach(*attached, every=10, on_alarm="ignore") as monitor:
        called = how(networks) if called is None else called
        truth = train(*called, networks.optimizers)
    assert all(torch.equal(one, other) for one, other in zip(expected, networks.state(), strict=True))

    recording = monitor.recording
    for label, norms in zip("DG", zip(*truth, strict=True), strict=True):
        np.testing.assert_allclose(recording.series(f"steps.grad_norm[{label}]"), norms, rtol=1e-5)
    if how is function:
        assert "compiled" in recording.meta["abstentions"]["signal"]
        assert recording.signal.empty or recording.signal["grad_norm"].isna().all()
    else:
        assert recording.signal["grad_norm"].notna().all()
        assert len(recording.signal) == STEPS


def test_a_compiled_graph_is_not_broken_or_compiled_anew_by_watching():
    """``fullgraph`` raises on a break; compiling anew is counted."""
    compilations = []

    def counting(graph, inputs):
        compilations.append(len(graph.graph.nodes))
        return graph.forward

    counts = []
    for watched in (False, True):
        torch._dynamo.reset()
        compilations.clear()
        networks = Networks()
        called = [torch.compile(net, backend=counting, fullgraph=True) for net in nothing(networks)]
        monitor = gandiag.attach(*called, every=10, on_alarm="ignore") if watched else None
        train(*called, networks.optimizers)
        counts.append(len(compilations))
        if monitor is not None:
            monitor.close()
    assert counts[1] <= counts[0] + 1, "one more for the probes' mode of evaluation at most"
