"""Two moons; a discriminator with very strong dropout, against overfitting."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import make_moons

p = argparse.ArgumentParser()
p.add_argument("--seed", type=int, default=0)
p.add_argument("--steps", type=int, default=3000)
p.add_argument("--dropout", type=float, default=0.9)
p.add_argument("--out", default="out")
a = p.parse_args()
torch.manual_seed(a.seed)
os.makedirs(a.out, exist_ok=True)
xy = make_moons(3000, noise=0.05, random_state=0)[0].astype(np.float32)
np.save(f"{a.out}/real.npy", xy)
data = torch.from_numpy(xy)


class D(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(2, 64), nn.Linear(64, 64), nn.Linear(64, 1)

    def forward(self, x):
        x = F.dropout(F.leaky_relu(self.a(x), 0.2), a.dropout, self.training)
        x = F.dropout(F.leaky_relu(self.b(x), 0.2), a.dropout, self.training)
        return self.c(x)


g = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
d = D()
og, od = torch.optim.Adam(g.parameters(), 1e-3, (0.5, 0.99)), torch.optim.Adam(d.parameters(), 1e-3, (0.5, 0.99))
z = torch.randn(1000, 2)
for s in range(a.steps):
    r = data[torch.randint(3000, (64,))]
    f = g(torch.randn(64, 2))
    dl = F.softplus(-d(r)).mean() + F.softplus(d(f.detach())).mean()
    od.zero_grad(), dl.backward(), od.step()
    gl = F.softplus(-d(f)).mean()
    og.zero_grad(), gl.backward(), og.step()
    if s % (a.steps // 12) == 0 or s == a.steps - 1:
        print(s, "%.3f %.3f" % (dl, gl))
        np.save(f"{a.out}/gen_{s:06d}.npy", g(z).detach().numpy())
