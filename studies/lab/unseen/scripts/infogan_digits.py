"""InfoGAN-like: a categorical code of ten, recovered by a head on the discriminator's trunk. 8x8 digits."""
import argparse
import itertools
import os

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

ap = argparse.ArgumentParser()
ap.add_argument("--seed", type=int, default=0)
ap.add_argument("--steps", type=int, default=3000)
ap.add_argument("--lam", type=float, default=0.3)
ap.add_argument("--out", default="out")
args = ap.parse_args()
torch.manual_seed(args.seed)
os.makedirs(args.out, exist_ok=True)
x_train = torch.tensor(load_digits().data / 16, dtype=torch.float32)
np.save(f"{args.out}/real.npy", x_train.numpy().reshape(-1, 1, 8, 8))


class Trunk(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(64, 128), nn.LeakyReLU(0.1), nn.Linear(128, 128), nn.LeakyReLU(0.1))
        self.score, self.code = nn.Linear(128, 1), nn.Linear(128, 10)

    def forward(self, x):
        h = self.f(x)
        return self.score(h), self.code(h)


def latent(n):
    c = torch.randint(10, (n,))
    return torch.cat([torch.randn(n, 20), nn.functional.one_hot(c, 10).float()], 1), c


gen = nn.Sequential(
    nn.Linear(30, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Linear(128, 128), nn.BatchNorm1d(128), nn.ReLU(),
    nn.Linear(128, 64), nn.Sigmoid(),
)
disc = Trunk()
opt_g = torch.optim.Adam(itertools.chain(gen.parameters(), disc.code.parameters()), 1e-3, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(itertools.chain(disc.f.parameters(), disc.score.parameters()), 2e-4, betas=(0.5, 0.999))
bce, ce = nn.BCEWithLogitsLoss(), nn.CrossEntropyLoss()
z_keep, _ = latent(1000)
for i in range(args.steps):
    real = x_train[torch.randint(len(x_train), (64,))]
    z, c = latent(64)
    fake = gen(z)
    opt_d.zero_grad()
    loss_d = bce(disc(real)[0], torch.full((64, 1), 0.9)) + bce(disc(fake.detach())[0], torch.zeros(64, 1))
    loss_d.backward()
    opt_d.step()
    opt_g.zero_grad()
    score, code = disc(fake)
    info = ce(code, c)
    loss_g = bce(score, torch.ones(64, 1)) + args.lam * info
    loss_g.backward()
    opt_g.step()
    if i % (args.steps // 12) == 0 or i == args.steps - 1:
        print(f"{i} D {loss_d.item():.3f} G {loss_g.item():.3f} info {info.item():.3f}")
        with torch.no_grad():
            np.save(f"{args.out}/gen_{i:06d}.npy", gen(z_keep).numpy().reshape(-1, 1, 8, 8))
