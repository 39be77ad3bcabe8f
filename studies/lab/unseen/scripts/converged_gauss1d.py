"""A 1-D Gaussian with R1 and a cosine schedule: trained until nothing moves any more."""
import argparse
import os

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn, optim

p = argparse.ArgumentParser()
p.add_argument("--seed", type=int, default=0)
p.add_argument("--steps", type=int, default=4000)
p.add_argument("--out", default="out")
a = p.parse_args()
torch.manual_seed(a.seed)
os.makedirs(a.out, exist_ok=True)

G = nn.Sequential(nn.Linear(1, 32), nn.ELU(), nn.Linear(32, 1))
D = nn.Sequential(nn.Linear(1, 64), nn.ELU(), nn.Linear(64, 64), nn.ELU(), nn.Linear(64, 1))
opt_g = optim.Adam(G.parameters(), lr=2e-3, betas=(0.0, 0.99))
opt_d = optim.Adam(D.parameters(), lr=2e-3, betas=(0.0, 0.99))
schedulers = [optim.lr_scheduler.CosineAnnealingLR(o, a.steps) for o in (opt_g, opt_d)]
z_test = torch.randn(1000, 1)
np.save(f"{a.out}/real.npy", (torch.randn(4000, 1) * 0.5 - 2).numpy())

for t in range(a.steps):
    real = (torch.randn(256, 1) * 0.5 - 2).requires_grad_()
    fake = G(torch.randn(256, 1))
    s_real = D(real)
    (grad,) = torch.autograd.grad(s_real.sum(), real, create_graph=True)
    d_loss = F.softplus(-s_real).mean() + F.softplus(D(fake.detach())).mean() + 0.5 * grad.square().mean()
    opt_d.zero_grad()
    d_loss.backward()
    opt_d.step()
    g_loss = F.softplus(-D(fake)).mean()
    opt_g.zero_grad()
    g_loss.backward()
    opt_g.step()
    for s in schedulers:
        s.step()
    if t % (a.steps // 12) == 0 or t == a.steps - 1:
        print(f"{t} d {d_loss.item():.4f} g {g_loss.item():.4f} mean {fake.mean().item():.3f} std {fake.std().item():.3f}")
        with torch.no_grad():
            np.save(f"{a.out}/gen_{t:06d}.npy", G(z_test).numpy())
