"""WGAN-GP for scikit-learn's diabetes table (10 columns and the target). Critic with layer normalisation."""
import argparse
import os

import numpy as np
import torch
from sklearn.datasets import load_diabetes
from torch import autograd, nn, optim

N_CRITIC, LAMBDA, BATCH, NZ = 3, 10, 64, 16


def load():
    x, y = load_diabetes(return_X_y=True)
    x = np.c_[x, y]
    return torch.tensor((x - x.mean(0)) / x.std(0)).float()


def critic_net(d):
    return nn.Sequential(nn.Linear(d, 128), nn.LayerNorm(128), nn.LeakyReLU(0.2), nn.Linear(128, 128), nn.LayerNorm(128), nn.LeakyReLU(0.2), nn.Linear(128, 1))


def generator_net(d):
    return nn.Sequential(nn.Linear(NZ, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, d))


def gradient_penalty(critic, real, fake):
    eps = torch.rand(real.size(0), 1)
    mix = (eps * real + (1 - eps) * fake).requires_grad_(True)
    grads, = autograd.grad(critic(mix).sum(), mix, create_graph=True)
    return ((grads.norm(2, dim=1) - 1) ** 2).mean()


def main():
    cli = argparse.ArgumentParser()
    cli.add_argument("--seed", type=int, default=0)
    cli.add_argument("--iterations", type=int, default=2000)
    cli.add_argument("--out", default="out")
    cli = cli.parse_args()
    torch.manual_seed(cli.seed)
    os.makedirs(cli.out, exist_ok=True)
    data = load()
    np.save(cli.out + "/real.npy", data.numpy())
    critic, generator = critic_net(data.shape[1]), generator_net(data.shape[1])
    c_opt = optim.Adam(critic.parameters(), lr=5e-4, betas=(0.0, 0.9))
    g_opt = optim.Adam(generator.parameters(), lr=5e-4, betas=(0.0, 0.9))
    z_eval = torch.randn(1000, NZ)
    for i in range(cli.iterations):
        for _ in range(N_CRITIC):
            real = data[torch.randint(0, len(data), (BATCH,))]
            with torch.no_grad():
                fake = generator(torch.randn(BATCH, NZ))
            w = critic(real).mean() - critic(fake).mean()
            loss_c = -w + LAMBDA * gradient_penalty(critic, real, fake)
            c_opt.zero_grad()
            loss_c.backward()
            c_opt.step()
        loss_g = -critic(generator(torch.randn(BATCH, NZ))).mean()
        g_opt.zero_grad()
        loss_g.backward()
        g_opt.step()
        if i % (cli.iterations // 13) == 0 or i == cli.iterations - 1:
            print("iter %d  W %.4f  G %.4f" % (i, w.item(), loss_g.item()))
            np.save(cli.out + "/gen_%06d.npy" % i, generator(z_eval).detach().numpy())


main()
