"""10x10 two-tone colour tiles. G minimises log(1 - D) (from the paper's formula), D starts five times as fast."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


def tiles(n):
    coarse = (torch.rand(n, 1, 5, 5) < 0.5).float()
    mask = coarse.repeat_interleave(2, 2).repeat_interleave(2, 3)
    a, b = torch.rand(n, 3, 1, 1) * 2 - 1, torch.rand(n, 3, 1, 1) * 2 - 1
    return mask * a + (1 - mask) * b


def make_generator():
    return nn.Sequential(
        nn.Linear(32, 64 * 25), nn.BatchNorm1d(64 * 25), nn.ReLU(), nn.Unflatten(1, (64, 5, 5)),
        nn.Upsample(scale_factor=2), nn.Conv2d(64, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.Conv2d(32, 3, 3, padding=1), nn.Tanh(),
    )


def make_discriminator():
    return nn.Sequential(
        nn.Conv2d(3, 48, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(48, 64, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(64 * 25, 64), nn.ReLU(), nn.Linear(64, 1),
    )


def discriminator_loss(real_logits, fake_logits):
    return -(F.logsigmoid(real_logits).mean() + F.logsigmoid(-fake_logits).mean())


def generator_loss(fake_logits):
    return F.logsigmoid(-fake_logits).mean()


def train(seed=0, steps=1400, out="out"):
    torch.manual_seed(seed)
    os.makedirs(out, exist_ok=True)
    real = tiles(4000)
    np.save(f"{out}/real.npy", real.numpy())
    G, D = make_generator(), make_discriminator()
    g_opt, d_opt = torch.optim.Adam(G.parameters(), 2e-4, (0.5, 0.999)), torch.optim.Adam(D.parameters(), 1e-3, (0.5, 0.999))
    seed_noise = torch.randn(1000, 32)
    for step in range(steps):
        batch = real[torch.randint(4000, (48,))]
        fakes = G(torch.randn(48, 32))
        d_loss = discriminator_loss(D(batch), D(fakes.detach()))
        d_opt.zero_grad()
        d_loss.backward()
        d_opt.step()
        g_loss = generator_loss(D(fakes))
        g_opt.zero_grad()
        g_loss.backward()
        g_opt.step()
        if step % (steps // 12) == 0 or step == steps - 1:
            print(f"{step}: d {d_loss.item():.5f} g {g_loss.item():.3e}")
            G.eval()
            np.save(f"{out}/gen_{step:06d}.npy", G(seed_noise).detach().numpy())
            G.train()


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--steps", type=int, default=1400)
    p.add_argument("--out", default="out")
    train(**vars(p.parse_args()))
