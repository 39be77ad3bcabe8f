"""Eight Gaussians from a mixture of three small generators; D on radial basis functions, as in kernel methods."""
import argparse
import os

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--steps", type=int, default=3000)
parser.add_argument("--heads", type=int, default=3)
parser.add_argument("--width", type=float, default=0.4)
parser.add_argument("--out", default="out")
opt = parser.parse_args()
torch.manual_seed(opt.seed)
os.makedirs(opt.out, exist_ok=True)


def sample_ring(n):
    t = torch.randint(8, (n,)) * (torch.pi / 4)
    return 2 * torch.stack([t.cos(), t.sin()], 1) + 0.1 * torch.randn(n, 2)


class Mixture(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.mean = nn.Parameter(torch.randn(k, 2))

    def forward(self, z):
        which = (z[:, 2].sigmoid() * len(self.mean)).long()  # the third number of the noise picks the head
        return self.mean[which] + 0.1 * z[:, :2]  # the width is known


class RBF(nn.Module):
    def __init__(self, n, width):
        super().__init__()
        self.register_buffer("centres", torch.rand(n, 2) * 6 - 3)
        self.width = width

    def forward(self, x):
        return torch.exp(-torch.cdist(x, self.centres).square() / (2 * self.width**2))


G = Mixture(opt.heads)
D = nn.Sequential(RBF(300, opt.width), nn.Linear(300, 1))
adam_g = torch.optim.Adam(G.parameters(), 1e-3, betas=(0.0, 0.99))
adam_d = torch.optim.Adam(D.parameters(), 5e-3, betas=(0.0, 0.99), weight_decay=1e-3)
z = torch.randn(1000, 3)
np.save(f"{opt.out}/real.npy", sample_ring(4000).numpy())
for step in range(opt.steps):
    x, fake = sample_ring(128), G(torch.randn(128, 3))
    d_loss = bce(D(x), torch.ones(128, 1)) + bce(D(fake.detach()), torch.zeros(128, 1))
    adam_d.zero_grad()
    d_loss.backward()
    adam_d.step()
    g_loss = bce(D(fake), torch.ones(128, 1))
    adam_g.zero_grad()
    g_loss.backward()
    adam_g.step()
    if step % (opt.steps // 12) == 0 or step == opt.steps - 1:
        print(f"{step} {d_loss.item():.3f} {g_loss.item():.3f}")
        with torch.no_grad():
            np.save(f"{opt.out}/gen_{step:06d}.npy", G(z).numpy())
