"""The recorded norms are those of the gradients that the optimizer applied."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

import gandiag
from gandiag.monitor.norms import gradient_norms


def test_norms_agree_with_an_independent_computation_on_every_step(make_loop):
    loop = make_loop(steps=300, n_critic=2)
    with gandiag.attach(loop.generator, loop.discriminator) as monitor:
        loop.run(verify=True)
    steps = monitor.recording.steps
    for label in ("D", "G"):
        recorded = steps.loc[steps["network"] == label, "grad_norm"].to_numpy()
        expected = np.array([total for network, total, _ in loop.truth if network == label])
        np.testing.assert_allclose(recorded, expected, rtol=1e-5)


def test_layer_norms_agree_with_an_independent_computation_on_every_step(make_loop):
    loop = make_loop(steps=40)
    with gandiag.attach(loop.generator, loop.discriminator) as monitor:
        loop.run(verify=True)
    layers = monitor.recording.layers
    for label in ("D", "G"):
        truth = [norms for network, _, norms in loop.truth if network == label]
        for layer in {name.split(".")[0] for name in truth[0]}:
            rows = layers[(layers["network"] == label) & (layers["layer"] == layer)]
            expected = [sum(v**2 for k, v in norms.items() if k.split(".")[0] == layer) ** 0.5 for norms in truth]
            np.testing.assert_allclose(rows["grad_norm"], expected, rtol=1e-5)


def test_the_iteration_counts_generator_steps(make_loop):
    loop = make_loop(steps=3, n_critic=2)
    with gandiag.attach(loop.generator, loop.discriminator) as monitor:
        loop.run()
    steps = monitor.recording.steps
    by_network = {label: rows["iteration"].tolist() for label, rows in steps.groupby("network")}
    assert by_network == {"D": [0, 0, 1, 1, 2, 2], "G": [0, 1, 2]}


def test_update_ratio_is_how_far_the_parameters_moved(make_loop):
    loop = make_loop(steps=1)
    before = torch.cat([p.detach().flatten() for p in loop.generator.parameters()]).double()
    with gandiag.attach(loop.generator, loop.discriminator) as monitor:
        loop.run()
    after = torch.cat([p.detach().flatten() for p in loop.generator.parameters()]).double()
    recorded = monitor.recording.series("steps.update_ratio[G]").iloc[0]
    assert recorded == pytest.approx(float((after - before).norm() / after.norm()), rel=1e-5)


def test_clipping_is_seen_as_the_optimizer_sees_it(make_loop):
    loop = make_loop(steps=0)
    with gandiag.attach(loop.generator, loop.discriminator) as monitor:
        for _ in range(3):
            loop.generator_optimizer.zero_grad()
            (1e6 * loop.discriminator(loop.generator(torch.randn(16, 5)))).sum().backward()
            nn.utils.clip_grad_norm_(loop.generator.parameters(), 1.0)
            loop.generator_optimizer.step()
    np.testing.assert_allclose(monitor.recording.series("steps.grad_norm[G]"), 1.0, rtol=1e-4)


def test_a_parameter_without_gradient_counts_for_nothing_and_a_network_without_any_has_no_row(make_loop):
    loop = make_loop(steps=0)
    both = torch.optim.SGD([*loop.generator.parameters(), *loop.discriminator.parameters()], lr=0.1)
    with gandiag.attach(loop.generator, loop.discriminator) as monitor:
        loop.discriminator[2].requires_grad_(False)
        loop.discriminator(torch.randn(16, 8)).sum().backward()
        expected = loop.discriminator[0].weight.grad.norm().hypot(loop.discriminator[0].bias.grad.norm())
        both.step()
    recording = monitor.recording
    assert recording.steps["network"].tolist() == ["D"]
    assert recording.steps["grad_norm"].item() == pytest.approx(float(expected), rel=1e-5)
    assert recording.layers.set_index("layer")["grad_norm"].isna().to_dict() == {"0": False, "2": True}


def test_half_precision_gradients_do_not_overflow():
    generator, discriminator = nn.Linear(3, 3, dtype=torch.bfloat16), nn.Linear(3, 1, dtype=torch.bfloat16)
    optimizer = torch.optim.SGD(discriminator.parameters(), lr=0.0)
    with gandiag.attach(generator, discriminator) as monitor:
        for parameter in discriminator.parameters():
            parameter.grad = torch.full_like(parameter, 60000.0)
        optimizer.step()
    recorded = monitor.recording.series("steps.grad_norm[D]").item()
    assert recorded == pytest.approx(60000.0 * 2, rel=1e-2)


def test_a_gradient_that_is_not_a_number_is_told_apart_from_a_missing_one(make_loop):
    loop = make_loop(steps=0)
    with gandiag.attach(loop.generator, loop.discriminator, on_alarm="ignore") as monitor:
        (loop.discriminator(torch.randn(16, 8)).sum() * float("nan")).backward()
        loop.discriminator_optimizer.step()
    row = monitor.recording.steps.iloc[0]
    assert not row["gradients_finite"]
    assert np.isnan(row["grad_norm"])


def test_a_fused_optimizers_scaled_gradients_are_unscaled(make_loop):
    loop = make_loop(steps=0)
    optimizer = torch.optim.Adam(loop.discriminator.parameters(), fused=True)
    with gandiag.attach(loop.generator, loop.discriminator) as monitor:
        loop.discriminator(torch.randn(16, 8)).sum().backward()
        expected = torch.stack([p.grad.norm() for p in loop.discriminator.parameters()]).norm()
        for parameter in loop.discriminator.parameters():
            parameter.grad *= 1024
        optimizer.grad_scale, optimizer.found_inf = torch.tensor(1024.0), torch.tensor(0.0)  # as GradScaler does
        optimizer.step()
    assert monitor.recording.series("steps.grad_norm[D]").item() == pytest.approx(float(expected), rel=1e-5)
    assert monitor.recording.steps["loss_scale"].item() == 1024


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.LBFGS])
@pytest.mark.parametrize("as_keyword", [False, True])
def test_an_optimizer_with_a_closure_is_read_once_that_has_filled_the_gradients(make_loop, kind, as_keyword):
    """LBFGS evaluates its closure many times; the gradient that its step begins with counts."""
    loop = make_loop(steps=0)
    optimizer = kind(loop.discriminator.parameters(), lr=0.1)
    truth: list[float] = []

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = loop.discriminator(torch.randn(16, 8)).square().mean()
        loss.backward()
        truth.append(math.sqrt(sum(float(p.grad.double().square().sum()) for p in loop.discriminator.parameters())))
        return loss

    with gandiag.attach(loop.generator, loop.discriminator) as monitor:
        returned = optimizer.step(closure=closure) if as_keyword else optimizer.step(closure)
    assert isinstance(returned, torch.Tensor)
    assert monitor.recording.series("steps.grad_norm[D]").tolist() == pytest.approx(truth[:1], rel=1e-5)


@pytest.mark.parametrize("size", [1e-30, 1e-22, 1e15, 1e25])
def test_a_gradient_whose_square_float32_cannot_hold_is_not_rounded_away(make_loop, size):
    """A vanishing gradient is the last one to be rounded to nothing."""
    loop = make_loop(steps=0)
    with gandiag.attach(loop.generator, loop.discriminator) as monitor:
        for parameter in loop.discriminator.parameters():
            parameter.grad = torch.full_like(parameter, size)
        loop.discriminator_optimizer.step()
    count = sum(parameter.numel() for parameter in loop.discriminator.parameters())
    assert monitor.recording.series("steps.grad_norm[D]").item() == pytest.approx(size * count**0.5, rel=1e-5)


@pytest.mark.parametrize("count", [10, 2**18 + 1])
def test_a_norm_that_blas_cannot_hold_is_right(count):
    (norm,) = gradient_norms([torch.full((count,), 3e19)])
    assert norm == pytest.approx(3e19 * count**0.5, rel=1e-5)


class WithoutDoubles(TorchDispatchMode):
    """Makes the meta device one without float64, as MPS is."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        output = func(*args, **(kwargs or {}))
        if isinstance(output, Tensor) and output.is_meta and output.dtype is torch.float64:
            raise TypeError(f"{func} makes a float64 tensor")
        return output


@pytest.mark.parametrize("kind", [torch.float32, torch.float16, torch.bfloat16])
def test_a_device_without_doubles_is_asked_for_none(kind):
    with WithoutDoubles():
        (norm,) = gradient_norms([torch.ones(4, 3, device="meta", dtype=kind)])
    assert norm.dtype is torch.float32


def test_a_gradient_of_doubles_keeps_them_on_an_accelerator():
    (norm,) = gradient_norms([torch.ones(4, 3, device="meta", dtype=torch.float64)])
    assert norm.dtype is torch.float64
