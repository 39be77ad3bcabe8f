from collections import namedtuple

import torch
from torch import nn

Optimizers = namedtuple("Optimizers", "g d")


def build(latent, size):
    G = nn.Sequential(nn.Linear(latent, 24), nn.LayerNorm(24), nn.ReLU(), nn.Linear(24, size))
    D = nn.Sequential(nn.Linear(size, 24), nn.LeakyReLU(0.2), nn.Linear(24, 1))
    return G, D


def optimizers(G, D, lr=1e-3):
    return Optimizers(torch.optim.Adam(G.parameters(), lr=lr), torch.optim.Adam(D.parameters(), lr=lr))
