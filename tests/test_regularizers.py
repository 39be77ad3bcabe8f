"""The gradient penalties, against closed forms, finite differences and per-sample autograd."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gandiag.errors import GandiagError
from gandiag.regularizers import dragan, r1, r1_r2, r2, wgan_gp

Penalty = Callable[[Callable[[Tensor], Tensor], Tensor, Tensor], Tensor]
PENALTIES: dict[str, Penalty] = {
    "r1": lambda discriminator, real, fake: r1(discriminator, real),
    "r2": lambda discriminator, real, fake: r2(discriminator, fake),
    "r1_r2": r1_r2,
    "wgan_gp": wgan_gp,
    "dragan": lambda discriminator, real, fake: dragan(discriminator, real),
}
SHAPE = (5, 1, 2, 3)


@pytest.fixture
def linear_discriminator() -> nn.Sequential:
    """⟨w, x⟩ + b in float64: its input gradient is w wherever it is taken."""
    return nn.Sequential(nn.Flatten(), nn.Linear(6, 1)).double()


@pytest.fixture
def smooth_discriminator() -> nn.Sequential:
    """A float64 network with curvature everywhere, so that finite differences are valid."""
    return nn.Sequential(nn.Flatten(), nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 1)).double()


@pytest.fixture
def real_batch() -> Tensor:
    return torch.randn(SHAPE, dtype=torch.float64)


@pytest.fixture
def fake_batch() -> Tensor:
    return 3 + torch.randn(SHAPE, dtype=torch.float64)


def difference_quotients(discriminator: nn.Module, samples: Tensor, step: float = 1e-5) -> np.ndarray:
    """Norm of each sample's input gradient by central differences; their error is of order step² = 1e−10."""
    gradient = torch.zeros_like(samples).flatten(1)
    with torch.no_grad():
        for index in range(gradient.shape[1]):
            shift = torch.zeros_like(samples).flatten(1)
            shift[:, index] = step
            shift = shift.view_as(samples)
            gradient[:, index] = (discriminator(samples + shift) - discriminator(samples - shift))[:, 0] / (2 * step)
    return gradient.norm(dim=1).numpy()


