"""Two interlocked rings in 3-D; RMSprop. The loop has no optimizer_D.zero_grad()."""
import argparse
import math
import os

import numpy as np
import torch
import torch.nn as nn

a = argparse.ArgumentParser()
a.add_argument("--seed", type=int, default=0)
a.add_argument("--iters", type=int, default=4000)
a.add_argument("--out", default="out")
a = a.parse_args()
torch.manual_seed(a.seed)
os.makedirs(a.out, exist_ok=True)


def links(n):
    t = 2 * math.pi * torch.rand(n, 1)
    zero = torch.zeros_like(t)
    first = torch.cat([t.cos(), t.sin(), zero], 1)
    second = torch.cat([1 + t.cos(), zero, t.sin()], 1)
    return torch.where(torch.rand(n, 1) < 0.5, first, second) + 0.05 * torch.randn(n, 3)


class MLP(nn.Module):
    def __init__(self, d_in, d_out):
        super().__init__()
        self.l1, self.l2, self.l3 = nn.Linear(d_in, 96), nn.Linear(96, 96), nn.Linear(96, d_out)
        self.act = nn.PReLU()

    def forward(self, x):
        return self.l3(self.act(self.l2(self.act(self.l1(x)))))


G, D = MLP(5, 3), MLP(3, 1)
optimizer_G = torch.optim.RMSprop(G.parameters(), lr=3e-4)
optimizer_D = torch.optim.RMSprop(D.parameters(), lr=3e-4)
bce = nn.BCEWithLogitsLoss()
valid, fake_label = torch.ones(100, 1), torch.zeros(100, 1)
z_keep = torch.randn(1000, 5)
np.save(a.out + "/real.npy", links(4000).numpy())
for i in range(a.iters):
    # --- discriminator
    gen = G(torch.randn(100, 5))
    d_loss = (bce(D(links(100)), valid) + bce(D(gen.detach()), fake_label)) / 2
    d_loss.backward()
    optimizer_D.step()
    # --- generator
    optimizer_G.zero_grad()
    g_loss = bce(D(gen), valid)
    g_loss.backward()
    optimizer_G.step()
    if i % (a.iters // 12) == 0 or i == a.iters - 1:
        print(f"Iter {i}: D {d_loss.item():.4f} G {g_loss.item():.4f}")
        np.save(a.out + f"/gen_{i:06d}.npy", G(z_keep).detach().numpy())
