"""Digits 8x8: the generator is trained by feature matching alone (Salimans et al. 2016), D by BCE."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--epochs", type=int, default=80)
parser.add_argument("--out", default="out")
args = parser.parse_args()
torch.manual_seed(args.seed)
os.makedirs(args.out, exist_ok=True)


class Disc(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1), nn.LeakyReLU(0.2), nn.Conv2d(32, 48, 3, stride=2, padding=1), nn.LeakyReLU(0.2),
            nn.Flatten(), nn.Linear(48 * 16, 96), nn.LeakyReLU(0.2),
        )
        self.classify = nn.Linear(96, 1)

    def forward(self, x, return_features=False):
        f = self.features(x)
        return (self.classify(f), f) if return_features else self.classify(f)


gen = nn.Sequential(
    nn.Linear(24, 128), nn.BatchNorm1d(128), nn.Softplus(), nn.Linear(128, 128), nn.BatchNorm1d(128), nn.Softplus(),
    nn.Linear(128, 64), nn.Tanh(), nn.Unflatten(1, (1, 8, 8)),
)
disc = Disc()
X = torch.tensor(load_digits().images[:, None], dtype=torch.float32) / 8 - 1
np.save(args.out + "/real.npy", X.numpy())
crit = nn.BCEWithLogitsLoss()
optG = torch.optim.Adam(gen.parameters(), lr=1e-3, betas=(0.5, 0.999))
optD = torch.optim.Adam(disc.parameters(), lr=3e-4, betas=(0.5, 0.999))
zz = torch.rand(1000, 24)
for epoch in range(args.epochs):
    order = torch.randperm(len(X))
    for start in range(0, 1728, 64):
        x, z = X[order[start:start + 64]], torch.rand(64, 24)
        fake = gen(z)
        optD.zero_grad()
        lossD = crit(disc(x), torch.ones(64, 1)) + crit(disc(fake.detach()), torch.zeros(64, 1))
        lossD.backward()
        optD.step()
        optG.zero_grad()
        _, f_real = disc(x, True)
        _, f_fake = disc(fake, True)
        lossG = (f_real.mean(0).detach() - f_fake.mean(0)).abs().mean()
        lossG.backward()
        optG.step()
    if epoch % (args.epochs // 13) == 0 or epoch == args.epochs - 1:
        print(f"Epoch {epoch:3d} | disc {lossD.item():.3f} | feature matching {lossG.item():.4f}")
        gen.eval()
        with torch.no_grad():
            np.save(args.out + f"/gen_{epoch:06d}.npy", gen(zz).numpy())
        gen.train()
