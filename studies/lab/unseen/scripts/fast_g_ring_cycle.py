"""8 modes on a ring, vanilla GAN, generator ten times as fast as the discriminator and a low-dimensional noise."""
import argparse
import os
from math import pi

import numpy as np
import torch
from torch import nn


def ring(n, modes=8, radius=2.0, sigma=0.02):
    angle = torch.randint(modes, (n,)) * (2 * pi / modes)
    return torch.stack((radius * torch.cos(angle), radius * torch.sin(angle)), 1) + sigma * torch.randn(n, 2)


class MLP(nn.Module):
    def __init__(self, n_in, n_out, n_hidden=128):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(n_in, n_hidden), nn.Tanh(), nn.Linear(n_hidden, n_hidden), nn.Tanh())
        self.head = nn.Linear(n_hidden, n_out)
        for m in self.modules():
            if isinstance(m, nn.Linear):
                nn.init.orthogonal_(m.weight, 0.8)
                nn.init.zeros_(m.bias)

    def forward(self, x):
        return self.head(self.body(x))


def main(seed, steps, out):
    torch.manual_seed(seed)
    os.makedirs(out, exist_ok=True)
    G, D = MLP(16, 2), MLP(2, 1)
    optim_g = torch.optim.Adam(G.parameters(), 1e-3, betas=(0.5, 0.999))
    optim_d = torch.optim.Adam(D.parameters(), 1e-4, betas=(0.5, 0.999))
    bce = nn.BCEWithLogitsLoss()
    one, zero = torch.ones(256, 1), torch.zeros(256, 1)
    zvis = torch.randn(1000, 16)
    np.save(f"{out}/real.npy", ring(4000).numpy())
    for step in range(steps):
        fake = G(torch.randn(256, 16))
        d_loss = bce(D(ring(256)), one) + bce(D(fake.detach()), zero)
        optim_d.zero_grad()
        d_loss.backward()
        optim_d.step()
        g_loss = bce(D(G(torch.randn(256, 16))), one)
        optim_g.zero_grad()
        g_loss.backward()
        optim_g.step()
        if step % (steps // 18) == 0 or step == steps - 1:
            print(f"{step}\t{d_loss.item():.3f}\t{g_loss.item():.3f}")
            with torch.no_grad():
                np.save(f"{out}/gen_{step:06d}.npy", G(zvis).numpy())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=3600)
    parser.add_argument("--out", default="out")
    main(**vars(parser.parse_args()))
