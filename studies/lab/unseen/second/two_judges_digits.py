"""GMAN-like: one generator, two discriminators (one sees the image, the other its blurred half size). 8x8 digits."""
import argparse
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn


class Generator(nn.Module):
    def __init__(self, z=20):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(z, 192), nn.BatchNorm1d(192), nn.GELU(),
            nn.Linear(192, 192), nn.BatchNorm1d(192), nn.GELU(),
            nn.Linear(192, 64), nn.Sigmoid(),
        )

    def forward(self, z):
        return self.net(z).view(-1, 1, 8, 8)


class Judge(nn.Module):
    def __init__(self, pool):
        super().__init__()
        self.pool = nn.AvgPool2d(pool)
        side = 8 // pool
        self.net = nn.Sequential(
            nn.Flatten(), nn.Linear(side * side, 160), nn.LeakyReLU(0.2), nn.Dropout(0.3),
            nn.Linear(160, 80), nn.LeakyReLU(0.2), nn.Dropout(0.3), nn.Linear(80, 1),
        )

    def forward(self, x):
        return self.net(self.pool(x))


def run(seed, epochs, out):
    torch.manual_seed(seed)
    out = Path(out)
    out.mkdir(exist_ok=True, parents=True)
    x = torch.tensor(load_digits().images[:, None] / 16, dtype=torch.float32)
    np.save(out / "real.npy", x.numpy())
    G, judges = Generator(), [Judge(1), Judge(2)]
    opt_G = torch.optim.Adam(G.parameters(), 5e-4, (0.5, 0.999))
    opt_D = torch.optim.Adam(chain(*(j.parameters() for j in judges)), 5e-4, (0.5, 0.999))
    bce = nn.BCEWithLogitsLoss()
    fixed = torch.randn(1000, 20)
    for epoch in range(epochs):
        for batch in torch.randperm(len(x)).split(64):
            real, n = x[batch], len(batch)
            fake = G(torch.randn(n, 20))
            opt_D.zero_grad()
            loss_D = sum(bce(j(real), torch.full((n, 1), 0.9)) + bce(j(fake.detach()), torch.zeros(n, 1)) for j in judges)
            loss_D.backward()
            opt_D.step()
            opt_G.zero_grad()
            loss_G = sum(bce(j(fake), torch.ones(n, 1)) for j in judges) / 2
            loss_G.backward()
            opt_G.step()
        if epoch % (epochs // 12) == 0 or epoch == epochs - 1:
            print(f"epoch {epoch}: D {loss_D.item():.3f}, G {loss_G.item():.3f}")
            G.eval()
            np.save(out / f"gen_{epoch:06d}.npy", G(fixed).detach().numpy())
            G.train()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=72)
    parser.add_argument("--out", default="out")
    run(**vars(parser.parse_args()))
