"""Sawtooth and square waves (32 samples). All-ReLU 1-D conv discriminator, SGD with momentum for it, Adam for G."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn


def waves(n):
    t = torch.arange(32) / 32.0
    period = 0.3 + 0.4 * torch.rand(n, 1)
    phase = torch.rand(n, 1)
    saw = 2 * ((t / period + phase) % 1) - 1
    return torch.where(torch.rand(n, 1) < 0.5, saw, torch.sign(saw) * 0.8) + 0.03 * torch.randn(n, 32)


class G(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(16, 256)
        self.fc2 = nn.Linear(256, 256)
        self.fc3 = nn.Linear(256, 32)

    def forward(self, z):
        x = torch.relu(self.fc1(z))
        x = torch.relu(self.fc2(x))
        return self.fc3(x)


class D(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(1, 16, 5, stride=2)
        self.conv2 = nn.Conv1d(16, 32, 5, stride=2)
        self.fc1 = nn.Linear(32 * 5, 32)
        self.fc2 = nn.Linear(32, 1)

    def forward(self, x):
        x = torch.relu(self.conv1(x.unsqueeze(1)))
        x = torch.relu(self.conv2(x))
        x = torch.relu(self.fc1(x.flatten(1)))
        return torch.sigmoid(self.fc2(x))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--epochs", type=int, default=26)
    ap.add_argument("--lr_d", type=float, default=0.03)
    ap.add_argument("--out", default="out")
    a = ap.parse_args()
    torch.manual_seed(a.seed)
    os.makedirs(a.out, exist_ok=True)
    data = waves(4096)
    np.save(a.out + "/real.npy", data.numpy())
    g, d, criterion = G(), D(), nn.BCELoss()
    og = torch.optim.Adam(g.parameters(), lr=2e-4)
    od = torch.optim.SGD(d.parameters(), lr=a.lr_d, momentum=0.9)
    z_vis = torch.randn(1000, 16)
    for epoch in range(a.epochs):
        for chunk in data[torch.randperm(4096)].split(64):
            real_label, fake_label = torch.ones(64, 1), torch.zeros(64, 1)
            d.zero_grad()
            err_real = criterion(d(chunk), real_label)
            err_real.backward()
            fake = g(torch.randn(64, 16))
            err_fake = criterion(d(fake.detach()), fake_label)
            err_fake.backward()
            od.step()
            g.zero_grad()
            err_g = criterion(d(fake), real_label)
            err_g.backward()
            og.step()
        if epoch % 2 == 0 or epoch == a.epochs - 1:
            print("epoch", epoch, "errD", (err_real + err_fake).item(), "errG", err_g.item())
            np.save(a.out + "/gen_%06d.npy" % epoch, g(z_vis).detach().numpy())


if __name__ == "__main__":
    main()
