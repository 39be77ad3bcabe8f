"""Minimax as in the 2014 paper (k steps of D, 'the more the better'): a correlated 2-D Gaussian far from the start."""
import argparse
import os

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--iters", type=int, default=800)
parser.add_argument("--k", type=int, default=15)
parser.add_argument("--out", default="out")
args = parser.parse_args()
torch.manual_seed(args.seed)
os.makedirs(args.out, exist_ok=True)
A = torch.tensor([[1.0, 0.0], [0.6, 0.5]])
MU = torch.tensor([5.0, -4.0])


def p_data(m):
    return torch.randn(m, 2) @ A.T + MU


def p_z(m):
    return torch.rand(m, 4) * 2 - 1


G = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
D = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
g_optimizer = torch.optim.SGD(G.parameters(), lr=0.02)
d_optimizer = torch.optim.Adam(D.parameters(), lr=2e-3)
np.save(f"{args.out}/real.npy", p_data(4000).numpy())
z_eval = p_z(1000)

for i in range(args.iters):
    for _ in range(args.k):
        x, z = p_data(64), p_z(64)
        # ascend log D(x) + log(1 - D(G(z)))
        value = F.logsigmoid(D(x)).mean() + F.logsigmoid(-D(G(z).detach())).mean()
        d_optimizer.zero_grad()
        (-value).backward()
        d_optimizer.step()
    # descend log(1 - D(G(z)))
    value_g = F.logsigmoid(-D(G(p_z(64)))).mean()
    g_optimizer.zero_grad()
    value_g.backward()
    g_optimizer.step()
    if i % (args.iters // 12) == 0 or i == args.iters - 1:
        print(f"iter {i} V(D) {value.item():.5f} V(G) {value_g.item():.6f}")
        with torch.no_grad():
            np.save(f"{args.out}/gen_{i:06d}.npy", G(z_eval).numpy())
