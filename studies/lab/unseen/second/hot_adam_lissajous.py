"""Lissajous curve; LSGAN with a learning rate of 0.02 for both (the author's notebook: 'Adam adapts it anyway')."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim

ap = argparse.ArgumentParser()
ap.add_argument("--seed", type=int, default=0)
ap.add_argument("--num_steps", type=int, default=3500)
ap.add_argument("--out", default="out")
FLAGS = ap.parse_args()
torch.manual_seed(FLAGS.seed)
os.makedirs(FLAGS.out, exist_ok=True)


def next_batch(n=128):
    t = torch.rand(n) * 2 * np.pi
    return torch.stack((torch.sin(3 * t), torch.sin(2 * t)), 1) * 1.5 + torch.randn(n, 2) * 0.03


class GeneratorNet(nn.Module):
    def __init__(self):
        super(GeneratorNet, self).__init__()
        self.hidden0 = nn.Sequential(nn.Linear(2, 64), nn.LeakyReLU(0.2))
        self.hidden1 = nn.Sequential(nn.Linear(64, 64), nn.LeakyReLU(0.2))
        self.out = nn.Linear(64, 2)

    def forward(self, x):
        return self.out(self.hidden1(self.hidden0(x)))


class DiscriminatorNet(nn.Module):
    def __init__(self):
        super(DiscriminatorNet, self).__init__()
        self.hidden0 = nn.Sequential(nn.Linear(2, 64), nn.LeakyReLU(0.2))
        self.hidden1 = nn.Sequential(nn.Linear(64, 64), nn.LeakyReLU(0.2))
        self.out = nn.Linear(64, 1)

    def forward(self, x):
        return self.out(self.hidden1(self.hidden0(x)))


generator, discriminator = GeneratorNet(), DiscriminatorNet()
g_optimizer = optim.Adam(generator.parameters(), lr=0.02)
d_optimizer = optim.Adam(discriminator.parameters(), lr=0.02)
mse = nn.MSELoss()
test_noise = torch.randn(1000, 2)
np.save(FLAGS.out + "/real.npy", next_batch(4000).numpy())


def train_discriminator(real, fake):
    d_optimizer.zero_grad()
    error_real = mse(discriminator(real), torch.ones(len(real), 1))
    error_real.backward()
    error_fake = mse(discriminator(fake), torch.zeros(len(fake), 1))
    error_fake.backward()
    d_optimizer.step()
    return (error_real + error_fake).item()


def train_generator(fake):
    g_optimizer.zero_grad()
    error = mse(discriminator(fake), torch.ones(len(fake), 1))
    error.backward()
    g_optimizer.step()
    return error.item()


for n in range(FLAGS.num_steps):
    d_error = train_discriminator(next_batch(), generator(torch.randn(128, 2)).detach())
    g_error = train_generator(generator(torch.randn(128, 2)))
    if n % (FLAGS.num_steps // 14) == 0 or n == FLAGS.num_steps - 1:
        print("Step %d: d %.4f g %.4f" % (n, d_error, g_error))
        np.save(FLAGS.out + "/gen_%06d.npy" % n, generator(test_noise).data.numpy())
