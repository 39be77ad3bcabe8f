"""A small GAN and a plain loop, as a user writes them."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from gandiag.errors import GandiagWarning


@dataclass
class PlainLoop:
    """The canonical loop: D on real and on detached fakes in two backward passes, then G through D.

    ``truth`` holds, for each optimizer step, the network's label and the gradient norms that autograd computes on its
    own, from losses built anew.
    """

    steps: int = 20
    batch_norm: bool = True
    n_critic: int = 1
    batch: int = 16
    truth: list[tuple[str, float, dict[str, float]]] = field(default_factory=list)

    def build(self) -> None:
        torch.manual_seed(7)
        norm = [nn.BatchNorm1d(24)] if self.batch_norm else []
        self.generator = nn.Sequential(nn.Linear(5, 24), *norm, nn.LeakyReLU(0.2), nn.Linear(24, 8), nn.Tanh())
        self.discriminator = nn.Sequential(nn.Linear(8, 24), nn.LeakyReLU(0.2, inplace=True), nn.Linear(24, 1))
        self.generator_optimizer = torch.optim.Adam(self.generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
        self.discriminator_optimizer = torch.optim.Adam(self.discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))

    def run(self, verify: bool = False, steps: int | None = None) -> None:
        for _ in range(self.steps if steps is None else steps):
            for _ in range(self.n_critic):
                real, noise = torch.randn(self.batch, 8), torch.randn(self.batch, 5)
                fake = self.generator(noise)
                self.discriminator_optimizer.zero_grad()
                self._loss(self.discriminator(real), 1.0).backward()
                self._loss(self.discriminator(fake.detach()), 0.0).backward()
                if verify:
                    self._verify("D", self.discriminator, self._discriminator_loss(real, fake.detach()))
                self.discriminator_optimizer.step()
            fake = self.generator(torch.randn(self.batch, 5))
            self.generator_optimizer.zero_grad()
            loss = self._loss(self.discriminator(fake), 1.0)
            if verify:
                self._verify("G", self.generator, loss)
            loss.backward()
            self.generator_optimizer.step()

    @staticmethod
    def _loss(logits: Tensor, label: float) -> Tensor:
        return cross_entropy(logits, torch.full_like(logits, label))

    def _discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        # Called without the hooks: the check must not add rows of its own.
        return self._loss(self._bare(real), 1.0) + self._loss(self._bare(fake), 0.0)

    def _bare(self, samples: Tensor) -> Tensor:
        for layer in self.discriminator:
            samples = layer(samples)
        return samples

    def _verify(self, label: str, network: nn.Module, loss: Tensor) -> None:
        named = dict(network.named_parameters())
        gradients = torch.autograd.grad(loss, list(named.values()), retain_graph=True)
        norms = {name: g.double().norm().item() for name, g in zip(named, gradients, strict=True)}
        total = sum(value**2 for value in norms.values()) ** 0.5
        self.truth.append((label, total, norms))


@pytest.fixture
def make_loop() -> Callable[..., PlainLoop]:
    def make(**options: Any) -> PlainLoop:
        loop = PlainLoop(**options)
        loop.build()
        return loop

    return make


@pytest.fixture
def quiet() -> Any:
    """Alarms are not what a test of the numbers is about."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GandiagWarning)
        yield
