"""Colour flags, 12x12: three stripes of few colours. Upsampling generator with ten times the learning rate of D."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

PALETTE = torch.tensor([[0.9, -0.9, -0.9], [-0.9, -0.8, 0.8], [0.9, 0.9, 0.9], [0.9, 0.8, -0.9], [-0.8, 0.5, -0.7], [-0.9, -0.9, -0.9]])


def flags(n):
    c = PALETTE[torch.randint(6, (n, 3))]
    img = c.repeat_interleave(4, 1).permute(0, 2, 1)[:, :, :, None].expand(-1, -1, -1, 12)
    turn = torch.rand(n, 1, 1, 1) < 0.5
    return torch.where(turn, img, img.transpose(2, 3)) + 0.03 * torch.randn(n, 3, 12, 12)


class Painter(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(16, 48 * 9)
        self.c1, self.c2, self.c3 = nn.Conv2d(48, 32, 3, 1, 1), nn.Conv2d(32, 16, 3, 1, 1), nn.Conv2d(16, 3, 1)

    def forward(self, z):
        h = F.relu(self.fc(z)).view(-1, 48, 3, 3)
        h = F.relu(self.c1(F.interpolate(h, scale_factor=2)))
        h = F.relu(self.c2(F.interpolate(h, scale_factor=2)))
        return torch.tanh(self.c3(h))


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c2 = nn.Conv2d(3, 16, 4, 2, 1), nn.Conv2d(16, 32, 4, 2, 1)
        self.fc = nn.Linear(32 * 9, 1)

    def forward(self, x):
        h = F.leaky_relu(self.c1(x), 0.2)
        h = F.leaky_relu(self.c2(h), 0.2)
        return torch.sigmoid(self.fc(h.flatten(1))).squeeze(1)


def train(args):
    torch.manual_seed(args.seed)
    os.makedirs(args.out, exist_ok=True)
    np.save(f"{args.out}/real.npy", flags(4000).numpy())
    painter, critic = Painter(), Critic()
    optimizer = {
        painter: torch.optim.Adam(painter.parameters(), lr=2e-3, betas=(0.5, 0.999)),
        critic: torch.optim.Adam(critic.parameters(), lr=2e-4, betas=(0.5, 0.999)),
    }

    def descend(model, loss):
        optimizer[model].zero_grad()
        loss.backward()
        optimizer[model].step()
        return loss.item()

    z_fixed = torch.randn(1000, 16)
    for step in range(args.steps):
        with torch.no_grad():
            fake = painter(torch.randn(32, 16))
        p_real, p_fake = critic(flags(32)), critic(fake)
        d = descend(critic, F.binary_cross_entropy(p_real, torch.ones(32)) + F.binary_cross_entropy(p_fake, torch.zeros(32)))
        g = descend(painter, F.binary_cross_entropy(critic(painter(torch.randn(32, 16))), torch.ones(32)))
        if step % (args.steps // 12) == 0 or step == args.steps - 1:
            print(f"step {step:>5} d_loss={d:.4f} g_loss={g:.4f}")
            with torch.no_grad():
                np.save(f"{args.out}/gen_{step:06d}.npy", painter(z_fixed).numpy())


if __name__ == "__main__":
    cli = argparse.ArgumentParser()
    cli.add_argument("--seed", type=int, default=0)
    cli.add_argument("--steps", type=int, default=2200)
    cli.add_argument("--out", default="out")
    train(cli.parse_args())
