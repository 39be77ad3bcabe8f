"""WGAN with weight clipping on flat MNIST; clip value a little small, to be on the safe side."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn
from torchvision import datasets

ap = argparse.ArgumentParser()
ap.add_argument("--seed", type=int, default=0)
ap.add_argument("--iters", type=int, default=800)
ap.add_argument("--clip_value", type=float, default=0.0005)
ap.add_argument("--n_critic", type=int, default=5)
ap.add_argument("--lr", type=float, default=0.00005)
ap.add_argument("--out", default="out")
opt = ap.parse_args()
torch.manual_seed(opt.seed)
os.makedirs(opt.out, exist_ok=True)

X = datasets.MNIST(os.environ["GANDIAG_DATA"], train=True).data[:10000].float().view(-1, 784) / 127.5 - 1
np.save(f"{opt.out}/real.npy", X[:2000].numpy().reshape(-1, 1, 28, 28))
generator = nn.Sequential(
    nn.Linear(64, 128), nn.LeakyReLU(0.2), nn.Linear(128, 256), nn.BatchNorm1d(256), nn.LeakyReLU(0.2),
    nn.Linear(256, 784), nn.Tanh(),
)
discriminator = nn.Sequential(
    nn.Linear(784, 256), nn.LeakyReLU(0.2), nn.Linear(256, 128), nn.LeakyReLU(0.2), nn.Linear(128, 1)
)
optimizer_G = torch.optim.RMSprop(generator.parameters(), lr=opt.lr)
optimizer_D = torch.optim.RMSprop(discriminator.parameters(), lr=opt.lr)
z_fix = torch.randn(1000, 64)

for it in range(opt.iters):
    for _ in range(opt.n_critic):
        imgs = X[torch.randint(len(X), (64,))]
        optimizer_D.zero_grad()
        fake_imgs = generator(torch.randn(64, 64)).detach()
        loss_D = -torch.mean(discriminator(imgs)) + torch.mean(discriminator(fake_imgs))
        loss_D.backward()
        optimizer_D.step()
        for p in discriminator.parameters():
            p.data.clamp_(-opt.clip_value, opt.clip_value)
    optimizer_G.zero_grad()
    loss_G = -torch.mean(discriminator(generator(torch.randn(64, 64))))
    loss_G.backward()
    optimizer_G.step()
    if it % (opt.iters // 12) == 0 or it == opt.iters - 1:
        norm = sum(p.grad.pow(2).sum() for p in generator.parameters()).sqrt().item()
        print("[%d] [D loss: %.3e] [G loss: %.3e] [G grad %.2e]" % (it, loss_D.item(), loss_G.item(), norm))
        with torch.no_grad():
            np.save(f"{opt.out}/gen_{it:06d}.npy", generator(z_fix).numpy().reshape(-1, 1, 28, 28))
