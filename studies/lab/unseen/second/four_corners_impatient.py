"""Four corners of a square; three updates of G per update of D since 'G always lags'; RMSprop; minimax softplus."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn


def corners(n):
    return torch.randint(0, 2, (n, 2)) * 4.0 - 2 + 0.15 * torch.randn(n, 2)


def sigmoid_ce(logits, target):
    return nn.functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))


class Net(nn.Module):
    def __init__(self, dims):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(dims, dims[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=1300)
    parser.add_argument("--g_updates", type=int, default=3)
    parser.add_argument("--out", default="out")
    a = parser.parse_args()
    torch.manual_seed(a.seed)
    os.makedirs(a.out, exist_ok=True)
    np.save(a.out + "/real.npy", corners(4000).numpy())
    G, D = Net([2, 64, 64, 2]), Net([2, 64, 64, 1])
    opt_g = torch.optim.RMSprop(G.parameters(), lr=1e-3)
    opt_d = torch.optim.RMSprop(D.parameters(), lr=1e-3)
    z_plot = torch.randn(1000, 2)
    r = 0
    while r < a.rounds:
        loss_d = sigmoid_ce(D(corners(100)), 1.0) + sigmoid_ce(D(G(torch.randn(100, 2)).detach()), 0.0)
        opt_d.zero_grad()
        loss_d.backward()
        opt_d.step()
        for _ in range(a.g_updates):
            loss_g = sigmoid_ce(D(G(torch.randn(100, 2))), 1.0)
            opt_g.zero_grad()
            loss_g.backward()
            opt_g.step()
        if r % (a.rounds // 13) == 0 or r == a.rounds - 1:
            print(f"round {r}, loss_d {loss_d.item():.3f}, loss_g {loss_g.item():.3f}")
            np.save(a.out + f"/gen_{r:06d}.npy", G(z_plot).detach().numpy())
        r += 1
