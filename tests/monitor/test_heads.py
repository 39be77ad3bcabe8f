"""Discriminators with several heads: what judges is watched, and what else hangs on the trunk is no player."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot, softplus

import gandiag

STEPS, CODES = 8, 4


class TwoHeads(nn.Module):
    """Score and code by one call, or the code by a method."""

    def __init__(self, both: bool) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(6, 24), nn.LeakyReLU(0.2))
        self.score, self.code = nn.Linear(24, 1), nn.Linear(24, CODES)
        self.both = both

    def forward(self, samples: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        features = self.trunk(samples)
        return (self.score(features), self.code(features)) if self.both else self.score(features)

    def recover(self, samples: Tensor) -> Tensor:
        return self.code(self.trunk(samples))


@dataclass
class InfoGAN:
    """A loop over a discriminator with a code's head; ``truth`` are the norms of what D's own optimizer applied."""

    both: bool = True
    with_generator: bool = True
    generator_first: bool = False
    truth: list[float] = field(default_factory=list)
    logits: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        torch.manual_seed(5)
        self.generator = nn.Sequential(nn.Linear(3 + CODES, 24), nn.ReLU(), nn.Linear(24, 6))
        self.discriminator = TwoHeads(self.both)
        own, head = self.generator.parameters(), self.discriminator.code.parameters()
        groups: list[Iterable[Tensor]] = [[*own, *head]] if self.with_generator else [own, head]
        self.optimizers = [torch.optim.Adam(group, 1e-3) for group in groups]
        self.own = [*self.discriminator.trunk.parameters(), *self.discriminator.score.parameters()]
        self.d_optimizer = torch.optim.Adam(self.own, 1e-3)

    def judged(self, samples: Tensor) -> tuple[Tensor, Callable[[], Tensor]]:
        output = self.discriminator(samples)
        if isinstance(output, tuple):
            return output[0], lambda: output[1]
        return output, lambda: self.discriminator.recover(samples)

    def discriminator_step(self, noise: Tensor) -> None:
        real, fake = torch.randn(16, 6) + 1, self.generator(noise).detach()
        self.d_optimizer.zero_grad()
        on_real, on_fake = self.judged(real)[0], self.judged(fake)[0]
        (softplus(-on_real).mean() + softplus(on_fake).mean()).backward()
        self.truth.append(math.sqrt(sum(float(p.grad.double().square().sum()) for p in self.own)))
        self.logits.append((on_real.mean().item(), on_fake.mean().item()))
        self.d_optimizer.step()

    def generator_step(self, noise: Tensor, codes: Tensor) -> None:
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        score, code = self.judged(self.generator(noise))
        (softplus(-score).mean() + cross_entropy(code(), codes)).backward()
        for optimizer in reversed(self.optimizers):
            optimizer.step()

    def run(self) -> gandiag.Monitor:
        with gandiag.attach(self.generator, self.discriminator, on_alarm="ignore", every=1000) as monitor:
            for _ in range(STEPS):
                codes = torch.randint(CODES, (16,))
                noise = torch.cat([torch.randn(16, 3), one_hot(codes, CODES)], 1)
                if not self.generator_first:
                    self.discriminator_step(noise)
                self.generator_step(noise, codes)
                if self.generator_first:
                    self.discriminator_step(noise)
        return monitor


@pytest.mark.parametrize("generator_first", [False, True], ids=["D first", "G first"])
@pytest.mark.parametrize("with_generator", [True, False], ids=["with G", "by itself"])
@pytest.mark.parametrize("both", [True, False], ids=["one call", "a method"])
def test_a_heads_steps_are_none_of_the_discriminator(both, with_generator, generator_first):
    loop = InfoGAN(both, with_generator, generator_first)
    recording = loop.run().recording
    np.testing.assert_allclose(recording.series("steps.grad_norm[D]"), loop.truth, rtol=1e-5)
    own = recording.steps[recording.steps["network"] == "D"]
    assert own["leaked_norm"].dropna().max() == 0
    assert recording.signal[["head_gradient", "input_gradient"]].notna().all(axis=None)
    recorded = recording.signal[["logit_real", "logit_fake"]].to_numpy()
    truth = np.array(loop.logits)
    known = slice(1, None) if generator_first else slice(None)
    np.testing.assert_allclose(recorded[known], truth[: len(recorded[known])], rtol=1e-4)


@pytest.mark.parametrize("with_generator", [True, False], ids=["with G", "by itself"])
@pytest.mark.parametrize("both", [True, False], ids=["one call", "a method"])
def test_a_head_is_no_mistake_of_the_wiring(both, with_generator):
    assert InfoGAN(both, with_generator).run().diagnose().wiring == ()


def test_a_head_that_is_not_the_discriminators_stays_so_when_it_is_frozen_for_the_generators_step():
    loop = InfoGAN()
    for parameter in loop.own:
        parameter.requires_grad_(False)
    with gandiag.attach(loop.generator, loop.discriminator, on_alarm="ignore") as monitor:
        for _ in range(3):
            loop.generator_step(torch.randn(16, 3 + CODES), torch.randint(CODES, (16,)))
            for parameter in loop.own:
                parameter.requires_grad_(True)
            loop.discriminator_step(torch.randn(16, 3 + CODES))
            for parameter in loop.own:
                parameter.requires_grad_(False)
    np.testing.assert_allclose(monitor.recording.series("steps.grad_norm[D]"), loop.truth, rtol=1e-5)
