"""12x12 colour stripes, LSGAN. Adam with weight_decay as in the author's classifiers (L2, not decoupled)."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn

WD = 5e-2


def stripes(n):
    t = torch.linspace(0, 1, 12)
    yy, xx = torch.meshgrid(t, t, indexing="ij")
    a = torch.rand(n, 1, 1) * np.pi
    f = 1 + 2 * torch.rand(n, 1, 1)
    wave = torch.sin(2 * np.pi * f * (xx * torch.cos(a) + yy * torch.sin(a)) + 6.28 * torch.rand(n, 1, 1))
    colour = torch.rand(n, 3, 1, 1)
    return (colour * (wave.unsqueeze(1) + 1) - 1).clamp(-1, 1)


class Up(nn.Sequential):
    def __init__(self, i, o):
        super().__init__(nn.ConvTranspose2d(i, o, 4, 2, 1), nn.ReLU())


class StripeGAN:
    def __init__(self):
        self.g = nn.Sequential(nn.Linear(20, 48 * 9), nn.ReLU(), nn.Unflatten(1, (48, 3, 3)), Up(48, 32), nn.ConvTranspose2d(32, 3, 4, 2, 1), nn.Tanh())
        self.d = nn.Sequential(
            nn.Conv2d(3, 24, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(24, 48, 4, 2, 1), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(48 * 9, 1)
        )
        kw = dict(lr=5e-4, betas=(0.5, 0.999), weight_decay=WD)
        self.og, self.od = torch.optim.Adam(self.g.parameters(), **kw), torch.optim.Adam(self.d.parameters(), **kw)
        self.mse = nn.MSELoss()

    def step(self, x):
        n = len(x)
        f = self.g(torch.randn(n, 20))
        ld = self.mse(self.d(x), torch.ones(n, 1)) + self.mse(self.d(f.detach()), torch.zeros(n, 1))
        self.od.zero_grad(); ld.backward(); self.od.step()
        lg = self.mse(self.d(f), torch.ones(n, 1))
        self.og.zero_grad(); lg.backward(); self.og.step()
        return ld.item(), lg.item()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--steps", type=int, default=2400)
    p.add_argument("--out", default="out")
    p = p.parse_args()
    torch.manual_seed(p.seed)
    os.makedirs(p.out, exist_ok=True)
    x = stripes(4000)
    np.save(os.path.join(p.out, "real.npy"), x.numpy())
    gan, z = StripeGAN(), torch.randn(1000, 20)
    for i in range(p.steps):
        ld, lg = gan.step(x[torch.randint(4000, (32,))])
        if i % (p.steps // 12) == 0 or i == p.steps - 1:
            print(f"{i} D {ld:.4f} G {lg:.4f} |w_g| {sum(q.norm() ** 2 for q in gan.g.parameters()).sqrt():.3f}")
            with torch.no_grad():
                np.save(os.path.join(p.out, f"gen_{i:06d}.npy"), gan.g(z).numpy())


if __name__ == "__main__":
    main()
