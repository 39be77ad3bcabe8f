"""Keras-like GAN class, Adam with default betas and lr 0.02 for both."""
import argparse
import os

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn


class SimpleGAN(nn.Module):
    def __init__(self, n_features, n_noise=32, width=128):
        super().__init__()
        self.n_noise = n_noise
        self.generator = nn.Sequential(
            nn.Linear(n_noise, width), nn.BatchNorm1d(width), nn.ReLU(),
            nn.Linear(width, width), nn.BatchNorm1d(width), nn.ReLU(),
            nn.Linear(width, n_features), nn.Tanh(),
        )
        self.discriminator = nn.Sequential(
            nn.Linear(n_features, width), nn.LeakyReLU(0.2), nn.Linear(width, width), nn.LeakyReLU(0.2),
            nn.Linear(width, 1),
        )

    def compile(self, lr):
        self.g_optimizer = torch.optim.Adam(self.generator.parameters(), lr=lr)
        self.d_optimizer = torch.optim.Adam(self.discriminator.parameters(), lr=lr)
        self.loss = nn.BCEWithLogitsLoss()

    def train_on_batch(self, real):
        n = len(real)
        fake = self.generator(torch.randn(n, self.n_noise)).detach()
        x = torch.cat([real, fake])
        y = torch.cat([torch.ones(n, 1), torch.zeros(n, 1)])
        self.d_optimizer.zero_grad()
        d_loss = self.loss(self.discriminator(x), y)
        d_loss.backward()
        self.d_optimizer.step()
        self.g_optimizer.zero_grad()
        g_loss = self.loss(self.discriminator(self.generator(torch.randn(n, self.n_noise))), torch.ones(n, 1))
        g_loss.backward()
        self.g_optimizer.step()
        return d_loss.item(), g_loss.item()


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--steps", type=int, default=2500)
    ap.add_argument("--lr", type=float, default=0.02)
    ap.add_argument("--out", default="out")
    a = ap.parse_args()
    torch.manual_seed(a.seed)
    os.makedirs(a.out, exist_ok=True)
    x = torch.tensor(load_digits().data, dtype=torch.float32) / 8 - 1
    np.save(f"{a.out}/real.npy", x.numpy().reshape(-1, 1, 8, 8))
    gan = SimpleGAN(64)
    gan.compile(a.lr)
    z = torch.randn(1000, 32)
    for step in range(a.steps):
        d, g = gan.train_on_batch(x[torch.randint(len(x), (64,))])
        if step % (a.steps // 12) == 0 or step == a.steps - 1:
            print(step, f"d_loss={d:.4f} g_loss={g:.4f}")
            with torch.no_grad():
                np.save(f"{a.out}/gen_{step:06d}.npy", gan.generator(z).numpy().reshape(-1, 1, 8, 8))


main()
