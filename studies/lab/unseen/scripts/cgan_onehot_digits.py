"""Conditional GAN (labels one-hot, concatenated); a noise of one number 'is enough, the label tells the rest'."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

ap = argparse.ArgumentParser()
ap.add_argument("--seed", type=int, default=0)
ap.add_argument("--epochs", type=int, default=120)
ap.add_argument("--z", type=int, default=1)
ap.add_argument("--out", default="out")
hp = ap.parse_args()
torch.manual_seed(hp.seed)
os.makedirs(hp.out, exist_ok=True)


class CondG(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(hp.z + 10, 128)
        self.l2 = nn.Linear(128, 128)
        self.l3 = nn.Linear(128, 64)

    def forward(self, z, y):
        h = torch.cat([0.1 * z, y], 1)
        h = F.relu(self.l1(h))
        h = F.relu(self.l2(h))
        return torch.tanh(self.l3(h))


class CondD(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(64 + 10, 128)
        self.l2 = nn.Linear(128, 1)
        self.drop = nn.Dropout(0.3)

    def forward(self, x, y):
        h = self.drop(F.leaky_relu(self.l1(torch.cat([x, y], 1)), 0.2))
        return self.l2(h)


bunch = load_digits()
X = torch.tensor(bunch.data / 8.0 - 1.0, dtype=torch.float32)
Y = torch.tensor(bunch.target)
np.save(f"{hp.out}/real.npy", X.numpy().reshape(-1, 1, 8, 8))
np.save(f"{hp.out}/real_labels.npy", Y.numpy())
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, Y), 64, shuffle=True, drop_last=True)
gen, dis = CondG(), CondD()
g_optim = torch.optim.Adam(gen.parameters(), 5e-4, betas=(0.5, 0.999))
d_optim = torch.optim.Adam(dis.parameters(), 5e-4, betas=(0.5, 0.999))
zf, yf = torch.randn(1000, hp.z), torch.arange(1000) % 10
np.save(f"{hp.out}/gen_labels.npy", yf.numpy())

for epoch in range(hp.epochs):
    for x, y in loader:
        y1 = F.one_hot(y, 10).float()
        z = torch.randn(64, hp.z)
        yr = F.one_hot(torch.randint(0, 10, (64,)), 10).float()
        d_optim.zero_grad()
        d_loss = F.softplus(-dis(x, y1)).mean() + F.softplus(dis(gen(z, yr).detach(), yr)).mean()
        d_loss.backward()
        d_optim.step()
        g_optim.zero_grad()
        g_loss = F.softplus(-dis(gen(z, yr), yr)).mean()
        g_loss.backward()
        g_optim.step()
    if epoch % max(1, hp.epochs // 12) == 0 or epoch == hp.epochs - 1:
        print(f"epoch {epoch}  d {d_loss.item():.3f}  g {g_loss.item():.3f}")
        with torch.no_grad():
            fake = gen(zf, F.one_hot(yf, 10).float())
        np.save(f"{hp.out}/gen_{epoch:06d}.npy", fake.numpy().reshape(-1, 1, 8, 8))
