"""Decayed and clipped weights, smoothed labels, LeCam, consensus and unrolling, against closed forms."""

import math
from collections.abc import Callable
from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.nn.utils.parametrizations import spectral_norm
from torch.optim import SGD, Adam, AdamW, Optimizer

from gandiag import regularizers
from gandiag.errors import GandiagError
from gandiag.losses import LOSSES
from gandiag.regularizers import LeCam, clip_weights, consensus, label_smoothing, unrolled, weight_decay


def test_clipping_keeps_every_parameter_within_the_limit_and_leaves_small_ones() -> None:
    network = nn.Linear(3, 1)
    with torch.no_grad():
        network.weight.copy_(torch.tensor([[0.5, -0.5, 0.005]]))
        network.bias.fill_(-3.0)
    clip_weights(network, 0.01)
    torch.testing.assert_close(network.weight.detach(), torch.tensor([[0.01, -0.01, 0.005]]))
    assert network.bias.item() == pytest.approx(-0.01)


def test_the_list_of_regularizers_has_a_line_for_every_public_name() -> None:
    public = {name for name, part in vars(regularizers).items() if callable(part)}
    assert len(public) == 20
    # The slope at the inputs is what penalties are made of, and the layer is within with_minibatch_std.
    assert all(f"{name}(" in regularizers.__doc__ for name in public - {"input_gradient", "MinibatchStd"})


def test_weight_decay_is_half_the_squared_norm_of_what_is_trained_with_the_parameters_as_its_slope() -> None:
    network = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1)).double()
    network[0].bias.requires_grad_(False)
    trained = [p for p in network.parameters() if p.requires_grad]
    penalty = weight_decay(network)
    values = np.concatenate([p.detach().numpy().ravel() for p in trained])
    assert penalty.item() == pytest.approx(0.5 * values @ values, rel=1e-12)
    assert all(map(torch.equal, torch.autograd.grad(penalty, trained), trained))


@pytest.mark.parametrize("kind", [Adam, SGD])
def test_weight_decay_in_the_loss_is_that_of_the_optimizer(kind: type[Optimizer]) -> None:
    by_loss = nn.Linear(3, 1).double()
    by_optimizer = deepcopy(by_loss)
    samples = torch.randn(5, 3, dtype=torch.float64)
    for network, in_loss, decay in ((by_loss, 0.3, 0.0), (by_optimizer, 0.0, 0.3)):
        optimizer = kind(network.parameters(), lr=0.1, weight_decay=decay)
        for _ in range(3):
            optimizer.zero_grad()
            (network(samples).square().mean() + in_loss * weight_decay(network)).backward()
            optimizer.step()
    torch.testing.assert_close(by_loss.weight, by_optimizer.weight, rtol=1e-10, atol=1e-12)


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


def test_a_parameter_that_takes_no_part_counts_as_nothing_in_consensus() -> None:
    generator, discriminator = Scalar(0.7), Scalar(-0.4)
    generator.register_parameter("unused", nn.Parameter(torch.ones(3)))
    value = discriminator(generator(torch.ones(1, dtype=torch.float64))).sum()
    assert consensus(-value, value, generator, discriminator).item() == pytest.approx((0.7**2 + 0.4**2) / 2)


@pytest.mark.parametrize("frozen", [True, False])
def test_consensus_of_samples_that_were_detached_or_of_a_frozen_player_is_refused(frozen: bool) -> None:
    generator, discriminator = Scalar(0.7), Scalar(-0.4)
    fake = generator(torch.ones(1, dtype=torch.float64))
    value = discriminator(fake if frozen else fake.detach()).sum()
    generator.requires_grad_(not frozen)
    with pytest.raises(GandiagError, match="depends on none of the generator's parameters; compute it from samples"):
        consensus(-value, value, generator, discriminator)


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
    optimizer = Adam(critic.parameters(), lr=0.05, betas=(0.5, 0.99), weight_decay=decay)
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


def by_groups(kind: type[Optimizer], **settings: object) -> Callable[[nn.Module], Optimizer]:
    """Every second parameter in a group of its own."""

    def build(critic: nn.Module) -> Optimizer:
        parameters = list(critic.parameters())
        return kind([{"params": parameters[::2]}, {"params": parameters[1::2], "lr": 0.01, **settings}], lr=0.05)

    return build


OPTIMIZERS: dict[str, Callable[[nn.Module], Optimizer]] = {
    "Adam": lambda critic: Adam(critic.parameters(), lr=0.05, betas=(0.5, 0.99)),
    "AMSGrad": lambda critic: Adam(critic.parameters(), lr=0.05, amsgrad=True),
    "AdamW": lambda critic: AdamW(critic.parameters(), lr=0.05, betas=(0.5, 0.99), weight_decay=0.5),
    "SGD": lambda critic: SGD(critic.parameters(), lr=0.3),
    "SGD with momentum": lambda critic: SGD(critic.parameters(), lr=0.3, momentum=0.9, dampening=0.2, weight_decay=0.1),
    "Nesterov": lambda critic: SGD(critic.parameters(), lr=0.3, momentum=0.9, nesterov=True),
    "ascent": lambda critic: SGD(critic.parameters(), lr=0.03, maximize=True),
    "Adam's ascent": lambda critic: Adam(critic.parameters(), lr=0.03, maximize=True),
    "Adam, two groups": by_groups(Adam, betas=(0.0, 0.9), eps=1e-3, weight_decay=0.2),
    "AdamW, two groups": by_groups(AdamW, betas=(0.0, 0.9), weight_decay=0.0),
    "SGD, two groups": by_groups(SGD, momentum=0.9, weight_decay=0.2),
}


