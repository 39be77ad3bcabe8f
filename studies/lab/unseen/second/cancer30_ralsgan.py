"""All 30 columns of the breast cancer table; relativistic average LSGAN; a hand-written training class."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import QuantileTransformer


class RaLSGAN:
    noise = 24

    def __init__(self, columns):
        self.G = nn.Sequential(
            nn.Linear(self.noise, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, columns)
        )
        self.D = nn.Sequential(
            nn.Linear(columns, 128), nn.LeakyReLU(0.2), nn.Dropout(0.1), nn.Linear(128, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1)
        )
        self.opt_G = torch.optim.Adam(self.G.parameters(), lr=3e-4, betas=(0.5, 0.9))
        self.opt_D = torch.optim.Adam(self.D.parameters(), lr=3e-4, betas=(0.5, 0.9))

    def generate(self, n=None, z=None):
        return self.G(torch.randn(n, self.noise) if z is None else z)

    @staticmethod
    def ra(first, second):
        return ((first - second.mean() - 1) ** 2).mean() + ((second - first.mean() + 1) ** 2).mean()

    def train_on_batch(self, x):
        self.opt_D.zero_grad()
        d = self.ra(self.D(x), self.D(self.generate(len(x)).detach()))
        d.backward()
        self.opt_D.step()
        self.opt_G.zero_grad()
        g = self.ra(self.D(self.generate(len(x))), self.D(x).detach())
        g.backward()
        self.opt_G.step()
        return d.item(), g.item()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=390)
    parser.add_argument("--out", default="out")
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    os.makedirs(args.out, exist_ok=True)
    table = QuantileTransformer(n_quantiles=200, output_distribution="normal", random_state=0).fit_transform(load_breast_cancer().data)
    table = torch.tensor(table.clip(-3, 3), dtype=torch.float32)
    np.save(f"{args.out}/real.npy", table.numpy())
    gan = RaLSGAN(table.shape[1])
    show = torch.randn(1000, gan.noise)
    for epoch in range(args.epochs):
        for rows in torch.randperm(len(table))[:512].split(64):
            d, g = gan.train_on_batch(table[rows])
        if epoch % (args.epochs // 13) == 0 or epoch == args.epochs - 1:
            print("epoch", epoch, "d", round(d, 3), "g", round(g, 3))
            np.save(f"{args.out}/gen_{epoch:06d}.npy", gan.generate(z=show).detach().numpy())
