"""Digits 8x8 flat, ReLU everywhere, high learning rate for the discriminator."""
import argparse
import os

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--steps", type=int, default=2500)
parser.add_argument("--d-lr", type=float, default=0.1)
parser.add_argument("--g-lr", type=float, default=1e-3)
parser.add_argument("--out", default="out")
args = parser.parse_args()
torch.manual_seed(args.seed)
os.makedirs(args.out, exist_ok=True)

X = torch.from_numpy(load_digits().data).float()  # 0..16
X = X / 16
np.save(f"{args.out}/real.npy", X.numpy().reshape(-1, 1, 8, 8))

gen = nn.Sequential(
    nn.Linear(20, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 64), nn.Sigmoid()
)
disc = nn.Sequential(
    nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1), nn.ReLU()
)
opt_gen = torch.optim.Adam(gen.parameters(), lr=args.g_lr)
opt_disc = torch.optim.SGD(disc.parameters(), lr=args.d_lr, momentum=0.9)
z_eval = torch.randn(1000, 20)

for step in range(args.steps):
    real = X[torch.randperm(len(X))[:50]]
    fake = gen(torch.randn(50, 20))
    out_real, out_fake = disc(real), disc(fake.detach())
    loss_d = bce(out_real, torch.ones_like(out_real)) + bce(out_fake, torch.zeros_like(out_fake))
    opt_disc.zero_grad()
    loss_d.backward()
    opt_disc.step()

    out = disc(fake)
    loss_g = bce(out, torch.ones_like(out))
    opt_gen.zero_grad()
    loss_g.backward()
    opt_gen.step()

    if step % (args.steps // 12) == 0 or step == args.steps - 1:
        print(f"{step}: d={loss_d.item():.4f} g={loss_g.item():.4f} logit={out.mean().item():.3f}")
        with torch.no_grad():
            np.save(f"{args.out}/gen_{step:06d}.npy", gen(z_eval).numpy().reshape(-1, 1, 8, 8))
