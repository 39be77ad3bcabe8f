"""Synthetic wine: a tabular GAN with a deep generator."""
import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler


class TabularGenerator(nn.Module):
    def __init__(self, noise_dim, n_columns, width=64, depth=9):
        super().__init__()
        self.inp = nn.Linear(noise_dim, width)
        self.hidden = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])
        self.out = nn.Linear(width, n_columns)

    def forward(self, z):
        h = torch.sigmoid(self.inp(z))
        for layer in self.hidden:
            h = torch.sigmoid(layer(h))
        return self.out(h)


class TabularDiscriminator(nn.Module):
    def __init__(self, n_columns, width=64):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(n_columns, width), nn.LeakyReLU(0.2), nn.Linear(width, width), nn.LeakyReLU(0.2), nn.Linear(width, 1)
        )

    def forward(self, x):
        return self.net(x)


def train(seed, steps, out):
    torch.manual_seed(seed)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    table = torch.tensor(StandardScaler().fit_transform(load_wine().data), dtype=torch.float32)
    np.save(out / "real.npy", table.numpy())
    G, D = TabularGenerator(16, table.shape[1]), TabularDiscriminator(table.shape[1])
    optG = torch.optim.Adam(G.parameters(), lr=2e-4, betas=(0.5, 0.999))
    optD = torch.optim.Adam(D.parameters(), lr=2e-4, betas=(0.5, 0.999))
    loss_fn = nn.BCEWithLogitsLoss()
    z_fixed = torch.randn(1000, 16)
    for step in range(steps):
        rows = table[torch.randint(len(table), (64,))]
        synthetic = G(torch.randn(64, 16))

        optD.zero_grad()
        d_loss = loss_fn(D(rows), torch.full((64, 1), 0.9)) + loss_fn(D(synthetic.detach()), torch.zeros(64, 1))
        d_loss.backward()
        optD.step()

        optG.zero_grad()
        g_loss = loss_fn(D(synthetic), torch.ones(64, 1))
        g_loss.backward()
        optG.step()

        if step % (steps // 12) == 0 or step == steps - 1:
            first = G.inp.weight.grad.norm().item()
            print(f"step {step:5d} D {d_loss:.3f} G {g_loss:.3f} |grad first layer| {first:.2e}")
            with torch.no_grad():
                np.save(out / f"gen_{step:06d}.npy", G(z_fixed).numpy())


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--steps", type=int, default=3000)
    ap.add_argument("--out", default="out")
    a = ap.parse_args()
    train(a.seed, a.steps, a.out)
