"""Hinge loss, spectral normalisation; short noisy sine waves of 32 samples."""
import argparse
import math
import os

import numpy as np
import torch
import torch.nn as nn
from torch.nn.utils.parametrizations import spectral_norm as SN


def sines(n):
    t = torch.linspace(0, 1, 32)
    freq = torch.rand(n, 1) * 2 + 1
    phase = torch.rand(n, 1) * 2 * math.pi
    amp = 0.5 + 0.5 * torch.rand(n, 1)
    return amp * torch.sin(2 * math.pi * freq * t + phase) + 0.02 * torch.randn(n, 32)


class WaveGenerator(nn.Module):
    def __init__(self, nz=16):
        super().__init__()
        self.fc = nn.Linear(nz, 64 * 8)
        self.net = nn.Sequential(
            nn.BatchNorm1d(64), nn.ReLU(),
            nn.ConvTranspose1d(64, 32, 4, 2, 1), nn.BatchNorm1d(32), nn.ReLU(),
            nn.ConvTranspose1d(32, 16, 4, 2, 1), nn.ReLU(),
            nn.Conv1d(16, 1, 5, padding=2),
        )

    def forward(self, z):
        return self.net(self.fc(z).view(-1, 64, 8)).squeeze(1)


class WaveCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = SN(nn.Conv1d(1, 32, 5, 2, 2))
        self.conv2 = SN(nn.Conv1d(32, 64, 5, 2, 2))
        self.lin = SN(nn.Linear(64 * 8, 1))
        self.act = nn.LeakyReLU(0.1)

    def forward(self, x):
        h = self.act(self.conv1(x.unsqueeze(1)))
        h = self.act(self.conv2(h))
        return self.lin(h.flatten(1))


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--iters", type=int, default=3000)
    ap.add_argument("--out", default="out")
    args = ap.parse_args()
    torch.manual_seed(args.seed)
    os.makedirs(args.out, exist_ok=True)
    netG, netD = WaveGenerator(), WaveCritic()
    optG = torch.optim.Adam(netG.parameters(), lr=2e-4, betas=(0.0, 0.9))
    optD = torch.optim.Adam(netD.parameters(), lr=4e-4, betas=(0.0, 0.9))
    z0 = torch.randn(1000, 16)
    np.save(f"{args.out}/real.npy", sines(4000).numpy())
    for it in range(args.iters):
        x, z = sines(64), torch.randn(64, 16)
        dloss = torch.relu(1 - netD(x)).mean() + torch.relu(1 + netD(netG(z).detach())).mean()
        optD.zero_grad()
        dloss.backward()
        optD.step()
        gloss = -netD(netG(torch.randn(64, 16))).mean()
        optG.zero_grad()
        gloss.backward()
        optG.step()
        if it % (args.iters // 12) == 0 or it == args.iters - 1:
            print(it, f"{dloss.item():.3f}", f"{gloss.item():.3f}")
            netG.eval()
            with torch.no_grad():
                np.save(f"{args.out}/gen_{it:06d}.npy", netG(z0).numpy())
            netG.train()
