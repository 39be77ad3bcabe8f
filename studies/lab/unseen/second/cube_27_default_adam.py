"""27 Gaussians on a 3x3x3 lattice. Plain GAN with PyTorch's default Adam, noise as large as the data."""
import argparse
import os

import numpy as np
import torch
from torch import nn

ap = argparse.ArgumentParser()
ap.add_argument("--seed", type=int, default=0)
ap.add_argument("--iters", type=int, default=3600)
ap.add_argument("--out", default="out")
opt = ap.parse_args()
torch.manual_seed(opt.seed)
os.makedirs(opt.out, exist_ok=True)


def lattice(n):
    return 2.0 * torch.randint(-1, 2, (n, 3)) + 0.1 * torch.randn(n, 3)


G = nn.Sequential(nn.Linear(3, 128), nn.Tanh(), nn.Linear(128, 128), nn.Tanh(), nn.Linear(128, 3))
D = nn.Sequential(nn.Linear(3, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1), nn.Sigmoid())
optimG, optimD = torch.optim.Adam(G.parameters()), torch.optim.Adam(D.parameters())
loss = nn.BCELoss()
Z = torch.randn(1000, 3)
np.save(opt.out + "/real.npy", lattice(4000).numpy())
for it in range(opt.iters):
    z = torch.randn(128, 3)
    optimD.zero_grad()
    fake = G(z)
    dl = loss(D(lattice(128)), torch.ones(128, 1)) + loss(D(fake.detach()), torch.zeros(128, 1))
    dl.backward()
    optimD.step()
    optimG.zero_grad()
    gl = loss(D(fake), torch.ones(128, 1))
    gl.backward()
    optimG.step()
    if it % (opt.iters // 12) == 0 or it == opt.iters - 1:
        print(it, round(dl.item(), 4), round(gl.item(), 4))
        np.save(opt.out + "/gen_%06d.npy" % it, G(Z).detach().numpy())
