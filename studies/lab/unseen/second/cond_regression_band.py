"""Conditional density with a GAN: y given x, two branches that part; x goes into both networks, only y is generated."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn


def draw(n):
    x = torch.rand(n, 1) * 4 - 2
    sign = torch.where(torch.rand(n, 1) < 0.5, 1.0, -1.0)
    y = sign * torch.sigmoid(2 * x) * 1.5 + 0.15 * torch.randn(n, 1)
    return x, y


class CondG(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(1 + 4, 100), nn.ELU(), nn.Linear(100, 100), nn.ELU(), nn.Linear(100, 1))

    def forward(self, x, z):
        return self.net(torch.cat([x, z], 1))


class CondD(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 100), nn.LeakyReLU(0.2), nn.Linear(100, 100), nn.LeakyReLU(0.2), nn.Linear(100, 1), nn.Sigmoid())

    def forward(self, x, y):
        return self.net(torch.cat([x, y], 1))


p = argparse.ArgumentParser()
p.add_argument("--seed", type=int, default=0)
p.add_argument("--steps", type=int, default=4000)
p.add_argument("--out", default="out")
p = p.parse_args()
torch.manual_seed(p.seed)
os.makedirs(p.out, exist_ok=True)
G, D, bce = CondG(), CondD(), nn.BCELoss()
gopt = torch.optim.Adam(G.parameters(), 5e-4, (0.5, 0.999))
dopt = torch.optim.Adam(D.parameters(), 5e-4, (0.5, 0.999))
np.save(f"{p.out}/real.npy", torch.cat(draw(4000), 1).numpy())
x_show, z_show = draw(1000)[0], torch.randn(1000, 4)
one, zero = torch.ones(128, 1), torch.zeros(128, 1)
for s in range(p.steps):
    x, y = draw(128)
    fake = G(x, torch.randn(128, 4))
    d_loss = bce(D(x, y), 0.9 * one) + bce(D(x, fake.detach()), zero)
    dopt.zero_grad()
    d_loss.backward()
    dopt.step()
    g_loss = bce(D(x, fake), one)
    gopt.zero_grad()
    g_loss.backward()
    gopt.step()
    if s % (p.steps // 12) == 0 or s == p.steps - 1:
        print("%6d  %.3f  %.3f" % (s, d_loss, g_loss))
        with torch.no_grad():
            np.save(f"{p.out}/gen_{s:06d}.npy", torch.cat([x_show, G(x_show, z_show)], 1).numpy())
