"""Checkerboard in the plane. Residual blocks, softplus losses, AdamW."""
import argparse
import pathlib

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


def checkerboard(n):
    x = torch.rand(n) * 4 - 2
    y = torch.rand(n) - torch.randint(0, 2, (n,)) * 2.0
    return torch.stack([x, y + torch.floor(x) % 2], 1)


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.a, self.b = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, h):
        return h + self.b(F.silu(self.a(h)))


class ResNet(nn.Module):
    def __init__(self, n_in, n_out, width=96, blocks=2):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(n_in, width), *[Block(width) for _ in range(blocks)], nn.SiLU(), nn.Linear(width, n_out))

    def forward(self, x):
        return self.body(x)


class Trainer:
    def __init__(self, out, lr=3e-4, batch=256):
        self.out, self.batch = pathlib.Path(out), batch
        self.out.mkdir(parents=True, exist_ok=True)
        self.gen, self.dis = ResNet(4, 2), ResNet(2, 1)
        self.gen_opt = torch.optim.AdamW(self.gen.parameters(), lr=lr, betas=(0.5, 0.99), weight_decay=1e-4)
        self.dis_opt = torch.optim.AdamW(self.dis.parameters(), lr=2 * lr, betas=(0.5, 0.99), weight_decay=1e-4)
        self.show = torch.randn(1000, 4)
        np.save(self.out / "real.npy", checkerboard(4000).numpy())

    def update_dis(self):
        fake = self.gen(torch.randn(self.batch, 4)).detach()
        loss = F.softplus(-self.dis(checkerboard(self.batch))).mean() + F.softplus(self.dis(fake)).mean()
        self.dis_opt.zero_grad()
        loss.backward()
        self.dis_opt.step()
        return loss.item()

    def update_gen(self):
        loss = F.softplus(-self.dis(self.gen(torch.randn(self.batch, 4)))).mean()
        self.gen_opt.zero_grad()
        loss.backward()
        self.gen_opt.step()
        return loss.item()

    def fit(self, steps):
        for step in range(steps):
            d, g = self.update_dis(), self.update_gen()
            if step % (steps // 12) == 0 or step == steps - 1:
                print(f"{step:5d}  D {d:.3f}  G {g:.3f}")
                with torch.no_grad():
                    np.save(self.out / f"gen_{step:06d}.npy", self.gen(self.show).numpy())


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--steps", type=int, default=4000)
    p.add_argument("--out", default="out")
    a = p.parse_args()
    torch.manual_seed(a.seed)
    Trainer(a.out).fit(a.steps)
