"""Wine table; softplus loss, the gradient at real rows is penalised (R1). The generator's rate: 2e-6 where 2e-4 was meant."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_wine

config = {"lr_g": 2e-6, "lr_d": 2e-4, "gp": 1.0, "batch": 64, "latent": 8, "hidden": 96}


def build(i, o):
    h = config["hidden"]
    return nn.Sequential(nn.Linear(i, h), nn.Mish(), nn.Linear(h, h), nn.Mish(), nn.Linear(h, o))


def d_step(D, G, opt, x):
    x = x.clone().requires_grad_()
    r, f = D(x), D(G(torch.randn(len(x), config["latent"])).detach())
    (grad,) = torch.autograd.grad(r.sum(), x, create_graph=True)
    loss = nn.functional.softplus(-r).mean() + nn.functional.softplus(f).mean()
    total = loss + config["gp"] / 2 * grad.square().sum(1).mean()
    opt.zero_grad()
    total.backward()
    opt.step()
    return loss.item()


def g_step(D, G, opt):
    loss = nn.functional.softplus(-D(G(torch.randn(config["batch"], config["latent"])))).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    return loss.item()


def train(seed, steps, out):
    torch.manual_seed(seed)
    os.makedirs(out, exist_ok=True)
    w = load_wine().data
    w = torch.tensor((w - w.mean(0)) / w.std(0), dtype=torch.float32)
    np.save(f"{out}/real.npy", w.numpy())
    G, D = build(config["latent"], 13), build(13, 1)
    og = torch.optim.Adam(G.parameters(), lr=config["lr_g"], betas=(0.5, 0.99))
    od = torch.optim.Adam(D.parameters(), lr=config["lr_d"], betas=(0.5, 0.99))
    z = torch.randn(1000, config["latent"])
    for i in range(steps):
        d = d_step(D, G, od, w[torch.randint(len(w), (config["batch"],))])
        g = g_step(D, G, og)
        if i % (steps // 12) == 0 or i == steps - 1:
            print(f"{i:>6} loss_d {d:.3f} loss_g {g:.3f}")
            with torch.no_grad():
                np.save(f"{out}/gen_{i:06d}.npy", G(z).numpy())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--out", default="out")
    a = parser.parse_args()
    train(a.seed, a.steps, a.out)
