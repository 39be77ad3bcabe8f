# 1-D: skewed 'wages' with a bump of part-timers. Learning rates deliberately small: slow but sure.
import argparse
import os

import numpy as np
import torch
from torch import nn

P = argparse.ArgumentParser()
P.add_argument("--seed", type=int, default=0)
P.add_argument("--out", default="out")
P.add_argument("--n", type=int, default=6000)
P = P.parse_args()

torch.manual_seed(P.seed)
os.makedirs(P.out, exist_ok=True)


def sample_real(n):
    full = torch.exp(0.4 * torch.randn(n, 1) + 1)
    return torch.where(torch.rand(n, 1) < 0.2, 0.8 + 0.2 * torch.randn(n, 1), full)


def sample_noise(n):
    return torch.rand(n, 6) * 2 - 1


generator = nn.Sequential(nn.Linear(6, 128), nn.LeakyReLU(0.2), nn.Linear(128, 128), nn.LeakyReLU(0.2), nn.Linear(128, 1))
discriminator = nn.Sequential(nn.Linear(1, 128), nn.LeakyReLU(0.2), nn.Linear(128, 128), nn.LeakyReLU(0.2), nn.Linear(128, 1))
loss = nn.BCEWithLogitsLoss()
g_optimizer = torch.optim.Adam(generator.parameters(), lr=5e-5, betas=(0.5, 0.999))
d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=1e-4, betas=(0.5, 0.999))
fixed_noise = sample_noise(1000)
np.save(os.path.join(P.out, "real.npy"), sample_real(4000).numpy())

for i in range(P.n):
    d_optimizer.zero_grad()
    real_out = discriminator(sample_real(128))
    fake_out = discriminator(generator(sample_noise(128)).detach())
    d = loss(real_out, torch.ones_like(real_out)) + loss(fake_out, torch.zeros_like(fake_out))
    d.backward()
    d_optimizer.step()

    g_optimizer.zero_grad()
    out = discriminator(generator(sample_noise(128)))
    g = loss(out, torch.ones_like(out))
    g.backward()
    g_optimizer.step()

    if i % (P.n // 12) == 0 or i == P.n - 1:
        print(f"{i}: d={d.item():.3f} g={g.item():.3f}")
        with torch.no_grad():
            np.save(os.path.join(P.out, f"gen_{i:06d}.npy"), generator(fixed_noise).numpy())
