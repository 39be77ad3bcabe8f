"""Toy ECG beats (48 samples): WGAN with weight clipping, 1-D convolutions, RMSprop, as in the first WGAN paper."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn

opt = argparse.ArgumentParser()
opt.add_argument("--seed", type=int, default=0)
opt.add_argument("--gen_iters", type=int, default=900)
opt.add_argument("--n_critic", type=int, default=4)
opt.add_argument("--clip", type=float, default=0.03)
opt.add_argument("--out", default="out")
opt = opt.parse_args()
torch.manual_seed(opt.seed)
os.makedirs(opt.out, exist_ok=True)


def beats(n):
    t = torch.linspace(0, 1, 48)[None]
    bump = lambda at, width, height: height * torch.exp(-0.5 * ((t - at) / width) ** 2)
    shift = 0.06 * torch.randn(n, 1)
    p = bump(0.25 + shift, 0.05, 0.15 + 0.1 * torch.rand(n, 1))
    r = bump(0.45 + shift, 0.03, 0.7 + 0.3 * torch.rand(n, 1))
    s = bump(0.52 + shift, 0.03, -0.2 * torch.rand(n, 1))
    w = bump(0.75 + shift, 0.08, 0.15 + 0.25 * torch.rand(n, 1))
    return p + r + s + w


class Gen(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(12, 32 * 12)
        self.up = nn.Sequential(
            nn.ReLU(), nn.Upsample(scale_factor=2), nn.Conv1d(32, 32, 5, padding=2), nn.ReLU(),
            nn.Upsample(scale_factor=2), nn.Conv1d(32, 16, 5, padding=2), nn.ReLU(), nn.Conv1d(16, 1, 3, padding=1),
        )

    def forward(self, z):
        return self.up(self.lin(z).reshape(-1, 32, 12))[:, 0]


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Sequential(
            nn.Conv1d(1, 32, 5, 2, 2), nn.LeakyReLU(0.2), nn.Conv1d(32, 32, 5, 2, 2), nn.LeakyReLU(0.2),
            nn.Flatten(), nn.Linear(32 * 12, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1, bias=False),
        )

    def forward(self, x):
        return self.f(x[:, None])


gen, critic = Gen(), Critic()
optimizerG = torch.optim.RMSprop(gen.parameters(), lr=5e-4)
optimizerC = torch.optim.RMSprop(critic.parameters(), lr=5e-4)
np.save(os.path.join(opt.out, "real.npy"), beats(4000).numpy())
z_fixed = torch.randn(1000, 12)
iteration = 0
while iteration < opt.gen_iters:
    for _ in range(opt.n_critic):
        optimizerC.zero_grad()
        errC = critic(gen(torch.randn(64, 12)).detach()).mean() - critic(beats(64)).mean()
        errC.backward()
        optimizerC.step()
        for p in critic.parameters():
            p.data.clamp_(-opt.clip, opt.clip)
    optimizerG.zero_grad()
    errG = -critic(gen(torch.randn(64, 12))).mean()
    errG.backward()
    optimizerG.step()
    if iteration % (opt.gen_iters // 12) == 0 or iteration == opt.gen_iters - 1:
        print("[%d/%d] Loss_C: %f Loss_G: %f" % (iteration, opt.gen_iters, errC.item(), errG.item()))
        np.save(os.path.join(opt.out, f"gen_{iteration:06d}.npy"), gen(z_fixed).detach().numpy())
    iteration += 1
