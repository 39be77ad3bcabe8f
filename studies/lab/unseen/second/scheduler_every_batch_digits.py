"""Conditional DCGAN for 8x8 digits. ExponentialLR(0.98), meant per epoch, is stepped in the inner loop."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.optim.lr_scheduler import ExponentialLR

p = argparse.ArgumentParser()
p.add_argument("--seed", type=int, default=0)
p.add_argument("--epochs", type=int, default=60)
p.add_argument("--out", default="out")
p = p.parse_args()
torch.manual_seed(p.seed)
os.makedirs(p.out, exist_ok=True)
bunch = load_digits()
X, Y = torch.tensor(bunch.images, dtype=torch.float32)[:, None] / 8 - 1, torch.tensor(bunch.target)
np.save(f"{p.out}/real.npy", X.numpy())
np.save(f"{p.out}/real_labels.npy", Y.numpy())


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 10)
        self.start = nn.Sequential(nn.Linear(30, 256), nn.ReLU())
        self.conv = nn.Sequential(
            nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.BatchNorm2d(32), nn.ReLU(), nn.ConvTranspose2d(32, 1, 4, 2, 1), nn.Tanh()
        )

    def forward(self, z, y):
        return self.conv(self.start(torch.cat([z, self.embed(y)], 1)).view(-1, 64, 2, 2))


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 64)
        self.conv = nn.Sequential(
            nn.Conv2d(2, 32, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(32, 64, 4, 2, 1), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(256, 1)
        )

    def forward(self, x, y):
        return self.conv(torch.cat([x, self.embed(y).view(-1, 1, 8, 8)], 1))


G, D, bce = Generator(), Discriminator(), nn.BCEWithLogitsLoss()
optG = torch.optim.Adam(G.parameters(), lr=2e-4, betas=(0.5, 0.999))
optD = torch.optim.Adam(D.parameters(), lr=2e-4, betas=(0.5, 0.999))
schedG, schedD = ExponentialLR(optG, 0.98), ExponentialLR(optD, 0.98)
z_vis, y_vis = torch.randn(1000, 20), torch.arange(1000) % 10
np.save(f"{p.out}/gen_labels.npy", y_vis.numpy())
for epoch in range(p.epochs):
    for idx in torch.randperm(len(X)).split(64):
        x, y, b = X[idx], Y[idx], len(idx)
        z, yf = torch.randn(b, 20), torch.randint(10, (b,))
        fake = G(z, yf)
        loss_d = bce(D(x, y), torch.ones(b, 1)) + bce(D(fake.detach(), yf), torch.zeros(b, 1))
        optD.zero_grad()
        loss_d.backward()
        optD.step()
        loss_g = bce(D(fake, yf), torch.ones(b, 1))
        optG.zero_grad()
        loss_g.backward()
        optG.step()
        schedG.step()
        schedD.step()
    if epoch % 5 == 0 or epoch == p.epochs - 1:
        print(f"epoch {epoch} lr {schedG.get_last_lr()[0]:.1e} loss_d {loss_d:.3f} loss_g {loss_g:.3f}")
        G.eval()
        with torch.no_grad():
            np.save(f"{p.out}/gen_{epoch:06d}.npy", G(z_vis, y_vis).numpy())
        G.train()
