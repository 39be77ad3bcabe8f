"""Wasserstein GAN on a 5x5 grid of gaussians. (no clipping: "weights stay small anyway")"""
import argparse
import os

import numpy as np
import torch
from torch import nn, optim

p = argparse.ArgumentParser()
p.add_argument("--seed", type=int, default=0)
p.add_argument("--gen-iters", type=int, default=2000)
p.add_argument("--n-critic", type=int, default=3)
p.add_argument("--out", default="out")
cfg = p.parse_args()
torch.manual_seed(cfg.seed)
os.makedirs(cfg.out, exist_ok=True)


def grid(n):
    ij = torch.randint(-2, 3, (n, 2)).float()
    return ij + 0.05 * torch.randn(n, 2)


class Net(nn.Module):
    def __init__(self, i, o, h=100):
        super().__init__()
        self.l1, self.l2, self.l3 = nn.Linear(i, h), nn.Linear(h, h), nn.Linear(h, o)

    def forward(self, x):
        return self.l3(torch.relu(self.l2(torch.relu(self.l1(x)))))


generator, critic = Net(4, 2), Net(2, 1)
gen_opt = optim.RMSprop(generator.parameters(), lr=2e-4)
critic_opt = optim.RMSprop(critic.parameters(), lr=1e-3)
fixed_z = torch.randn(1000, 4)
np.save(os.path.join(cfg.out, "real.npy"), grid(4000).numpy())

for i in range(cfg.gen_iters):
    for _ in range(cfg.n_critic):
        critic_opt.zero_grad()
        x, y = grid(100), generator(torch.randn(100, 4)).detach()
        w_dist = critic(x).mean() - critic(y).mean()
        (-w_dist).backward()
        critic_opt.step()
    gen_opt.zero_grad()
    gen_loss = -critic(generator(torch.randn(100, 4))).mean()
    gen_loss.backward()
    gen_opt.step()
    if i % (cfg.gen_iters // 12) == 0 or i == cfg.gen_iters - 1:
        print("iter", i, "W", w_dist.item(), "G", gen_loss.item())
        np.save(os.path.join(cfg.out, f"gen_{i:06d}.npy"), generator(fixed_z).detach().numpy())
