"""Six blobs. The losses are written by hand with log(sigmoid(.)); no epsilon anywhere; D is given a high learning rate."""
import argparse
import os

import numpy as np
import torch
from sklearn.datasets import make_blobs


def linear(i, o):
    w = torch.randn(i, o) * (2 / i) ** 0.5
    return [w.requires_grad_(), torch.zeros(o, requires_grad=True)]


class HandNet(torch.nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.p = torch.nn.ParameterList([t for i, o in zip(sizes, sizes[1:]) for t in linear(i, o)])

    def forward(self, x):
        for k in range(0, len(self.p), 2):
            x = x @ self.p[k] + self.p[k + 1]
            if k + 2 < len(self.p):
                x = torch.relu(x)
        return x


args = argparse.ArgumentParser()
args.add_argument("--seed", type=int, default=0)
args.add_argument("--steps", type=int, default=3000)
args.add_argument("--out", default="out")
args = args.parse_args()
torch.manual_seed(args.seed)
os.makedirs(args.out, exist_ok=True)
X = torch.tensor(make_blobs(4000, 2, centers=6, cluster_std=0.6, random_state=args.seed + 3)[0], dtype=torch.float32)
np.save(f"{args.out}/real.npy", X.numpy())
g, d = HandNet([8, 64, 64, 2]), HandNet([2, 64, 64, 1])
g_opt = torch.optim.Adam(g.parameters(), 1e-3)
d_opt = torch.optim.Adam(d.parameters(), 2e-3)
z_fix = torch.randn(1000, 8)
for t in range(args.steps):
    x, z = X[torch.randint(4000, (100,))], torch.randn(100, 8)
    d_loss = -torch.log(torch.sigmoid(d(x))).mean() - torch.log(1 - torch.sigmoid(d(g(z).detach()))).mean()
    d_opt.zero_grad()
    d_loss.backward()
    d_opt.step()
    g_loss = -torch.log(torch.sigmoid(d(g(z)))).mean()
    g_opt.zero_grad()
    g_loss.backward()
    g_opt.step()
    if t % (args.steps // 12) == 0 or t == args.steps - 1:
        print(t, d_loss.item(), g_loss.item())
        np.save(f"{args.out}/gen_{t:06d}.npy", g(z_fix).detach().numpy())
