"""3x3 grid of Gaussians. To save time D is stopped early, once its accuracy has been near one half for long enough."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--steps", type=int, default=4000)
parser.add_argument("--patience", type=int, default=700)
parser.add_argument("--out", default="out")
args = parser.parse_args()
torch.manual_seed(args.seed)
os.makedirs(args.out, exist_ok=True)


def grid9(n):
    return torch.randint(-1, 2, (n, 2)) * 1.5 + 0.12 * torch.randn(n, 2)


G = nn.Sequential(nn.Linear(4, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU(), nn.Linear(100, 2))
D = nn.Sequential(nn.Linear(2, 100), nn.LeakyReLU(0.2), nn.Linear(100, 100), nn.LeakyReLU(0.2), nn.Linear(100, 1))
optG = torch.optim.Adam(G.parameters(), lr=5e-4, betas=(0.5, 0.999))
optD = torch.optim.Adam(D.parameters(), lr=5e-4, betas=(0.5, 0.999))
crit = nn.BCEWithLogitsLoss()
noise = torch.randn(1000, 4)
np.save(os.path.join(args.out, "real.npy"), grid9(4000).numpy())
calm, awake = 0, True
for step in range(args.steps):
    real, fake = grid9(128), G(torch.randn(128, 4))
    out_r, out_f = D(real), D(fake.detach())
    errD = crit(out_r, torch.ones_like(out_r)) + crit(out_f, torch.zeros_like(out_f))
    acc = ((out_r > 0).float().mean() + (out_f < 0).float().mean()).item() / 2
    if awake:
        optD.zero_grad()
        errD.backward()
        optD.step()
    calm += abs(acc - 0.5) < 0.15  # D and G are in balance
    awake = calm < args.patience
    out = D(G(torch.randn(128, 4)))
    errG = crit(out, torch.ones_like(out))
    optG.zero_grad()
    errG.backward()
    optG.step()
    if step % (args.steps // 14) == 0 or step == args.steps - 1:
        print(f"{step} errD {errD.item():.3f} errG {errG.item():.3f} acc {acc:.2f} awake {awake}")
        with torch.no_grad():
            np.save(os.path.join(args.out, f"gen_{step:06d}.npy"), G(noise).numpy())
