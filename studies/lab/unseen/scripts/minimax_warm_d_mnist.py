"""The original minimax objective; the discriminator is warmed up before the game starts."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torchvision import datasets, transforms


class GNet(nn.Module):
    def __init__(self, z_dim=100, hidden=256):
        super().__init__()
        self.fc1 = nn.Linear(z_dim, hidden)
        self.fc2 = nn.Linear(hidden, hidden * 2)
        self.fc3 = nn.Linear(hidden * 2, 784)

    def forward(self, z):
        h = F.leaky_relu(self.fc1(z), 0.2)
        h = F.leaky_relu(self.fc2(h), 0.2)
        return torch.sigmoid(self.fc3(h))


class DNet(nn.Module):
    def __init__(self, hidden=256):
        super().__init__()
        self.fc1 = nn.Linear(784, hidden * 2)
        self.fc2 = nn.Linear(hidden * 2, hidden)
        self.fc3 = nn.Linear(hidden, 1)

    def forward(self, x):
        h = F.leaky_relu(self.fc1(x), 0.2)
        h = F.leaky_relu(self.fc2(h), 0.2)
        return torch.sigmoid(self.fc3(h))


class Trainer:
    def __init__(self, args):
        self.args = args
        torch.manual_seed(args.seed)
        data = datasets.MNIST(os.environ["GANDIAG_DATA"], train=True, transform=transforms.ToTensor())
        self.images = data.data[:12000].reshape(-1, 784).float() / 255
        self.gen, self.disc = GNet(), DNet()
        self.opt_g = torch.optim.Adam(self.gen.parameters(), lr=1e-4)
        self.opt_d = torch.optim.Adam(self.disc.parameters(), lr=4e-4)
        self.z = torch.randn(1000, 100)
        os.makedirs(args.out, exist_ok=True)
        np.save(os.path.join(args.out, "real.npy"), self.images[:2000].numpy().reshape(-1, 1, 28, 28))

    def batch(self, n=64):
        return self.images[torch.randint(len(self.images), (n,))], torch.randn(n, 100)

    def step_d(self):
        x, z = self.batch()
        p_real, p_fake = self.disc(x), self.disc(self.gen(z).detach())
        loss = -(torch.log(p_real + 1e-8) + torch.log(1 - p_fake + 1e-8)).mean()
        self.opt_d.zero_grad()
        loss.backward()
        self.opt_d.step()
        return loss.item(), p_real.mean().item(), p_fake.mean().item()

    def step_g(self):
        _, z = self.batch()
        loss = torch.log(1 - self.disc(self.gen(z)) + 1e-8).mean()
        self.opt_g.zero_grad()
        loss.backward()
        self.opt_g.step()
        return loss.item()

    def fit(self):
        for _ in range(500):
            self.step_d()
        for it in range(self.args.iters):
            for _ in range(2):
                d, pr, pf = self.step_d()
            g = self.step_g()
            if it % (self.args.iters // 12) == 0 or it == self.args.iters - 1:
                print(f"it {it} D {d:.5f} G {g:.5f} D(x) {pr:.4f} D(G(z)) {pf:.6f}")
                with torch.no_grad():
                    fake = self.gen(self.z).numpy().reshape(-1, 1, 28, 28)
                np.save(os.path.join(self.args.out, f"gen_{it:06d}.npy"), fake)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--iters", type=int, default=1500)
    parser.add_argument("--out", default="out")
    Trainer(parser.parse_args()).fit()
