"""A helix laid into 12 dimensions; Goodfellow's Algorithm 1 to the letter (log(1 - D), k steps of D), k = 4."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--iterations", type=int, default=1800)
parser.add_argument("--k", type=int, default=4)
parser.add_argument("--out", default="out")
args = parser.parse_args()
torch.manual_seed(args.seed)
os.makedirs(args.out, exist_ok=True)

basis, _ = torch.linalg.qr(torch.randn(12, 3))


def helix(m):
    t = torch.rand(m, 1) * 4 * np.pi
    curve = torch.cat((torch.cos(t), torch.sin(t), t / 6 - 1), dim=1)
    return curve @ basis.T * 2 + 3.0


class Maxout(nn.Module):
    def __init__(self, i, o, pieces=3):
        super().__init__()
        self.lin, self.o, self.pieces = nn.Linear(i, o * pieces), o, pieces

    def forward(self, x):
        return self.lin(x).view(-1, self.o, self.pieces).max(2)[0]


G = nn.Sequential(nn.Linear(10, 80), nn.ReLU(), nn.Linear(80, 80), nn.ReLU(), nn.Linear(80, 12))
D = nn.Sequential(Maxout(12, 64), Maxout(64, 64), nn.Linear(64, 1), nn.Sigmoid())
opt_d = torch.optim.Adam(D.parameters(), lr=1e-3)
opt_g = torch.optim.Adam(G.parameters(), lr=1e-4)
np.save(f"{args.out}/real.npy", helix(4000).numpy())
z_plot = torch.rand(1000, 10) * 2 - 1
eps = 1e-8
for it in range(args.iterations):
    for _ in range(args.k):
        x, z = helix(64), torch.rand(64, 10) * 2 - 1
        value = torch.log(D(x) + eps).mean() + torch.log(1 - D(G(z).detach()) + eps).mean()
        opt_d.zero_grad()
        (-value).backward()
        opt_d.step()
    z = torch.rand(64, 10) * 2 - 1
    g_value = torch.log(1 - D(G(z)) + eps).mean()
    opt_g.zero_grad()
    g_value.backward()
    opt_g.step()
    if it % (args.iterations // 12) == 0 or it == args.iterations - 1:
        print(f"{it}\tV(D,G) = {value.item():.5f}\tlog(1-D(G(z))) = {g_value.item():.2e}")
        with torch.no_grad():
            np.save(f"{args.out}/gen_{it:06d}.npy", G(z_plot).numpy())
