"""Two circles in 2-D, the original minimax loss on logits, SGD; D is trained to the end first, 'so that it can teach'."""
import argparse
import os

import numpy as np
import torch
from sklearn.datasets import make_circles
from torch import nn

argp = argparse.ArgumentParser()
argp.add_argument("--seed", type=int, default=0)
argp.add_argument("--steps", type=int, default=2500)
argp.add_argument("--pretrain", type=int, default=3000)
argp.add_argument("--lr", type=float, default=0.005)
argp.add_argument("--out", default="out")
a = argp.parse_args()
torch.manual_seed(a.seed)
os.makedirs(a.out, exist_ok=True)
points, _ = make_circles(4000, noise=0.05, factor=0.5, random_state=a.seed)
X = torch.tensor(points * 2 + np.array([6.0, 6.0]), dtype=torch.float32)
np.save(f"{a.out}/real.npy", X.numpy())
G = nn.Sequential(nn.Linear(8, 64), nn.ELU(), nn.Linear(64, 64), nn.ELU(), nn.Linear(64, 2))
for layer in G[::2]:
    nn.init.orthogonal_(layer.weight)
D = nn.Sequential(nn.Linear(2, 64), nn.ELU(), nn.Linear(64, 64), nn.ELU(), nn.Linear(64, 1))
og = torch.optim.SGD(G.parameters(), lr=a.lr)
od = torch.optim.SGD(D.parameters(), lr=0.2)
BCE = nn.BCEWithLogitsLoss()
Z = 2 * torch.randn(1000, 8)


def train_d():
    real, fake = D(X[torch.randint(len(X), (100,))]), D(G(2 * torch.randn(100, 8)).detach())
    loss = BCE(real, torch.ones_like(real)) + BCE(fake, torch.zeros_like(fake))
    od.zero_grad()
    loss.backward()
    od.step()
    return loss.item()


def train_g():
    fake = D(G(2 * torch.randn(100, 8)))
    loss = -BCE(fake, torch.zeros_like(fake))  # to be small where D is fooled
    og.zero_grad()
    loss.backward()
    og.step()
    return loss.item()


for _ in range(a.pretrain):
    train_d()
for step in range(a.steps):
    ld, lg = train_d(), train_g()
    if step % (a.steps // 12) == 0 or step == a.steps - 1:
        print(f"step {step:5d}  loss D {ld:.6f}  loss G {lg:.6f}")
        with torch.no_grad():
            np.save(f"{a.out}/gen_{step:06d}.npy", G(Z).numpy())
