"""Relativistic standard GAN for the breast cancer table (first 10 columns)."""
import argparse
import os

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--steps", type=int, default=3000)
parser.add_argument("--out", default="out")
args = parser.parse_args()
torch.manual_seed(args.seed)
os.makedirs(args.out, exist_ok=True)

raw = np.log1p(load_breast_cancer().data[:, :10])
table = torch.tensor((raw - raw.mean(0)) / raw.std(0), dtype=torch.float32)
np.save(os.path.join(args.out, "real.npy"), table.numpy())


def dense(i, o):
    return nn.Sequential(nn.Linear(i, o), nn.LeakyReLU(0.2))


netG = nn.Sequential(dense(12, 96), dense(96, 96), nn.Linear(96, 10))
netD = nn.Sequential(dense(10, 96), nn.Dropout(0.2), dense(96, 96), nn.Linear(96, 1))
optG = torch.optim.AdamW(netG.parameters(), lr=4e-4, betas=(0.5, 0.99))
optD = torch.optim.AdamW(netD.parameters(), lr=4e-4, betas=(0.5, 0.99), weight_decay=1e-2)
crit = nn.BCEWithLogitsLoss()
ones = torch.ones(64, 1)
z_test = torch.randn(1000, 12)

for step in range(args.steps):
    real = table[torch.randint(len(table), (64,))]
    netD.zero_grad()
    fake = netG(torch.randn(64, 12))
    lossD = crit(netD(real) - netD(fake.detach()), ones)
    lossD.backward()
    optD.step()

    netG.zero_grad()
    fake = netG(torch.randn(64, 12))
    lossG = crit(netD(fake) - netD(real), ones)
    lossG.backward()
    optG.step()

    if step % (args.steps // 12) == 0 or step == args.steps - 1:
        print(f"step={step} lossD={lossD:.3f} lossG={lossG:.3f}")
        with torch.no_grad():
            np.save(os.path.join(args.out, f"gen_{step:06d}.npy"), netG(z_test).numpy())
