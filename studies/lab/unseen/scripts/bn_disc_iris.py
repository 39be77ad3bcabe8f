"""Iris plus its squares (8 columns). Batch normalisation in D, real and fake in separate batches, D faster than G."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_iris

arg = argparse.ArgumentParser()
arg.add_argument("--seed", type=int, default=0)
arg.add_argument("--steps", type=int, default=3000)
arg.add_argument("--out", default="out")
arg = arg.parse_args()
torch.manual_seed(arg.seed)
os.makedirs(arg.out, exist_ok=True)

m = load_iris().data
m = np.hstack([m, m**2])
m = (m - m.mean(0)) / m.std(0)
X = torch.tensor(m, dtype=torch.float32)
np.save(os.path.join(arg.out, "real.npy"), X.numpy())


def layer(a, b, bn=True):
    return [nn.Linear(a, b)] + ([nn.BatchNorm1d(b)] if bn else []) + [nn.ReLU()]


G = nn.Sequential(*layer(8, 64), *layer(64, 64), nn.Linear(64, 8))
D = nn.Sequential(*layer(8, 64), *layer(64, 64), nn.Linear(64, 1), nn.Sigmoid())
opt_G = torch.optim.Adam(G.parameters(), lr=1e-4, betas=(0.5, 0.999))
opt_D = torch.optim.Adam(D.parameters(), lr=2e-3, betas=(0.5, 0.999))
bce = nn.BCELoss()
z0 = torch.randn(1000, 8)
for it in range(arg.steps):
    x = X[torch.randint(150, (50,))]
    f = G(torch.randn(50, 8))
    opt_D.zero_grad()
    loss_real = bce(D(x), torch.ones(50, 1))
    loss_real.backward()
    loss_fake = bce(D(f.detach()), torch.zeros(50, 1))
    loss_fake.backward()
    opt_D.step()
    opt_G.zero_grad()
    loss_g = bce(D(f), torch.ones(50, 1))
    loss_g.backward()
    opt_G.step()
    if it % (arg.steps // 12) == 0 or it == arg.steps - 1:
        print(it, f"D {loss_real.item() + loss_fake.item():.3f} G {loss_g.item():.3f}")
        G.eval()
        with torch.no_grad():
            np.save(os.path.join(arg.out, f"gen_{it:06d}.npy"), G(z0).numpy())
        G.train()
