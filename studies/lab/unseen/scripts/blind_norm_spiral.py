"""A spiral in 2-D. Each batch is standardised before it goes into D, real and fake by themselves; G ends in a plain layer."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim

arguments = argparse.ArgumentParser()
arguments.add_argument("--seed", type=int, default=0)
arguments.add_argument("--n_steps", type=int, default=3000)
arguments.add_argument("--lr", type=float, default=3e-3)
arguments.add_argument("--out", default="out")
arguments = arguments.parse_args()
torch.manual_seed(arguments.seed)
os.makedirs(arguments.out, exist_ok=True)


def spiral(n):
    t = 0.5 + 2.5 * torch.rand(n, 1).sqrt()
    xy = torch.cat([t * torch.cos(2 * t), t * torch.sin(2 * t)], dim=1)
    return xy + torch.randn(n, 2) * 0.08 + torch.tensor([6.0, 2.0])


def standardise(x):
    return (x - x.mean(dim=0)) / (x.std(dim=0) + 1e-5)


def net(n_in, n_out):
    return nn.Sequential(
        nn.Linear(n_in, 128), nn.LeakyReLU(0.2), nn.Linear(128, 128), nn.LeakyReLU(0.2), nn.Linear(128, n_out)
    )


netG, netD = net(4, 2), net(2, 1)
optimizerG = optim.Adam(netG.parameters(), lr=arguments.lr, betas=(0.5, 0.999))
optimizerD = optim.Adam(netD.parameters(), lr=arguments.lr, betas=(0.5, 0.999))
loss = nn.BCEWithLogitsLoss()
noise = torch.randn(1000, 4)
np.save(f"{arguments.out}/real.npy", spiral(4000).numpy())
for t in range(arguments.n_steps):
    fake = netG(torch.randn(200, 4))
    pred_real, pred_fake = netD(standardise(spiral(200))), netD(standardise(fake.detach()))
    errD = loss(pred_real, torch.ones_like(pred_real)) + loss(pred_fake, torch.zeros_like(pred_fake))
    optimizerD.zero_grad()
    errD.backward()
    optimizerD.step()
    pred = netD(standardise(fake))
    errG = loss(pred, torch.ones_like(pred))
    optimizerG.zero_grad()
    errG.backward()
    optimizerG.step()
    if t % (arguments.n_steps // 13) == 0 or t == arguments.n_steps - 1:
        print("t=%d errD=%.3f errG=%.3f" % (t, errD.item(), errG.item()))
        with torch.no_grad():
            np.save(f"{arguments.out}/gen_{t:06d}.npy", netG(noise).numpy())
