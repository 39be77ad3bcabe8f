"""WGAN-GP on two moons, functional style."""
import argparse
import pathlib

import numpy as np
import torch
from sklearn.datasets import make_moons
from torch import autograd, nn


def mlp(*sizes):
    layers = []
    for a, b in zip(sizes[:-1], sizes[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def gradient_penalty(critic, real, fake):
    eps = torch.rand(real.size(0), 1)
    mixed = (eps * real + (1 - eps) * fake).requires_grad_()
    (grad,) = autograd.grad(critic(mixed).sum(), mixed, create_graph=True)
    return ((grad.norm(2, dim=1) - 1) ** 2).mean()


def train_critic(critic, G, opt, real, lam=1.0):
    fake = G(torch.randn(real.size(0), 8)).detach()
    loss = critic(fake).mean() - critic(real).mean()
    total = loss + lam * gradient_penalty(critic, real, fake)
    opt.zero_grad()
    total.backward()
    opt.step()
    return -loss.item()


def train_generator(critic, G, opt, n):
    loss = -critic(G(torch.randn(n, 8))).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    return loss.item()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--steps", type=int, default=2500)
    p.add_argument("--out", type=pathlib.Path, default="out")
    a = p.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(a.seed)
    x, _ = make_moons(4000, noise=0.06, random_state=a.seed)
    data = torch.tensor(x - x.mean(0), dtype=torch.float32)
    np.save(a.out / "real.npy", data.numpy())
    G, critic = mlp(8, 128, 128, 2), mlp(2, 128, 128, 1)
    opt_g = torch.optim.Adam(G.parameters(), 5e-4, betas=(0.5, 0.9))
    opt_d = torch.optim.Adam(critic.parameters(), 5e-4, betas=(0.5, 0.9))
    z = torch.randn(1000, 8)
    for step in range(a.steps):
        for _ in range(5):
            w = train_critic(critic, G, opt_d, data[torch.randint(4000, (128,))])
        g = train_generator(critic, G, opt_g, 128)
        if step % (a.steps // 12) == 0 or step == a.steps - 1:
            print(f"{step:5d}  W {w:.4f}  G {g:.4f}")
            with torch.no_grad():
                np.save(a.out / f"gen_{step:06d}.npy", G(z).numpy())


if __name__ == "__main__":
    main()
