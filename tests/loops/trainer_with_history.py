from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn


@dataclass
class Config:
    seed: int = 12
    batch: int = 16
    latent: int = 6
    features: int = 5
    width: int = 28
    epochs: int = 3  # --- rounds
    steps_per_epoch: int = 8
    lr: float = 1e-3
    label_smoothing: float = 0.1


@dataclass
class History:
    d: list[float] = field(default_factory=list)
    g: list[float] = field(default_factory=list)


class Trainer:
    """Owns the networks, the optimizers and the loop."""

    def __init__(self, cfg: Config) -> None:
        torch.manual_seed(cfg.seed)
        self.cfg = cfg
        self.G = nn.Sequential(nn.Linear(cfg.latent, cfg.width), nn.Mish(), nn.Linear(cfg.width, cfg.features))
        self.D = nn.Sequential(nn.Linear(cfg.features, cfg.width), nn.Mish(), nn.Linear(cfg.width, 1))
        self.opt_g = torch.optim.RAdam(self.G.parameters(), lr=cfg.lr)
        self.opt_d = torch.optim.RAdam(self.D.parameters(), lr=cfg.lr)
        self.criterion = nn.BCEWithLogitsLoss()
        self.history = History()
        # --- attach: self.G | self.D

    def real_batch(self) -> Tensor:
        return torch.distributions.Laplace(0.0, 1.0).sample((self.cfg.batch, self.cfg.features))

    def sample(self) -> Tensor:
        return self.G(torch.randn(self.cfg.batch, self.cfg.latent))

    def _train_d(self) -> float:
        self.opt_d.zero_grad()
        real_logits = self.D(self.real_batch())
        fake_logits = self.D(self.sample().detach())
        # --- logits: real_logits | fake_logits
        target = torch.ones_like(real_logits) - self.cfg.label_smoothing
        loss = self.criterion(real_logits, target) + self.criterion(fake_logits, torch.zeros_like(fake_logits))
        loss.backward()
        self.opt_d.step()
        return loss.item()

    def _train_g(self) -> float:
        self.opt_g.zero_grad()
        fake = self.sample()
        logits = self.D(fake)
        loss = self.criterion(logits, torch.ones_like(logits))
        # --- signal: loss | fake
        loss.backward()
        self.opt_g.step()
        return loss.item()

    def fit(self) -> History:
        for epoch in range(self.cfg.epochs):
            for _ in range(self.cfg.steps_per_epoch):
                self.history.d.append(self._train_d())
                self.history.g.append(self._train_g())
            print(f"epoch {epoch}: d={self.history.d[-1]:.4f} g={self.history.g[-1]:.4f}")
        return self.history


if __name__ == "__main__":
    Trainer(Config()).fit()
