"""Of an unrolled discriminator, the judgement that the generator's loss was computed from is recorded."""

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

import gandiag
from gandiag.regularizers import unrolled

STEPS, LOOKS_AHEAD = 6, 3
RATE = 0.5


class Loop:
    """A small GAN; ``truth`` holds what autograd says of each generator step."""

    def __init__(self) -> None:
        torch.manual_seed(2)
        self.generator = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 4))
        self.discriminator = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
        self.g_optimizer = torch.optim.SGD(self.generator.parameters(), lr=0.05)
        self.d_optimizer = torch.optim.SGD(self.discriminator.parameters(), lr=RATE)
        self.last_on_real: Tensor | None = None
        self.truth: list[dict[str, float]] = []

    def loss(self, real: Tensor, fake: Tensor) -> Tensor:
        self.last_on_real = real.detach()
        return (softplus(-real) + softplus(fake)).mean()

    def discriminator_step(self, detach: bool = True) -> None:
        real, fake = torch.randn(16, 4) + 1, self.generator(torch.randn(16, 3))
        self.d_optimizer.zero_grad()
        on_real, on_fake = self.discriminator(real), self.discriminator(fake.detach() if detach else fake)
        self.loss(on_real, on_fake).backward()
        self.d_optimizer.step()

    def generator_step(self, fake: Tensor, logits: Tensor) -> None:
        loss = softplus(-logits).mean()
        (gradient,) = torch.autograd.grad(loss, fake, retain_graph=True)
        head = 1 - logits.detach().sigmoid()
        self.truth.append(
            {
                "head_gradient": head.mean().item(),
                "input_gradient": (16 * gradient.norm(dim=1) / head[:, 0]).median().item(),
                "logit_real": self.last_on_real.mean().item(),
                "logit_fake": logits.mean().item(),
            }
        )
        self.g_optimizer.zero_grad()
        loss.backward()
        self.g_optimizer.step()


def by_function(loop: Loop) -> None:
    """As Metz et al. have it: the steps ahead are part of the generator's graph."""
    fake, real = loop.generator(torch.randn(16, 3)), torch.randn(16, 4) + 1
    answer = unrolled(loop.discriminator, loop.loss, real, fake, LOOKS_AHEAD, RATE)
    loop.generator_step(fake, answer(fake))


def by_restoring(loop: Loop, detach: bool = True) -> None:
    """The discriminator really steps, and is set back after the generator's step."""
    before = copy.deepcopy(loop.discriminator.state_dict())
    for _ in range(LOOKS_AHEAD):
        loop.discriminator_step(detach)
    fake = loop.generator(torch.randn(16, 3))
    loop.generator_step(fake, loop.discriminator(fake))
    loop.discriminator.load_state_dict(before)


def by_restoring_a_loss_that_is_not_detached(loop: Loop) -> None:
    by_restoring(loop, detach=False)


def by_steps_of_ones_own(loop: Loop) -> None:
    """Without an optimizer, and set back before the generator steps."""
    fake, parameters = loop.generator(torch.randn(16, 3)), list(loop.discriminator.parameters())
    before = [parameter.detach().clone() for parameter in parameters]
    for _ in range(LOOKS_AHEAD):
        real = torch.randn(16, 4) + 1
        objective = loop.loss(loop.discriminator(real), loop.discriminator(fake.detach()))
        for parameter, gradient in zip(parameters, torch.autograd.grad(objective, parameters), strict=True):
            parameter.data -= RATE * gradient
    loop.generator_step(fake, loop.discriminator(fake))
    for parameter, value in zip(parameters, before, strict=True):
        parameter.data.copy_(value)


WAYS = [by_function, by_restoring, by_restoring_a_loss_that_is_not_detached, by_steps_of_ones_own]


@pytest.mark.parametrize("own_steps", [1, 2])
@pytest.mark.parametrize("step_ahead", WAYS)
def test_the_last_judgement_is_recorded(step_ahead: Callable[[Loop], None], own_steps: int) -> None:
    loop = Loop()
    with gandiag.attach(loop.generator, loop.discriminator, on_alarm="ignore", every=1000) as monitor:
        for _ in range(STEPS):
            for _ in range(own_steps):
                loop.discriminator_step()
            step_ahead(loop)
    recorded = monitor.recording.signal
    assert len(recorded) == STEPS
    known = slice(0 if step_ahead is by_function else 1, None)  # that it is set back shows in the second iteration
    for name in loop.truth[0]:
        expected = [truth[name] for truth in loop.truth]
        np.testing.assert_allclose(recorded[name][known], expected[known], rtol=1e-4, err_msg=name)


def test_several_critic_steps_and_clipping_are_no_looking_ahead():
    loop = Loop()
    truth = []
    with gandiag.attach(loop.generator, loop.discriminator, on_alarm="ignore", every=1000) as monitor:
        for _ in range(STEPS):
            for _ in range(3):
                with torch.no_grad():
                    for parameter in loop.discriminator.parameters():
                        parameter.clamp_(-0.3, 0.3)
                loop.discriminator_step()
            truth.append(loop.last_on_real.mean().item())
            fake = loop.generator(torch.randn(16, 3))
            loop.discriminator(torch.randn(16, 4))  # a look at real samples that no loss comes from
            loop.generator_step(fake, loop.discriminator(fake))
    np.testing.assert_allclose(monitor.recording.signal["logit_real"], truth, rtol=1e-5)


def test_a_layer_that_clipping_brings_back_is_no_looking_ahead():
    loop = Loop()
    truth = []
    with gandiag.attach(loop.generator, loop.discriminator, on_alarm="ignore", every=1000) as monitor:
        for _ in range(STEPS):
            with torch.no_grad():
                for parameter in loop.discriminator[2].parameters():
                    parameter.copy_(parameter.sign())
            loop.discriminator_step()
            truth.append(loop.last_on_real.mean().item())
            fake = loop.generator(torch.randn(16, 3))
            loop.discriminator(torch.randn(16, 4))
            loop.generator_step(fake, loop.discriminator(fake))
    np.testing.assert_allclose(monitor.recording.signal["logit_real"], truth, rtol=1e-5)
