"""Fully connected MNIST GAN, non-saturating, a big discriminator that is nearly always right."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn
from torchvision import datasets, transforms

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--steps", type=int, default=2500)
parser.add_argument("--out", default="out")
args = parser.parse_args()
torch.manual_seed(args.seed)
os.makedirs(args.out, exist_ok=True)

train_set = datasets.MNIST(
    root=os.environ["GANDIAG_DATA"], train=True,
    transform=transforms.Compose([transforms.ToTensor(), transforms.Normalize(mean=(0.5,), std=(0.5,))]),
)
images = torch.stack([train_set[i][0] for i in range(8000)]).view(-1, 784)
np.save(f"{args.out}/real.npy", images[:2000].numpy().reshape(-1, 1, 28, 28))

G = nn.Sequential(
    nn.Linear(64, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Linear(256, 384), nn.BatchNorm1d(384), nn.ReLU(),
    nn.Linear(384, 784), nn.Tanh(),
)
D = nn.Sequential(
    nn.Linear(784, 384), nn.LeakyReLU(0.2), nn.Linear(384, 256), nn.LeakyReLU(0.2), nn.Linear(256, 1), nn.Sigmoid()
)
criterion = nn.BCELoss()
G_optimizer = torch.optim.Adam(G.parameters(), lr=0.0002, betas=(0.5, 0.999))
D_optimizer = torch.optim.Adam(D.parameters(), lr=0.0004, betas=(0.5, 0.999))
fixed = torch.randn(1000, 64)


def D_train(x):
    D.zero_grad()
    D_real = D(x)
    D_fake = D(G(torch.randn(64, 64)).detach())
    D_loss = criterion(D_real, torch.ones(64, 1)) + criterion(D_fake, torch.zeros(64, 1))
    D_loss.backward()
    D_optimizer.step()
    acc = 0.5 * ((D_real > 0.5).float().mean() + (D_fake < 0.5).float().mean())
    return D_loss.item(), acc.item()


def G_train():
    G.zero_grad()
    G_loss = criterion(D(G(torch.randn(64, 64))), torch.ones(64, 1))
    G_loss.backward()
    G_optimizer.step()
    return G_loss.item()


for step in range(args.steps):
    d, acc = D_train(images[torch.randint(len(images), (64,))])
    g = G_train()
    if step % (args.steps // 12) == 0 or step == args.steps - 1:
        print(f"[{step}] loss_d: {d:.3f}, loss_g: {g:.3f}, accuracy of D: {acc:.3f}")
        G.eval()
        with torch.no_grad():
            np.save(f"{args.out}/gen_{step:06d}.npy", G(fixed).numpy().reshape(-1, 1, 28, 28))
        G.train()
