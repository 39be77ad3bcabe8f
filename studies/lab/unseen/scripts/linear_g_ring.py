"""8 Gaussians; the activations of the generator were forgotten (so it is linear)."""
import argparse
import math
import os

import numpy as np
import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--steps", type=int, default=3000)
parser.add_argument("--out", default="out")
opts = parser.parse_args()
torch.manual_seed(opts.seed)
os.makedirs(opts.out, exist_ok=True)

CENTERS = torch.tensor([[math.cos(t), math.sin(t)] for t in np.arange(8) * math.pi / 4], dtype=torch.float32)


def real_batch(n):
    return CENTERS[torch.randint(8, (n,))] + torch.randn(n, 2) * 0.04


class Gen(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(2, 128), nn.Linear(128, 128), nn.Linear(128, 2)

    def forward(self, z):
        return self.fc3(self.fc2(self.fc1(z)))


class Disc(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(2, 128), nn.Linear(128, 128), nn.Linear(128, 1)

    def forward(self, x):
        return self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(x)))))


G, D = Gen(), Disc()
optimG = torch.optim.Adam(G.parameters(), lr=2e-4, betas=(0.5, 0.999))
optimD = torch.optim.Adam(D.parameters(), lr=2e-4, betas=(0.5, 0.999))
lossf = nn.BCEWithLogitsLoss()
zz = torch.randn(1000, 2)
np.save(f"{opts.out}/real.npy", real_batch(4000).numpy())
for step in range(opts.steps):
    fake = G(torch.randn(256, 2))
    d_loss = lossf(D(real_batch(256)), torch.ones(256, 1)) + lossf(D(fake.detach()), torch.zeros(256, 1))
    optimD.zero_grad()
    d_loss.backward()
    optimD.step()
    g_loss = lossf(D(fake), torch.ones(256, 1))
    optimG.zero_grad()
    g_loss.backward()
    optimG.step()
    if step % (opts.steps // 12) == 0 or step == opts.steps - 1:
        print(f"{step:05d} {d_loss.item():.4f} {g_loss.item():.4f}")
        np.save(f"{opts.out}/gen_{step:06d}.npy", G(zz).detach().numpy())
