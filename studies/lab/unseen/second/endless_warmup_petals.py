"""Rose curve with noise. Linear warm-up by LambdaLR whose min(1, .) was lost in a refactoring, so the rate keeps growing."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.optim.lr_scheduler import LambdaLR


def petals(n):
    t = torch.rand(n) * 2 * np.pi
    r = 2 * torch.cos(2 * t).abs() + 0.06 * torch.randn(n)
    return torch.stack([r * t.cos(), r * t.sin()], -1)


def mlp(i, o, h=128):
    return nn.Sequential(nn.Linear(i, h), nn.LeakyReLU(0.2), nn.Linear(h, h), nn.LeakyReLU(0.2), nn.Linear(h, o))


def main(seed, steps, warmup, out):
    torch.manual_seed(seed)
    os.makedirs(out, exist_ok=True)
    np.save(f"{out}/real.npy", petals(4000).numpy())
    G, D = mlp(4, 2), mlp(2, 1)
    opts = [torch.optim.Adam(m.parameters(), lr=1e-4, betas=(0.0, 0.99)) for m in (G, D)]
    schedules = [LambdaLR(o, lambda s: (s + 1) ** 2 / warmup**2) for o in opts]
    z_val = torch.randn(1000, 4)
    for s in range(steps):
        real, fake = petals(128), G(torch.randn(128, 4))
        loss_d = F.relu(1 - D(real)).mean() + F.relu(1 + D(fake.detach())).mean()
        opts[1].zero_grad(set_to_none=True)
        loss_d.backward()
        opts[1].step()
        loss_g = -D(fake).mean()
        opts[0].zero_grad(set_to_none=True)
        loss_g.backward()
        opts[0].step()
        for k in schedules:
            k.step()
        if s % (steps // 14) == 0 or s == steps - 1:
            print(f"[{s}] lr={schedules[0].get_last_lr()[0]:.5f} d={loss_d.item():.3f} g={loss_g.item():.3f}")
            with torch.no_grad():
                np.save(f"{out}/gen_{s:06d}.npy", G(z_val).numpy())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=4200)
    parser.add_argument("--warmup", type=int, default=300)
    parser.add_argument("--out", default="out")
    main(**vars(parser.parse_args()))
