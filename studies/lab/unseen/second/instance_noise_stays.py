"""Two-armed galaxy in 2-D. Instance noise on D's inputs against an overconfident D; it was to be annealed, but is not."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn


class Galaxy(torch.utils.data.Dataset):
    def __init__(self, n=6400):
        t = torch.rand(n) ** 0.5 * 3.5
        arm = torch.randint(0, 2, (n,)) * np.pi
        self.points = torch.stack([t * torch.cos(1.3 * t + arm), t * torch.sin(1.3 * t + arm)], 1) + 0.07 * torch.randn(n, 2)

    def __len__(self):
        return len(self.points)

    def __getitem__(self, i):
        return self.points[i]


class Noisy(nn.Module):
    def __init__(self, sigma):
        super().__init__()
        self.sigma = sigma

    def forward(self, x):
        return x + self.sigma * torch.randn_like(x) if self.training else x


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--epochs", type=int, default=60)
    ap.add_argument("--sigma", type=float, default=2.0)
    ap.add_argument("--out", default="out")
    a = ap.parse_args()
    torch.manual_seed(a.seed)
    os.makedirs(a.out, exist_ok=True)
    galaxy = Galaxy()
    np.save(a.out + "/real.npy", galaxy.points.numpy())
    loader = torch.utils.data.DataLoader(galaxy, batch_size=128, shuffle=True)
    G = nn.Sequential(nn.Linear(3, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 2))
    D = nn.Sequential(Noisy(a.sigma), nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 1), nn.Sigmoid())
    optim_G = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999))
    optim_D = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.999))
    z_track, loss = torch.randn(1000, 3), nn.BCELoss()
    for epoch in range(a.epochs):
        for x in loader:
            n = len(x)
            g = G(torch.randn(n, 3))
            lossD = loss(D(x), torch.ones(n, 1)) + loss(D(g.detach()), torch.zeros(n, 1))
            optim_D.zero_grad(); lossD.backward(); optim_D.step()
            lossG = loss(D(g), torch.ones(n, 1))
            optim_G.zero_grad(); lossG.backward(); optim_G.step()
        if epoch % 5 == 0 or epoch == a.epochs - 1:
            print(f"epoch {epoch}: {lossD.item():.3f} {lossG.item():.3f}")
            np.save(a.out + f"/gen_{epoch:06d}.npy", G(z_track).detach().numpy())


main()
