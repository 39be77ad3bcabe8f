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


class Image(nn.Module):
    """A trunk for small grey images, and heads by name."""

    def __init__(self, *heads: str) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Conv2d(1, 8, 3, 2, 1), nn.LeakyReLU(0.2), nn.Flatten())
        kinds = {"score": nn.Linear(128, 1), "turn": nn.Linear(128, 4), "image": nn.Linear(128, 64)}
        self.heads = nn.ModuleDict({name: kinds[name] for name in heads})

    def forward(self, images: Tensor) -> Tensor | tuple[Tensor, ...]:
        features = self.trunk(images)
        outputs = [head(features) for head in self.heads.values()]
        outputs = [one.view(-1, 1, 8, 8) if one.shape[1] == 64 else one for one in outputs]
        return outputs[0] if len(outputs) == 1 else tuple(outputs)


Losses = Callable[[nn.Module, Tensor, Tensor], Tensor]


def run_on_images(discriminator: nn.Module, own: Losses, generators: Callable[[nn.Module, Tensor], Tensor]):
    torch.manual_seed(1)
    generator = nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Unflatten(1, (1, 8, 8)))
    g_optimizer, d_optimizer = (torch.optim.Adam(one.parameters(), 1e-3) for one in (generator, discriminator))
    with gandiag.attach(generator, discriminator, on_alarm="ignore", every=1000) as monitor:
        for _ in range(STEPS):
            real, fake = torch.tanh(torch.randn(16, 1, 8, 8) + 1), generator(torch.randn(16, 4))
            d_optimizer.zero_grad()
            own(discriminator, real, fake.detach()).backward()
            d_optimizer.step()
            g_optimizer.zero_grad()
            generators(discriminator, fake).backward()
            g_optimizer.step()
    return monitor


def turned(images: Tensor) -> Tensor:
    return torch.cat([torch.rot90(images, quarter, (2, 3)) for quarter in range(4)])


def test_calls_for_another_head_are_no_judgements():
    """Self-supervised: a head tells by how much images were turned; what the other one says of those trains nobody."""
    turns, truth = torch.arange(4).repeat_interleave(16), []

    def own(discriminator, real, fake):
        on_real, on_fake = discriminator(real)[0], discriminator(fake)[0]
        truth.append((on_real.mean().item(), on_fake.mean().item()))
        judged = softplus(-on_real).mean() + softplus(on_fake).mean()
        return judged + cross_entropy(discriminator(turned(real))[1], turns)

    def generators(discriminator, fake):
        return softplus(-discriminator(fake)[0]).mean() + cross_entropy(discriminator(turned(fake))[1], turns)

    monitor = run_on_images(Image("score", "turn"), own, generators)
    recorded = monitor.recording.signal[["logit_real", "logit_fake"]].to_numpy()
    np.testing.assert_allclose(recorded, np.array(truth), rtol=1e-4)
    assert monitor.recording.signal[["head_gradient", "input_gradient"]].notna().all(axis=None)
    assert monitor.diagnose().wiring == ()


ENERGIES = {"squared": nn.functional.mse_loss, "absolute": nn.functional.l1_loss}


@pytest.mark.parametrize("energy", ENERGIES.values(), ids=ENERGIES)
@pytest.mark.parametrize("heads", [("image",), ("image", "turn")], ids=["reconstruction", "with a code"])
def test_a_reconstruction_is_no_logit(heads, energy):
    """Energy-based: the loop makes the judgement of it."""

    def of(discriminator, images):
        output = discriminator(images)
        return energy(output[0] if isinstance(output, tuple) else output, images)

    def own(discriminator, real, fake):
        return of(discriminator, real) + torch.relu(1 - of(discriminator, fake))

    recording = run_on_images(Image(*heads), own, of).recording
    assert recording.signal[["head_gradient", "input_gradient", "logit_real", "logit_fake"]].isna().all(axis=None)
    assert recording.signal["grad_norm"].notna().all()
    assert "reconstructs its input" in recording.meta["abstentions"]["signal.logit_real"]


LOSSES = {
    "cross entropy": (lambda logits: softplus(-logits).mean(), lambda logits: softplus(logits).mean()),
    "least squares": (lambda logits: (logits - 1).square().mean(), lambda logits: logits.square().mean()),
    "wasserstein": (lambda logits: -logits.mean(), lambda logits: logits.mean()),
}


@pytest.mark.parametrize("losses", LOSSES.values(), ids=LOSSES)
def test_a_judgement_of_each_pixel_is_no_reconstruction(losses):
    as_real, as_fake = losses

    def own(discriminator, real, fake):
        return as_real(discriminator(real)) + as_fake(discriminator(fake))

    recording = run_on_images(Image("image"), own, lambda discriminator, fake: as_real(discriminator(fake))).recording
    assert recording.signal[["head_gradient", "logit_real", "logit_fake"]].notna().all(axis=None)
