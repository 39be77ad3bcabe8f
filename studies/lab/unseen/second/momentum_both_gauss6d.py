"""A correlated 6-D Gaussian; both players by SGD with momentum 0.95, simultaneous steps; WGAN with a loose clip (0.5)."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn

D_X = 6


class Game:
    def __init__(self, seed):
        torch.manual_seed(seed)
        self.chol = torch.tril(torch.randn(D_X, D_X)) * 0.4 + 0.5 * torch.eye(D_X)
        self.mean = torch.randn(D_X)
        self.player = nn.Sequential(nn.Linear(D_X, 32), nn.Tanh(), nn.Linear(32, D_X))
        self.judge = nn.Sequential(nn.Linear(D_X, 32), nn.Tanh(), nn.Linear(32, 1))
        self.opt_p = torch.optim.SGD(self.player.parameters(), lr=0.02, momentum=0.95)
        self.opt_j = torch.optim.SGD(self.judge.parameters(), lr=0.02, momentum=0.95)

    def data(self, n):
        return torch.randn(n, D_X) @ self.chol.T + self.mean

    def play(self, n=128):
        fake = self.player(torch.randn(n, D_X))
        value = self.judge(self.data(n)).mean() - self.judge(fake).mean()
        grads_p = torch.autograd.grad(value, list(self.player.parameters()), retain_graph=True)
        grads_j = torch.autograd.grad(-value, list(self.judge.parameters()))
        for p, g in zip(self.player.parameters(), grads_p):
            p.grad = g
        for p, g in zip(self.judge.parameters(), grads_j):
            p.grad = g
        self.opt_p.step()
        self.opt_j.step()
        with torch.no_grad():
            for p in self.judge.parameters():
                p.clamp_(-0.5, 0.5)
        return value.item()


if __name__ == "__main__":
    cli = argparse.ArgumentParser()
    cli.add_argument("--seed", type=int, default=0)
    cli.add_argument("--turns", type=int, default=6000)
    cli.add_argument("--out", default="out")
    cli = cli.parse_args()
    os.makedirs(cli.out, exist_ok=True)
    game = Game(cli.seed)
    np.save(cli.out + "/real.npy", game.data(4000).numpy())
    z = torch.randn(1000, D_X)
    for turn in range(cli.turns):
        v = game.play()
        if turn % (cli.turns // 14) == 0 or turn == cli.turns - 1:
            print("turn", turn, "value", round(v, 4))
            np.save(cli.out + "/gen_%06d.npy" % turn, game.player(z).detach().numpy())
