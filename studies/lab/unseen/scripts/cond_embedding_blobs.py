"""Conditional GAN with embeddings (G and D): 12x12 colour gradients of four kinds."""
import argparse
import os

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def make(n, gen):
    y = torch.randint(4, (n,), generator=gen)
    t = torch.linspace(-1, 1, 12)
    axis = torch.stack([t.view(1, 12).expand(12, 12), t.view(12, 1).expand(12, 12)])
    slope = 0.4 + 0.5 * torch.rand(n, 1, 1, 1, generator=gen)
    sign = torch.where(y % 2 == 0, 1.0, -1.0).view(n, 1, 1, 1)
    pattern = axis[(y // 2)].unsqueeze(1) * slope * sign
    tint = torch.rand(n, 3, 1, 1, generator=gen) * 0.8 + 0.2
    return (pattern * tint).clamp(-1, 1), y


class G(nn.Module):
    def __init__(self, nz=16, n_classes=4, emb=8):
        super().__init__()
        self.emb = nn.Embedding(n_classes, emb)
        self.fc = nn.Linear(nz + emb, 64 * 9)
        self.c1 = nn.ConvTranspose2d(64, 32, 4, 2, 1)
        self.c2 = nn.ConvTranspose2d(32, 3, 4, 2, 1)

    def forward(self, z, y):
        h = F.relu(self.fc(torch.cat((z, self.emb(y)), 1))).view(-1, 64, 3, 3)
        return torch.tanh(self.c2(F.relu(self.c1(h))))


class D(nn.Module):
    def __init__(self, n_classes=4):
        super().__init__()
        self.emb = nn.Embedding(n_classes, 64)
        self.c1, self.c2 = nn.Conv2d(3, 32, 4, 2, 1), nn.Conv2d(32, 64, 4, 2, 1)
        self.fc1, self.fc2 = nn.Linear(64 * 9, 64), nn.Linear(64, 1)

    def forward(self, x, y):
        h = F.leaky_relu(self.c2(F.leaky_relu(self.c1(x), 0.2)), 0.2).flatten(1)
        h = F.leaky_relu(self.fc1(h), 0.2)
        return self.fc2(h) + (h * self.emb(y)).sum(1, keepdim=True) / 8


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--steps", type=int, default=2500)
    ap.add_argument("--out", default="out")
    args = ap.parse_args()
    torch.manual_seed(args.seed)
    os.makedirs(args.out, exist_ok=True)
    x_all, y_all = make(3000, torch.Generator().manual_seed(args.seed))
    np.save(f"{args.out}/real.npy", x_all.numpy())
    np.save(f"{args.out}/real_labels.npy", y_all.numpy())
    netG, netD = G(), D()
    opt = {n: torch.optim.Adam(m.parameters(), 2e-4, betas=(0.5, 0.999)) for n, m in (("g", netG), ("d", netD))}
    zf, yf = torch.randn(1000, 16), torch.arange(1000) % 4
    np.save(f"{args.out}/gen_labels.npy", yf.numpy())
    for step in range(args.steps):
        i = torch.randint(3000, (48,))
        z, y = torch.randn(48, 16), torch.randint(4, (48,))
        ld = F.softplus(-netD(x_all[i], y_all[i])).mean() + F.softplus(netD(netG(z, y).detach(), y)).mean()
        opt["d"].zero_grad()
        ld.backward()
        opt["d"].step()
        lg = F.softplus(-netD(netG(z, y), y)).mean()
        opt["g"].zero_grad()
        lg.backward()
        opt["g"].step()
        if step % (args.steps // 12) == 0 or step == args.steps - 1:
            print(f"step {step}: D {ld.item():.3f} G {lg.item():.3f}")
            with torch.no_grad():
                np.save(f"{args.out}/gen_{step:06d}.npy", netG(zf, yf).numpy())
