"""Differentiable augmentation of both real and fake images: flips, shifts, brightness, cutout."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(3)


def rand_brightness(x):
    return x + (torch.rand(x.size(0), 1, 1, 1, dtype=x.dtype, device=x.device) - 0.5)


def rand_flip(x):
    mask = (torch.rand(x.size(0), 1, 1, 1) < 0.5).float()
    return x * mask + x.flip(3) * (1 - mask)


def rand_translation(x):
    dx, dy = torch.randint(-1, 2, (2,)).tolist()
    x_pad = F.pad(x, [1, 1, 1, 1])
    return x_pad[:, :, 1 + dy : 1 + dy + x.size(2), 1 + dx : 1 + dx + x.size(3)].contiguous()


def rand_cutout(x):
    mask = torch.ones_like(x)
    at = int(torch.randint(0, 6, (1,)))
    mask[:, :, at : at + 2, at : at + 2] = 0
    return x * mask


AUGMENT_FNS = [rand_brightness, rand_flip, rand_translation, rand_cutout]


def diff_augment(x):
    for f in AUGMENT_FNS:
        x = f(x)
    return x


def main():
    g = nn.Sequential(nn.Linear(8, 128), nn.ReLU(), nn.Linear(128, 64), nn.Tanh(), nn.Unflatten(1, (1, 8, 8)))
    d = nn.Sequential(nn.Conv2d(1, 8, 3, 2, 1), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(128, 1))
    g_optim = torch.optim.Adam(g.parameters(), lr=2e-4, betas=(0.5, 0.99))
    d_optim = torch.optim.Adam(d.parameters(), lr=2e-4, betas=(0.5, 0.99))
    data = torch.rand(64, 1, 8, 8).round() * 2 - 1
    # --- attach: g | d
    for it in range(20):  # --- rounds
        real = data[torch.randint(0, 64, (16,))]
        fake = g(torch.randn(16, 8))
        pred_real, pred_fake = d(diff_augment(real)), d(diff_augment(fake.detach()))
        # --- logits: pred_real | pred_fake
        d_loss = F.softplus(-pred_real).mean() + F.softplus(pred_fake).mean()
        d_optim.zero_grad()
        d_loss.backward()
        d_optim.step()

        fake = g(torch.randn(16, 8))
        g_loss = F.softplus(-d(diff_augment(fake))).mean()
        # --- signal: g_loss | fake
        g_optim.zero_grad()
        g_loss.backward()
        g_optim.step()
        if it % 5 == 4:
            print("iter", it + 1, "d", d_loss.item(), "g", g_loss.item())


if __name__ == "__main__":
    main()
