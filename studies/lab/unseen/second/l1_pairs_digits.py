"""pix2pix-like: label map in, 8x8 digit out, BCE plus 100 x L1 to a real digit of the class; noise is added to the input."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

LAMBDA_L1 = 100.0


class UNetLet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(11, 32, 3, 1, 1), nn.LeakyReLU(0.2), nn.Conv2d(32, 48, 4, 2, 1), nn.BatchNorm2d(48), nn.LeakyReLU(0.2))
        self.mid = nn.Sequential(nn.Conv2d(48, 48, 4, 2, 1), nn.LeakyReLU(0.2), nn.ConvTranspose2d(48, 48, 4, 2, 1), nn.BatchNorm2d(48), nn.ReLU())
        self.up = nn.Sequential(nn.ConvTranspose2d(96, 32, 4, 2, 1), nn.BatchNorm2d(32), nn.ReLU(), nn.Conv2d(32, 1, 3, 1, 1), nn.Tanh())

    def forward(self, y, z):
        maps = nn.functional.one_hot(y, 10).float()[:, :, None, None].expand(-1, -1, 8, 8)
        h = self.down(torch.cat([maps, z], 1))
        return self.up(torch.cat([h, self.mid(h)], 1))


class PatchD(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(11, 32, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(32, 64, 3, 1, 1), nn.LeakyReLU(0.2), nn.Conv2d(64, 1, 3, 1, 1))

    def forward(self, x, y):
        maps = nn.functional.one_hot(y, 10).float()[:, :, None, None].expand(-1, -1, 8, 8)
        return self.net(torch.cat([x, maps], 1))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=48)
    parser.add_argument("--out", default="out")
    opt = parser.parse_args()
    torch.manual_seed(opt.seed)
    os.makedirs(opt.out, exist_ok=True)
    data = load_digits()
    images, labels = torch.tensor(data.images[:, None] / 8 - 1).float(), torch.tensor(data.target)
    np.save(opt.out + "/real.npy", images.numpy())
    np.save(opt.out + "/real_labels.npy", data.target)
    netG, netD = UNetLet(), PatchD()
    gan_loss, l1 = nn.BCEWithLogitsLoss(), nn.L1Loss()
    optimizer_G = torch.optim.Adam(netG.parameters(), lr=3e-4, betas=(0.5, 0.999))
    optimizer_D = torch.optim.Adam(netD.parameters(), lr=3e-4, betas=(0.5, 0.999))
    z_test, y_test = torch.randn(1000, 1, 8, 8), torch.arange(1000) % 10
    np.save(opt.out + "/gen_labels.npy", y_test.numpy())
    for epoch in range(opt.epochs):
        for idx in torch.randperm(len(images)).split(48):
            real, y = images[idx], labels[idx]
            fake = netG(y, torch.randn(len(idx), 1, 8, 8))
            p_fake, p_real = netD(fake.detach(), y), netD(real, y)
            loss_D = 0.5 * (gan_loss(p_fake, torch.zeros_like(p_fake)) + gan_loss(p_real, torch.ones_like(p_real)))
            optimizer_D.zero_grad()
            loss_D.backward()
            optimizer_D.step()
            p = netD(fake, y)
            loss_G = gan_loss(p, torch.ones_like(p)) + LAMBDA_L1 * l1(fake, real)
            optimizer_G.zero_grad()
            loss_G.backward()
            optimizer_G.step()
        if epoch % 4 == 0 or epoch == opt.epochs - 1:
            print(f"(epoch {epoch}) D: {loss_D.item():.3f} G: {loss_G.item():.3f} L1: {l1(fake, real).item():.3f}")
            netG.eval()
            with torch.no_grad():
                np.save(opt.out + f"/gen_{epoch:06d}.npy", netG(y_test, z_test).numpy())
            netG.train()