def really_step(
    critic: nn.Module, optimizer: Optimizer, real: torch.Tensor, fake: torch.Tensor, steps: int
) -> nn.Module:
    """The reference: torch's own optimizer at work."""
    for _ in range(steps):
        optimizer.zero_grad()
        LOSSES["non_saturating"].discriminator(critic(real), critic(fake.detach())).backward()
        optimizer.step()
    return critic


@pytest.mark.parametrize("taken", [0, 4])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_looking_ahead_is_what_a_copy_of_the_discriminator_does_with_its_optimizer(name: str, taken: int) -> None:
    """From its first step on, or from the fifth."""
    critic = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1)).double()
    optimizer = OPTIMIZERS[name](critic)
    real, fake = torch.randn(2, 6, 2, dtype=torch.float64)
    fake.requires_grad_()
    really_step(critic, optimizer, real, fake, taken)
    before = deepcopy((critic.state_dict(), optimizer.state_dict()))
    copied = deepcopy((critic, optimizer))
    logits = unrolled(critic, LOSSES["non_saturating"].discriminator, real, fake, 3, optimizer)(fake)
    assert str(before) == str((critic.state_dict(), optimizer.state_dict()))
    expected = really_step(*copied, real, fake, 3)(fake)
    assert not torch.allclose(expected, critic(fake), rtol=1e-3, atol=0)
    torch.testing.assert_close(logits, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(
    "middle", [nn.BatchNorm1d(8), spectral_norm(nn.Linear(8, 8))], ids=["batch norm", "spectral norm"]
)
def test_looking_ahead_moves_no_buffer_of_the_discriminator_but_those_of_the_one_ahead(middle: nn.Module) -> None:
    critic = nn.Sequential(nn.Linear(2, 8), deepcopy(middle), nn.Tanh(), nn.Linear(8, 1)).double()
    real, fake = torch.randn(2, 6, 2, dtype=torch.float64)
    optimizer = Adam(critic.parameters(), lr=0.05)
    really_step(critic, optimizer, real, fake, 2)
    before, copied = deepcopy(critic.state_dict()), deepcopy((critic, optimizer))
    fake.requires_grad_()
    answer = unrolled(critic, LOSSES["non_saturating"].discriminator, real, fake, 3, optimizer)
    stepped = really_step(*copied, real, fake, 3)
    for _ in range(2):  # the second call too is of the one ahead
        torch.testing.assert_close(answer(fake), stepped(fake), rtol=1e-6, atol=1e-8)
    answer(fake).sum().backward(inputs=[fake])
    assert len(list(critic.buffers())) > 0
    assert all(torch.equal(value, before[name]) for name, value in critic.state_dict().items())


@pytest.mark.parametrize("kind", [Adam, AdamW, SGD])
def test_what_the_optimizer_does_not_hold_and_what_has_no_gradient_stays_as_in_a_real_step(
    kind: type[Optimizer],
) -> None:
    critic = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1)).double()
    critic.register_parameter("unused", nn.Parameter(torch.ones(3, dtype=torch.float64)))
    optimizer = kind([critic.unused, *critic[2].parameters()], lr=0.1, weight_decay=0.1)
    real, fake = torch.randn(2, 6, 2, dtype=torch.float64)
    logits = unrolled(critic, LOSSES["non_saturating"].discriminator, real, fake, 3, optimizer)(fake)
    torch.testing.assert_close(logits, really_step(critic, optimizer, real, fake, 3)(fake), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", ["Adam", "AMSGrad", "AdamW", "SGD with momentum"])
def test_looking_ahead_carries_the_slope_through_the_steps_and_past_units_that_are_silent(name: str) -> None:
    critic = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 1)).double()
    with torch.no_grad():
        critic[2].bias[0] = -100.0  # silent: its gradients are 0 throughout
    optimizer = OPTIMIZERS[name](critic)
    real = torch.randn(6, 2, dtype=torch.float64)

    def answered(samples: torch.Tensor) -> torch.Tensor:
        return unrolled(critic, LOSSES["non_saturating"].discriminator, real, samples, 2, optimizer)(samples)

    fake = torch.randn(6, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(answered, (fake,), eps=1e-6, atol=1e-4)


class AdamOfOnesOwn(Adam):
    """May step in any way."""


@pytest.mark.parametrize(
    ("give", "sentence"),
    [
        (
            lambda critic: torch.optim.RMSprop(critic.parameters()),
            "SGD or plain gradient descent, not of RMSprop; give",
        ),
        (lambda critic: AdamOfOnesOwn(critic.parameters()), "not of AdamOfOnesOwn; give"),
        (lambda critic: "0.1", "not of str; give"),
        (lambda critic: Adam(nn.Linear(2, 1).parameters()), "steps none of the discriminator's parameters"),
        (lambda critic: Adam(critic.requires_grad_(False).parameters()), "look ahead before freezing it"),
    ],
    ids=["RMSprop", "a subclass", "text", "the other player's", "frozen"],
)
def test_what_cannot_be_looked_ahead_with_is_one_sentence(
    give: Callable[[nn.Module], Optimizer], sentence: str
) -> None:
    critic = nn.Linear(2, 1)
    optimizer = give(critic)
    with pytest.raises(GandiagError, match=sentence) as refusal:
        unrolled(critic, LOSSES["hinge"].discriminator, torch.randn(4, 2), torch.randn(4, 2), 1, optimizer)
    assert "\n" not in str(refusal.value)


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
