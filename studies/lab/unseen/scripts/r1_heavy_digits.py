"""Non-saturating loss with an R1 penalty (gamma from a config file meant for 1024px faces, times ten)."""
import argparse
import dataclasses
import os

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits


@dataclasses.dataclass
class Config:
    gamma: float = 2000.0
    lr: float = 1e-3
    beta1: float = 0.0
    batch: int = 64
    nz: int = 32
    steps: int = 3000


def build(cfg):
    g = nn.Sequential(
        nn.Linear(cfg.nz, 256), nn.LeakyReLU(0.2), nn.Linear(256, 256), nn.LeakyReLU(0.2), nn.Linear(256, 64), nn.Tanh()
    )
    d = nn.Sequential(
        nn.Linear(64, 256), nn.LeakyReLU(0.2), nn.Linear(256, 256), nn.LeakyReLU(0.2), nn.Linear(256, 1)
    )
    return g, d


def r1_penalty(d, x):
    x = x.detach().requires_grad_(True)
    scores = d(x)
    grads = torch.autograd.grad(scores.sum(), x, create_graph=True)[0]
    return scores, grads.pow(2).sum(1).mean()


def run(cfg, seed, out):
    torch.manual_seed(seed)
    os.makedirs(out, exist_ok=True)
    data = torch.tensor(load_digits().data, dtype=torch.float32) / 8 - 1
    np.save(f"{out}/real.npy", data.numpy().reshape(-1, 1, 8, 8))
    g, d = build(cfg)
    g_opt = torch.optim.Adam(g.parameters(), cfg.lr, betas=(cfg.beta1, 0.99))
    d_opt = torch.optim.Adam(d.parameters(), cfg.lr, betas=(cfg.beta1, 0.99))
    z_vis = torch.randn(1000, cfg.nz)
    for step in range(cfg.steps):
        x = data[torch.randint(len(data), (cfg.batch,))]
        scores_real, pen = r1_penalty(d, x)
        scores_fake = d(g(torch.randn(cfg.batch, cfg.nz)).detach())
        loss_d = F.softplus(-scores_real).mean() + F.softplus(scores_fake).mean() + cfg.gamma / 2 * pen
        d_opt.zero_grad(set_to_none=True)
        loss_d.backward()
        d_opt.step()
        loss_g = F.softplus(-d(g(torch.randn(cfg.batch, cfg.nz)))).mean()
        g_opt.zero_grad(set_to_none=True)
        loss_g.backward()
        g_opt.step()
        if step % (cfg.steps // 12) == 0 or step == cfg.steps - 1:
            print(f"{step:6d} d {loss_d.item():.4f} g {loss_g.item():.4f} r1 {pen.item():.2e}")
            with torch.no_grad():
                np.save(f"{out}/gen_{step:06d}.npy", g(z_vis).numpy().reshape(-1, 1, 8, 8))


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--steps", type=int, default=3000)
    p.add_argument("--out", default="out")
    ns = p.parse_args()
    run(Config(steps=ns.steps), ns.seed, ns.out)
