"""16x16 colour shapes. The generator starts from a learned constant; noise comes in through a scale."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn


def make_shapes(n, rng):
    """Squares and discs in one of four colours at random places, on black."""
    colors = np.array([[1, 0.1, 0.1], [0.1, 1, 0.1], [0.2, 0.2, 1], [1, 1, 0.1]])
    yy, xx = np.mgrid[:16, :16]
    out = np.zeros((n, 3, 16, 16), dtype=np.float32)
    for k in range(n):
        cy, cx, r = rng.uniform(5, 11), rng.uniform(5, 11), rng.uniform(2.5, 4.5)
        if rng.random() < 0.5:
            m = (abs(yy - cy) < r) & (abs(xx - cx) < r)
        else:
            m = (yy - cy) ** 2 + (xx - cx) ** 2 < r * r
        out[k] = m[None] * colors[rng.integers(4)][:, None, None]
    return torch.from_numpy(out * 2 - 1)


class ConstGenerator(nn.Module):
    def __init__(self, nz=32):
        super().__init__()
        self.const = nn.Parameter(torch.randn(1, 64, 4, 4))
        self.style = nn.Linear(nz, 64)
        self.noise_scale = nn.Parameter(torch.zeros(1))
        self.body = nn.Sequential(
            nn.Upsample(scale_factor=2), nn.Conv2d(64, 32, 3, padding=1), nn.LeakyReLU(0.2),
            nn.Upsample(scale_factor=2), nn.Conv2d(32, 16, 3, padding=1), nn.LeakyReLU(0.2),
            nn.Conv2d(16, 3, 3, padding=1), nn.Tanh(),
        )

    def forward(self, z):
        w = self.noise_scale * 1e-3 * self.style(z)
        return self.body(self.const + w[:, :, None, None])


def make_disc():
    return nn.Sequential(
        nn.Conv2d(3, 16, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(16, 32, 4, 2, 1), nn.LeakyReLU(0.2),
        nn.Flatten(), nn.Linear(512, 1),
    )


def main(args):
    torch.manual_seed(args.seed)
    os.makedirs(args.out, exist_ok=True)
    images = make_shapes(3000, np.random.default_rng(args.seed))
    np.save(f"{args.out}/real.npy", images[:2000].numpy())
    G, D = ConstGenerator(), make_disc()
    og = torch.optim.Adam(G.parameters(), 5e-4, (0.5, 0.99))
    od = torch.optim.Adam(D.parameters(), 2e-4, (0.5, 0.99))
    softplus = nn.functional.softplus
    zs = torch.randn(1000, 32)
    for t in range(args.iters):
        real = images[torch.randint(3000, (32,))]
        with torch.no_grad():
            fake = G(torch.randn(32, 32))
        loss_d = softplus(-D(real)).mean() + softplus(D(fake)).mean()
        od.zero_grad()
        loss_d.backward()
        od.step()
        loss_g = softplus(-D(G(torch.randn(32, 32)))).mean()
        og.zero_grad()
        loss_g.backward()
        og.step()
        if t % (args.iters // 12) == 0 or t == args.iters - 1:
            print(f"{t} loss_d {loss_d.item():.3f} loss_g {loss_g.item():.3f} noise_scale {G.noise_scale.item():.4f}")
            with torch.no_grad():
                np.save(f"{args.out}/gen_{t:06d}.npy", G(zs).numpy())


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--iters", type=int, default=1500)
    ap.add_argument("--out", default="out")
    main(ap.parse_args())
