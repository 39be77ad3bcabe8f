"""Flat MNIST, 14x14, a deep fully connected generator. weights_init from the DCGAN tutorial goes over all layers."""
import argparse
import os

import numpy as np
import torch
from torch import nn
from torchvision import datasets


def weights_init(m):
    if isinstance(m, nn.Linear):
        nn.init.normal_(m.weight.data, 0.0, 0.02)
        nn.init.constant_(m.bias.data, 0)


def deep(n_in, n_out, width, depth, act):
    layers = [nn.Linear(n_in, width), act]
    for _ in range(depth - 2):
        layers += [nn.Linear(width, width), act]
    return nn.Sequential(*layers, nn.Linear(width, n_out))


ap = argparse.ArgumentParser()
ap.add_argument("--seed", type=int, default=0)
ap.add_argument("--steps", type=int, default=2600)
ap.add_argument("--out", default="out")
a = ap.parse_args()
torch.manual_seed(a.seed)
os.makedirs(a.out, exist_ok=True)
mnist = datasets.MNIST(os.environ["GANDIAG_DATA"], train=True).data[:10000].float()
mnist = nn.functional.avg_pool2d(mnist.unsqueeze(1), 2).view(-1, 196) / 127.5 - 1
np.save(f"{a.out}/real.npy", mnist[:4000].view(-1, 1, 14, 14).numpy())

netG = nn.Sequential(deep(64, 196, 128, 8, nn.ReLU()), nn.Tanh())
netD = deep(196, 1, 128, 3, nn.LeakyReLU(0.2))
netG.apply(weights_init)
netD.apply(weights_init)
criterion = nn.BCEWithLogitsLoss()
optimizerD = torch.optim.Adam(netD.parameters(), lr=2e-4, betas=(0.5, 0.999))
optimizerG = torch.optim.Adam(netG.parameters(), lr=2e-4, betas=(0.5, 0.999))
fixed_noise = torch.randn(1000, 64)
for i in range(a.steps):
    netD.zero_grad()
    real = mnist[torch.randint(10000, (64,))]
    output = netD(real).view(-1)
    errD_real = criterion(output, torch.full((64,), 1.0))
    errD_real.backward()
    fake = netG(torch.randn(64, 64))
    errD_fake = criterion(netD(fake.detach()).view(-1), torch.full((64,), 0.0))
    errD_fake.backward()
    optimizerD.step()
    netG.zero_grad()
    errG = criterion(netD(fake).view(-1), torch.full((64,), 1.0))
    errG.backward()
    optimizerG.step()
    if i % (a.steps // 12) == 0 or i == a.steps - 1:
        first = netG[0][0].weight.grad.norm().item()
        last = netG[0][-1].weight.grad.norm().item()
        print(f"[{i}/{a.steps}] Loss_D: {errD_real.item() + errD_fake.item():.4f} Loss_G: {errG.item():.4f} grad {first:.1e} {last:.1e}")
        with torch.no_grad():
            np.save(f"{a.out}/gen_{i:06d}.npy", netG(fixed_noise).view(-1, 1, 14, 14).numpy())
