"""A critic without hidden layer and clipped weights against a generator that shifts a Gaussian: RMSprop-less SGD."""
import argparse
import os

import numpy as np
import torch

ap = argparse.ArgumentParser()
ap.add_argument("--seed", type=int, default=0)
ap.add_argument("--steps", type=int, default=3000)
ap.add_argument("--out", default="out")
o = ap.parse_args()
torch.manual_seed(o.seed)
os.makedirs(o.out, exist_ok=True)


class ShiftScale(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.shift = torch.nn.Parameter(torch.zeros(2))
        self.scale = torch.nn.Parameter(torch.ones(2))

    def forward(self, z):
        return z * self.scale + self.shift


target = torch.tensor([2.0, 1.0])
real_batch = lambda n: torch.randn(n, 2) * 0.5 + target  # noqa: E731
gen, critic = ShiftScale(), torch.nn.Linear(2, 1)
g_opt = torch.optim.SGD(gen.parameters(), lr=0.05)
c_opt = torch.optim.SGD(critic.parameters(), lr=0.05)
z_fix = torch.randn(1000, 2)
np.save(f"{o.out}/real.npy", real_batch(4000).numpy())
for step in range(o.steps):
    c_opt.zero_grad()
    c_loss = critic(gen(torch.randn(64, 2)).detach()).mean() - critic(real_batch(64)).mean()
    c_loss.backward()
    c_opt.step()
    with torch.no_grad():
        for p in critic.parameters():
            p.clamp_(-1, 1)
    g_opt.zero_grad()
    g_loss = -critic(gen(torch.randn(64, 2))).mean()
    g_loss.backward()
    g_opt.step()
    if step % (o.steps // 24) == 0 or step == o.steps - 1:
        print(step, round(c_loss.item(), 3), round(g_loss.item(), 3), gen.shift.tolist())
        np.save(f"{o.out}/gen_{step:06d}.npy", gen(z_fix).detach().numpy())
