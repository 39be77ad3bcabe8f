"""Conv GAN on 14x14 MNIST, label smoothing. fastai habit: OneCycleLR, max_lr as the LR finder said for a classifier."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn
from torch.optim.lr_scheduler import OneCycleLR
from torchvision.datasets import MNIST


def conv_block(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 4, 2, 1), nn.LeakyReLU(0.2))


class Learner:
    def __init__(self, images, steps, max_lr, seed):
        torch.manual_seed(seed)
        self.images, self.steps = images, steps
        self.gen = nn.Sequential(
            nn.Linear(32, 48 * 49), nn.Unflatten(1, (48, 7, 7)), nn.BatchNorm2d(48), nn.ReLU(),
            nn.ConvTranspose2d(48, 24, 4, 2, 1), nn.BatchNorm2d(24), nn.ReLU(), nn.Conv2d(24, 1, 3, 1, 1), nn.Tanh(),
        )
        self.disc = nn.Sequential(conv_block(1, 24), conv_block(24, 48), nn.Flatten(), nn.Linear(48 * 9, 1))
        self.opts = [torch.optim.Adam(m.parameters(), lr=1e-4, betas=(0.5, 0.99)) for m in (self.gen, self.disc)]
        self.scheds = [OneCycleLR(o, max_lr=max_lr, total_steps=steps, pct_start=0.6, div_factor=200, cycle_momentum=False) for o in self.opts]
        self.crit = nn.BCEWithLogitsLoss()
        self.z = torch.randn(1000, 32)

    def one_batch(self):
        x = self.images[torch.randint(len(self.images), (64,))]
        fake = self.gen(torch.randn(64, 32))
        ld = self.crit(self.disc(x), torch.full((64, 1), 0.9)) + self.crit(self.disc(fake.detach()), torch.full((64, 1), 0.0))
        self.opts[1].zero_grad()
        ld.backward()
        self.opts[1].step()
        lg = self.crit(self.disc(fake), torch.ones(64, 1))
        self.opts[0].zero_grad()
        lg.backward()
        self.opts[0].step()
        for s in self.scheds:
            s.step()
        return ld.item(), lg.item()

    def fit_one_cycle(self, out):
        for i in range(self.steps):
            ld, lg = self.one_batch()
            if i % (self.steps // 14) == 0 or i == self.steps - 1:
                print(f"{i:5d} lr {self.scheds[0].get_last_lr()[0]:.2e} d {ld:.3f} g {lg:.3f}")
                self.gen.eval()
                np.save(f"{out}/gen_{i:06d}.npy", self.gen(self.z).detach().numpy())
                self.gen.train()


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--steps", type=int, default=1400)
    p.add_argument("--max_lr", type=float, default=0.02)
    p.add_argument("--out", default="out")
    p = p.parse_args()
    os.makedirs(p.out, exist_ok=True)
    images = MNIST(os.environ["GANDIAG_DATA"], train=True).data[:12000, None].float()
    images = nn.functional.avg_pool2d(images, 2) / 127.5 - 1
    np.save(f"{p.out}/real.npy", images[:4000].numpy())
    Learner(images, p.steps, p.max_lr, p.seed).fit_one_cycle(p.out)
