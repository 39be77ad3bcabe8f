"""A trainer object that holds the networks; gradient accumulation and clipping."""

import torch
from torch import nn


class Trainer:
    def __init__(self, accumulate=2):
        torch.manual_seed(2)
        self.G = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 6))
        self.D = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 1))
        self.opt = {
            "g": torch.optim.RMSprop(self.G.parameters(), 1e-3),
            "d": torch.optim.RMSprop(self.D.parameters(), 1e-3),
        }
        self.accumulate = accumulate

    def d_step(self):
        self.opt["d"].zero_grad()
        for _ in range(self.accumulate):
            x, z = torch.randn(8, 6), torch.randn(8, 4)
            with torch.no_grad():
                fake = self.G(z)
            on_real, on_fake = self.D(x), self.D(fake)
            loss = torch.relu(1 - on_real).mean() + torch.relu(1 + on_fake).mean()
            # --- logits: on_real | on_fake
            (loss / self.accumulate).backward()
        nn.utils.clip_grad_norm_(self.D.parameters(), 0.5)
        self.opt["d"].step()

    def g_step(self):
        self.opt["g"].zero_grad()
        for _ in range(self.accumulate):
            fake = self.G(torch.randn(8, 4))
            loss = -self.D(fake).mean() / self.accumulate
            # --- signal: loss | fake
            loss.backward()
        nn.utils.clip_grad_norm_(self.G.parameters(), 0.5)
        self.opt["g"].step()

    def fit(self, iterations):
        for _ in range(iterations):
            self.d_step()
            self.g_step()


def run():
    trainer = Trainer()
    # --- attach: trainer.G | trainer.D
    trainer.fit(20)  # --- rounds
    print("fitted", sum(p.sum().item() for p in trainer.G.parameters()))


if __name__ == "__main__":
    run()
