"""8x8 digits, fully connected, hinge loss: five steps of G for each of D, whose learning rate is low."""
import argparse
import os

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

cfg = argparse.ArgumentParser()
cfg.add_argument("--seed", type=int, default=0)
cfg.add_argument("--steps", type=int, default=1500)
cfg.add_argument("--g_steps", type=int, default=5)
cfg.add_argument("--g_lr", type=float, default=5e-4)
cfg.add_argument("--d_lr", type=float, default=2e-4)
cfg.add_argument("--saves", type=int, default=16)
cfg.add_argument("--out", default="out")
cfg = cfg.parse_args()
torch.manual_seed(cfg.seed)
os.makedirs(cfg.out, exist_ok=True)
digits = torch.from_numpy(load_digits().data.astype("float32")) / 8 - 1
np.save(f"{cfg.out}/real.npy", digits.numpy().reshape(-1, 1, 8, 8))


def mlp(sizes, act, last=None):
    layers = []
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Linear(a, b), act]
    layers = layers[:-1]
    return nn.Sequential(*layers, *([last] if last else []))


generator = mlp([16, 128, 128, 64], nn.ReLU(), nn.Tanh())
discriminator = mlp([64, 128, 64, 1], nn.LeakyReLU(0.2))
optimizers = {
    "G": torch.optim.RMSprop(generator.parameters(), lr=cfg.g_lr),
    "D": torch.optim.RMSprop(discriminator.parameters(), lr=cfg.d_lr),
}
noise = torch.randn(1000, 16)
for k in range(cfg.steps):
    x = digits[torch.randperm(len(digits))[:64]]
    d_loss = torch.relu(1 - discriminator(x)).mean() + torch.relu(1 + discriminator(generator(torch.randn(64, 16)).detach())).mean()
    optimizers["D"].zero_grad()
    d_loss.backward()
    optimizers["D"].step()
    for _ in range(cfg.g_steps):
        g_loss = -discriminator(generator(torch.randn(64, 16))).mean()
        optimizers["G"].zero_grad()
        g_loss.backward()
        optimizers["G"].step()
    if k % (cfg.steps // cfg.saves) == 0 or k == cfg.steps - 1:
        print(k, d_loss.item(), g_loss.item())
        with torch.no_grad():
            np.save(f"{cfg.out}/gen_{k:06d}.npy", generator(noise).numpy().reshape(-1, 1, 8, 8))
