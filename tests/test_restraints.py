"""Clipped weights, smoothed labels, LeCam, consensus and unrolling, against closed forms."""

import math
from copy import deepcopy

import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from gandiag.losses import LOSSES
from gandiag.regularizers import LeCam, clip_weights, consensus, label_smoothing, unrolled


def test_clipping_keeps_every_parameter_within_the_limit_and_leaves_small_ones() -> None:
    network = nn.Linear(3, 1)
    with torch.no_grad():
        network.weight.copy_(torch.tensor([[0.5, -0.5, 0.005]]))
        network.bias.fill_(-3.0)
    clip_weights(network, 0.01)
    torch.testing.assert_close(network.weight.detach(), torch.tensor([[0.01, -0.01, 0.005]]))
    assert network.bias.item() == pytest.approx(-0.01)


@pytest.mark.parametrize("smoothing", [0.1, 0.3])
def test_label_smoothing_is_cross_entropy_against_the_smoothed_label(smoothing: float) -> None:
    real = torch.randn(50, 1, dtype=torch.float64)
    plain = binary_cross_entropy_with_logits(real, torch.ones_like(real))
    expected = binary_cross_entropy_with_logits(real, torch.full_like(real, 1 - smoothing))
    torch.testing.assert_close(plain + smoothing * label_smoothing(real), expected)


def test_lecam_is_the_papers_formula_with_moving_averages() -> None:
    penalty = LeCam(decay=0.9)
    first = torch.tensor([1.0, 3.0]), torch.tensor([-1.0, 0.0])
    # The first means are 2 and −0.5: ((1 + 0.5)² + (3 + 0.5)²) / 2 + ((−1 − 2)² + (0 − 2)²) / 2
    assert penalty(*first).item() == pytest.approx(7.25 + 6.5)
    second = torch.tensor([4.0]), torch.tensor([0.5])
    # 0.9 · 2 + 0.1 · 4 = 2.2 and 0.9 · −0.5 + 0.1 · 0.5 = −0.4
    assert penalty(*second).item() == pytest.approx((4 + 0.4) ** 2 + (0.5 - 2.2) ** 2)
    again = LeCam(decay=0.9)
    again.load_state_dict(penalty.state_dict())
    assert again(*second).item() == penalty(*second).item()


def test_lecams_gradient_flows_through_the_logits_alone() -> None:
    real, fake = torch.randn(4, requires_grad=True), torch.randn(4, requires_grad=True)
    penalty = LeCam()
    derivative = torch.autograd.grad(penalty(real, fake), [real, fake])
    torch.testing.assert_close(derivative[0], 2 * (real.detach() - fake.detach().mean()) / 4)
    torch.testing.assert_close(derivative[1], 2 * (fake.detach() - real.detach().mean()) / 4)


class Scalar(nn.Module):
    """x → w · x."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight, dtype=torch.float64))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return self.weight * values


def test_consensus_makes_the_bilinear_games_step_point_at_its_equilibrium() -> None:
    theta, phi = 0.7, -0.4
    generator, discriminator = Scalar(theta), Scalar(phi)
    value = discriminator(generator(torch.ones(1, dtype=torch.float64))).sum()  # L_D = φθ = −L_G
    penalty = consensus(-value, value, generator, discriminator)
    assert penalty.item() == pytest.approx((theta**2 + phi**2) / 2)
    slopes = torch.autograd.grad(penalty, [generator.weight, discriminator.weight])
    assert [slope.item() for slope in slopes] == pytest.approx([theta, phi])


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_unrolling_a_linear_critic_is_the_closed_form(steps: int) -> None:
    critic, rate = Scalar(0.3), 0.1
    real = torch.tensor([2.0], dtype=torch.float64)
    fake = torch.tensor([0.5], dtype=torch.float64, requires_grad=True)
    answer = unrolled(critic, LOSSES["wasserstein"].discriminator, real, fake, steps, rate)
    logit = answer(fake)
    # L = w (f − r), so w becomes w + k η (r − f), and the logit f · (w + k η (r − f)).
    assert logit.item() == pytest.approx(0.5 * (0.3 + steps * rate * 1.5))
    (slope,) = torch.autograd.grad(logit.sum(), fake)
    assert slope.item() == pytest.approx(0.3 + steps * rate * (2.0 - 2 * 0.5))
    assert critic.weight.item() == pytest.approx(0.3)


@pytest.mark.parametrize("taken", [0, 4])
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_unrolling_adam_is_what_adam_then_does(taken: int, decay: float) -> None:
    """From its first step on, or from the fifth; the reference is torch's own."""
    critic = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1)).double()
    optimizer = torch.optim.Adam(critic.parameters(), lr=0.05, betas=(0.5, 0.99), weight_decay=decay)
    real, fake = torch.randn(2, 6, 2, dtype=torch.float64)
    fake.requires_grad_()
    loss = LOSSES["non_saturating"]

    def step() -> None:
        optimizer.zero_grad()
        loss.discriminator(critic(real), critic(fake.detach())).backward()
        optimizer.step()

    for _ in range(taken):
        step()
    before = deepcopy(optimizer.state_dict()["state"])
    answer = unrolled(critic, loss.discriminator, real, fake, 3, optimizer)
    logits = answer(fake)
    assert str(before) == str(optimizer.state_dict()["state"])
    for _ in range(3):
        step()
    torch.testing.assert_close(logits, critic(fake), rtol=1e-6, atol=1e-8)


def test_unrolling_adam_carries_the_slope_through_its_steps_and_past_units_that_are_silent() -> None:
    critic = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 1)).double()
    with torch.no_grad():
        critic[2].bias[0] = -100.0  # silent: its gradients are 0 throughout
    optimizer = torch.optim.Adam(critic.parameters(), lr=0.05)
    real = torch.randn(6, 2, dtype=torch.float64)

    def answered(samples: torch.Tensor) -> torch.Tensor:
        return unrolled(critic, LOSSES["non_saturating"].discriminator, real, samples, 2, optimizer)(samples)

    fake = torch.randn(6, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(answered, (fake,), eps=1e-6, atol=1e-4)


def test_unrolling_changes_the_discriminator_neither_in_weights_nor_in_gradients() -> None:
    critic = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
    before = [parameter.clone() for parameter in critic.parameters()]
    fake = torch.randn(6, 2, requires_grad=True)
    loss = LOSSES["non_saturating"]
    answer = unrolled(critic, loss.discriminator, torch.randn(6, 2), fake, 5, 0.5)
    loss.generator(answer(fake)).backward(inputs=[fake])
    assert all(map(torch.equal, before, critic.parameters()))
    assert all(parameter.grad is None for parameter in critic.parameters())
    assert fake.grad is not None
    assert math.isfinite(float(fake.grad.norm()))