def test_r1_of_a_linear_discriminator_is_half_its_weights_squared_norm(
    linear_discriminator: nn.Sequential, real_batch: Tensor
) -> None:
    expected = 0.5 * linear_discriminator[1].weight.square().sum()
    torch.testing.assert_close(r1(linear_discriminator, real_batch), expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("scale", [0.1, 1.0, 7.0])
def test_wgan_gp_of_a_linear_discriminator_is_how_far_its_weights_norm_is_from_1(
    linear_discriminator: nn.Sequential, real_batch: Tensor, fake_batch: Tensor, scale: float
) -> None:
    weight = linear_discriminator[1].weight
    with torch.no_grad():
        weight.mul_(scale / weight.norm())
    penalty = wgan_gp(linear_discriminator, real_batch, fake_batch)
    assert penalty.item() == pytest.approx((scale - 1) ** 2, abs=1e-9)


def test_r1_of_a_curved_discriminator_is_that_of_difference_quotients_at_the_real_samples(
    smooth_discriminator: nn.Sequential, real_batch: Tensor
) -> None:
    expected = 0.5 * (difference_quotients(smooth_discriminator, real_batch) ** 2).mean()
    assert r1(smooth_discriminator, real_batch).item() == pytest.approx(expected, rel=1e-7)


def test_wgan_gp_of_a_curved_discriminator_is_that_of_difference_quotients_between_the_samples(
    smooth_discriminator: nn.Sequential, real_batch: Tensor, fake_batch: Tensor
) -> None:
    seen = []

    def watched(samples: Tensor) -> Tensor:
        seen.append(samples.detach().clone())
        return smooth_discriminator(samples)

    penalty = wgan_gp(watched, real_batch, fake_batch)
    (between,) = seen
    expected = ((difference_quotients(smooth_discriminator, between) - 1) ** 2).mean()
    assert penalty.item() == pytest.approx(expected, rel=1e-7)


def test_wgan_gp_looks_at_a_point_of_its_own_on_each_segment_from_generated_to_real() -> None:
    real, fake = torch.randn(200, 1, 2, 3), 3 + torch.randn(200, 1, 2, 3)
    seen = []

    def watched(samples: Tensor) -> Tensor:
        seen.append(samples.detach().clone())
        return samples.flatten(1).sum(dim=1)

    wgan_gp(watched, real, fake)
    along = ((seen[0] - fake) / (real - fake)).flatten(1).double()
    share = along.median(dim=1, keepdim=True).values
    # One weight a sample, the same for all its coordinates; division by small differences costs some digits.
    torch.testing.assert_close(along, share.expand_as(along), rtol=0, atol=1e-2)
    assert float(share.min()) >= -1e-3
    assert float(share.max()) <= 1 + 1e-3
    # Uniform on [0, 1]: the mean of 200 is within 4 standard errors, 4 · 0.289 / √200, of one half.
    assert abs(float(share.mean()) - 0.5) < 4 * 0.2887 / math.sqrt(200)
    assert float(share.std()) == pytest.approx(0.2887, rel=0.2)


@pytest.mark.parametrize("shape", [(4, 1, 2, 3), (1, 1, 2, 3), (5, 6)])
def test_wgan_gp_refuses_batches_that_make_no_pairs(
    linear_discriminator: nn.Sequential, real_batch: Tensor, shape: tuple[int, ...]
) -> None:
    with pytest.raises(GandiagError, match=r"have the shapes \(5, 1, 2, 3\) and .*; give it as many"):
        wgan_gp(linear_discriminator, real_batch, torch.zeros(shape, dtype=torch.float64))


def test_r2_is_r1_at_the_generated_samples_and_their_sum_has_one_strength(
    smooth_discriminator: nn.Sequential, real_batch: Tensor, fake_batch: Tensor
) -> None:
    expected = 0.5 * (difference_quotients(smooth_discriminator, fake_batch) ** 2).mean()
    assert r2(smooth_discriminator, fake_batch).item() == pytest.approx(expected, rel=1e-7)
    expected += 0.5 * (difference_quotients(smooth_discriminator, real_batch) ** 2).mean()
    assert r1_r2(smooth_discriminator, real_batch, fake_batch).item() == pytest.approx(expected, rel=1e-7)


def test_dragan_looks_around_the_real_samples_half_their_standard_deviation_away(
    smooth_discriminator: nn.Sequential,
) -> None:
    real, seen = 5 + 3 * torch.randn(400, 1, 2, 3, dtype=torch.float64), []

    def watched(samples: Tensor) -> Tensor:
        seen.append(samples.detach().clone())
        return smooth_discriminator(samples)

    penalty = dragan(watched, real)
    moved = (seen[0] - real).numpy()
    count = moved.size
    spread = 0.5 * float(real.std())
    assert moved.std() == pytest.approx(spread, rel=5 / math.sqrt(2 * count))  # five standard errors
    assert moved.mean() == pytest.approx(0, abs=5 * spread / math.sqrt(count))
    expected = ((difference_quotients(smooth_discriminator, seen[0]) - 1) ** 2).mean()
    assert penalty.item() == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("name", PENALTIES)
def test_the_penaltys_gradient_reaches_the_parameters_and_is_that_of_difference_quotients(
    name: str, smooth_discriminator: nn.Sequential, real_batch: Tensor, fake_batch: Tensor
) -> None:
    def penalty() -> Tensor:
        torch.manual_seed(3)
        return PENALTIES[name](smooth_discriminator, real_batch, fake_batch)

    weight = smooth_discriminator[1].weight
    (gradient,) = torch.autograd.grad(penalty(), weight)
    for row, column in [(0, 0), (7, 3), (15, 5)]:
        step = 1e-5
        values = []
        for sign in (1, -1):
            with torch.no_grad():
                weight[row, column] += sign * step
            values.append(penalty().item())
            with torch.no_grad():
                weight[row, column] -= sign * step
        quotient = (values[0] - values[1]) / (2 * step)
        assert float(gradient[row, column]) == pytest.approx(quotient, rel=1e-5, abs=1e-9)
    assert float(gradient.norm()) > 1e-3


@pytest.mark.parametrize("name", PENALTIES)
def test_no_gradient_leaks_into_the_given_samples(name: str, smooth_discriminator: nn.Sequential) -> None:
    real = torch.randn(SHAPE, dtype=torch.float64, requires_grad=True)
    fake = torch.randn(SHAPE, dtype=torch.float64, requires_grad=True)
    PENALTIES[name](smooth_discriminator, real, fake).backward()
    assert real.grad is None
    assert fake.grad is None
    assert smooth_discriminator[1].weight.grad is not None


@pytest.mark.parametrize("name", PENALTIES)
def test_lent_samples_come_back_unchanged(name: str, smooth_discriminator: nn.Sequential) -> None:
    real, fake = torch.randn(SHAPE, dtype=torch.float64), torch.randn(SHAPE, dtype=torch.float64)
    before = real.clone(), fake.clone()
    PENALTIES[name](smooth_discriminator, real, fake)
    assert not real.requires_grad
    assert not fake.requires_grad
    assert torch.equal(real, before[0])
    assert torch.equal(fake, before[1])


@pytest.mark.parametrize("name", PENALTIES)
def test_it_leaves_no_gradient_behind_before_the_backward_pass(
    name: str, smooth_discriminator: nn.Sequential, real_batch: Tensor, fake_batch: Tensor
) -> None:
    PENALTIES[name](smooth_discriminator, real_batch, fake_batch)
    assert all(parameter.grad is None for parameter in smooth_discriminator.parameters())


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_its_gradient_is_finite_where_the_input_gradient_is_exactly_zero(name: str, dtype: torch.dtype) -> None:
    discriminator = nn.Linear(3, 1).to(dtype)
    nn.init.zeros_(discriminator.weight)
    real, fake = torch.randn(4, 3).to(dtype), torch.randn(4, 3).to(dtype)
    penalty = PENALTIES[name](discriminator, real, fake)
    penalty.backward()
    assert penalty.item() == pytest.approx(1.0 if name in ("wgan_gp", "dragan") else 0.0, abs=1e-2)
    assert bool(torch.isfinite(discriminator.weight.grad).all())


def test_r1_draws_no_random_number(smooth_discriminator: nn.Sequential, real_batch: Tensor) -> None:
    before = torch.get_rng_state()
    r1(smooth_discriminator, real_batch)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", PENALTIES)
def test_one_line_added_to_a_loss_brings_the_penalty_down(
    name: str, smooth_discriminator: nn.Sequential, real_batch: Tensor, fake_batch: Tensor
) -> None:
    with torch.no_grad():
        smooth_discriminator[3].weight.mul_(20)
    optimizer = torch.optim.Adam(smooth_discriminator.parameters(), lr=0.05)
    values = []
    for _ in range(60):
        penalty = PENALTIES[name](smooth_discriminator, real_batch, fake_batch)
        optimizer.zero_grad()
        penalty.backward()
        optimizer.step()
        values.append(penalty.item())
    assert values[-1] < 0.2 * values[0]
