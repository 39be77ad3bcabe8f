"""Pinwheel with five arms; LSGAN; the training step is a closure."""
import argparse
import os

import numpy as np
import torch


def pinwheel(n, arms=5):
    r = torch.randn(n) * 0.25 + 1
    t = torch.randn(n) * 0.08
    k = torch.randint(arms, (n,)) * (2 * np.pi / arms)
    angle = k + 0.3 * torch.exp(r) + t
    return 2 * torch.stack([r * torch.cos(angle), r * torch.sin(angle)], dim=1)


def make_step(G, D, lr, nz, bs):
    g_opt = torch.optim.Adam(G.parameters(), lr=lr, betas=(0.5, 0.9))
    d_opt = torch.optim.Adam(D.parameters(), lr=lr, betas=(0.5, 0.9))

    def step():
        x, z = pinwheel(bs), torch.randn(bs, nz)
        f = G(z)
        d_loss = 0.5 * ((D(x) - 1).square().mean() + D(f.detach()).square().mean())
        d_opt.zero_grad(); d_loss.backward(); d_opt.step()
        g_loss = 0.5 * (D(G(torch.randn(bs, nz))) - 1).square().mean()
        g_opt.zero_grad(); g_loss.backward(); g_opt.step()
        return d_loss.item(), g_loss.item()

    return step


def net(*w):
    mods = []
    for i, o in zip(w[:-2], w[1:-1]):
        mods.extend((torch.nn.Linear(i, o), torch.nn.LeakyReLU(0.1)))
    return torch.nn.Sequential(*mods, torch.nn.Linear(w[-2], w[-1]))


parser = argparse.ArgumentParser()
parser.add_argument("--seed", default=0, type=int)
parser.add_argument("--steps", default=5000, type=int)
parser.add_argument("--out", default="out")
a = parser.parse_args()
torch.manual_seed(a.seed)
os.makedirs(a.out, exist_ok=True)
np.save(a.out + "/real.npy", pinwheel(4000).numpy())
G, D = net(3, 128, 128, 128, 2), net(2, 128, 128, 128, 1)
step, z = make_step(G, D, 5e-4, 3, 200), torch.randn(1000, 3)
for i in range(a.steps):
    losses = step()
    if i % (a.steps // 12) == 0 or i + 1 == a.steps:
        print(i, *("%.4f" % v for v in losses))
        np.save(a.out + "/gen_%06d.npy" % i, G(z).detach().numpy())
