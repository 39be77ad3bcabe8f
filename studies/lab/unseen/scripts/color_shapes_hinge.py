"""Small DCGAN with hinge loss and spectral norm on 16x16 colour discs."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn
from torch.nn.utils import spectral_norm


def discs(n, seed):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:16, 0:16]
    cx, cy, r = (rng.uniform(a, b, (n, 1, 1)) for a, b in ((5, 11), (5, 11), (2, 4)))
    mask = np.clip(r + 0.5 - np.sqrt((x - cx) ** 2 + (y - cy) ** 2), 0, 1)[:, None]
    fg = np.array([[0.9, 0.2, 0.2], [0.2, 0.8, 0.3], [0.3, 0.4, 1.0]])[rng.integers(0, 3, n)][:, :, None, None]
    bg = rng.uniform(0.0, 0.2, (n, 1, 1, 1))
    return torch.tensor((mask * fg + (1 - mask) * bg) * 2 - 1, dtype=torch.float32)


def up(i, o):
    return [nn.ConvTranspose2d(i, o, 4, 2, 1, bias=False), nn.BatchNorm2d(o), nn.ReLU()]


class GAN:
    def __init__(self, seed, out):
        torch.manual_seed(seed)
        self.out, self.nz = out, 24
        os.makedirs(out, exist_ok=True)
        self.data = discs(4000, seed)
        np.save(f"{out}/real.npy", self.data[:2000].numpy())
        self.g_net = nn.Sequential(
            nn.Linear(self.nz, 48 * 16, bias=False), nn.Unflatten(1, (48, 4, 4)), nn.BatchNorm2d(48), nn.ReLU(),
            *up(48, 24), nn.ConvTranspose2d(24, 3, 4, 2, 1), nn.Tanh(),
        )
        self.d_net = nn.Sequential(
            spectral_norm(nn.Conv2d(3, 24, 4, 2, 1)), nn.LeakyReLU(0.1),
            spectral_norm(nn.Conv2d(24, 48, 4, 2, 1)), nn.LeakyReLU(0.1),
            nn.Flatten(), spectral_norm(nn.Linear(48 * 16, 1)),
        )
        self.g_opt = torch.optim.Adam(self.g_net.parameters(), 2e-4, betas=(0.5, 0.9))
        self.d_opt = torch.optim.Adam(self.d_net.parameters(), 4e-4, betas=(0.5, 0.9))
        self.preview = torch.randn(1000, self.nz)

    def train(self, iters):
        for i in range(iters):
            real = self.data[torch.randint(len(self.data), (32,))]
            fake = self.g_net(torch.randn(32, self.nz))
            d_loss = (1 - self.d_net(real)).relu().mean() + (1 + self.d_net(fake.detach())).relu().mean()
            self.d_opt.zero_grad()
            d_loss.backward()
            self.d_opt.step()
            g_loss = -self.d_net(fake).mean()
            self.g_opt.zero_grad()
            g_loss.backward()
            self.g_opt.step()
            if i % (iters // 12) == 0 or i == iters - 1:
                print(f"{i:5d} {d_loss.item():+.3f} {g_loss.item():+.3f}")
                self.g_net.eval()
                with torch.no_grad():
                    np.save(f"{self.out}/gen_{i:06d}.npy", self.g_net(self.preview).numpy())
                self.g_net.train()


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--iters", type=int, default=3000)
    ap.add_argument("--out", default="out")
    ns = ap.parse_args()
    GAN(ns.seed, ns.out).train(ns.iters)
