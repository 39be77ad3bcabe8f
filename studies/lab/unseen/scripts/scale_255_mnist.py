"""MNIST GAN; the images come as bytes (0..255), the generator ends in tanh."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset
from torchvision.datasets import MNIST


def get_loader(batch):
    images = MNIST(os.environ["GANDIAG_DATA"], train=True).data[:10000].float().unsqueeze(1)
    return images, DataLoader(TensorDataset(images), batch_size=batch, shuffle=True, drop_last=True)


class G(nn.Module):
    def __init__(self, latent=50):
        super().__init__()
        self.latent = latent
        self.stack = nn.Sequential(
            nn.Linear(latent, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 784), nn.Tanh()
        )

    def forward(self, z):
        return self.stack(z).reshape(-1, 1, 28, 28)


class D(nn.Module):
    def __init__(self):
        super().__init__()
        self.stack = nn.Sequential(
            nn.Flatten(), nn.Linear(784, 256), nn.LeakyReLU(0.1), nn.Linear(256, 64), nn.LeakyReLU(0.1), nn.Linear(64, 1)
        )

    def forward(self, x):
        return self.stack(x)


def train(args):
    images, loader = get_loader(64)
    np.save(f"{args.out}/real.npy", images[:2000].numpy())
    g, d = G(), D()
    adam = dict(lr=3e-4, betas=(0.5, 0.999))
    og, od = torch.optim.Adam(g.parameters(), **adam), torch.optim.Adam(d.parameters(), **adam)
    bce = nn.BCEWithLogitsLoss()
    z_fixed, step = torch.randn(1000, 50), 0
    while True:
        for (x,) in loader:
            real_logits, fake = d(x), g(torch.randn(len(x), g.latent))
            fake_logits = d(fake.detach())
            loss = bce(real_logits, torch.ones_like(real_logits)) + bce(fake_logits, torch.zeros_like(fake_logits))
            od.zero_grad()
            loss.backward()
            od.step()
            logits = d(fake)
            g_loss = bce(logits, torch.ones_like(logits))
            og.zero_grad()
            g_loss.backward()
            og.step()
            if step % (args.steps // 12) == 0 or step == args.steps - 1:
                acc = ((real_logits > 0).float().mean() + (fake_logits < 0).float().mean()) / 2
                print(f"step {step} loss_d {loss.item():.4f} loss_g {g_loss.item():.3f} acc {acc.item():.2f}")
                with torch.no_grad():
                    np.save(f"{args.out}/gen_{step:06d}.npy", g(z_fixed).numpy())
            step += 1
            if step == args.steps:
                return


if __name__ == "__main__":
    cli = argparse.ArgumentParser()
    cli.add_argument("--seed", type=int, default=0)
    cli.add_argument("--steps", type=int, default=2000)
    cli.add_argument("--out", default="out")
    args = cli.parse_args()
    torch.manual_seed(args.seed)
    os.makedirs(args.out, exist_ok=True)
    train(args)
