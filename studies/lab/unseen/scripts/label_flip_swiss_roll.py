"""Swiss roll in 2-D. Labels of the discriminator are flipped at random against overconfidence."""
import argparse
import os

import numpy as np
import torch
from sklearn.datasets import make_swiss_roll
from torch import nn

p = argparse.ArgumentParser()
p.add_argument("--seed", type=int, default=0)
p.add_argument("--steps", type=int, default=3000)
p.add_argument("--flip", type=float, default=0.5)
p.add_argument("--out", default="out")
o = p.parse_args()
torch.manual_seed(o.seed)
os.makedirs(o.out, exist_ok=True)

roll, _ = make_swiss_roll(4000, noise=0.25, random_state=o.seed)
data = torch.tensor(roll[:, [0, 2]] / 10, dtype=torch.float32)
np.save(f"{o.out}/real.npy", data.numpy())


class ResBlock(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(d, d), nn.SiLU(), nn.Linear(d, d))

    def forward(self, x):
        return x + self.f(x)


gen = nn.Sequential(nn.Linear(4, 64), ResBlock(64), ResBlock(64), nn.SiLU(), nn.Linear(64, 2))
disc = nn.Sequential(nn.Linear(2, 64), ResBlock(64), ResBlock(64), nn.SiLU(), nn.Linear(64, 1), nn.Sigmoid())
opt_g = torch.optim.Adam(gen.parameters(), 3e-4, (0.5, 0.999))
opt_d = torch.optim.Adam(disc.parameters(), 3e-4, (0.5, 0.999))
loss = nn.BCELoss()
z = torch.randn(1000, 4)

for s in range(o.steps):
    x = data[torch.randint(4000, (128,))]
    fake = gen(torch.randn(128, 4))
    flip = (torch.rand(128, 1) < o.flip).float()
    opt_d.zero_grad()
    ld = loss(disc(x), 1 - flip) + loss(disc(fake.detach()), flip)
    ld.backward()
    opt_d.step()
    opt_g.zero_grad()
    lg = loss(disc(fake), torch.ones(128, 1))
    lg.backward()
    opt_g.step()
    if s % (o.steps // 12) == 0 or s == o.steps - 1:
        print(f"{s} ld={ld.item():.3f} lg={lg.item():.3f}")
        with torch.no_grad():
            np.save(f"{o.out}/gen_{s:06d}.npy", gen(z).numpy())
