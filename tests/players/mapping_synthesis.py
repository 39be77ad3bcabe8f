"""A generator whose two parts are called one after another."""

# players: G | D

import torch
from torch import nn

torch.manual_seed(0)


class Gen(nn.Module):
    def __init__(s):
        super().__init__()
        s.mapping = nn.Sequential(nn.Linear(8, 32), nn.LeakyReLU(0.2), nn.Linear(32, 16), nn.LeakyReLU(0.2))
        s.synthesis = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 20))

    def forward(s, z):
        return s.synthesis(s.mapping(z))


G, D = Gen(), nn.Sequential(nn.Linear(20, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
og, od = (torch.optim.Adam(m.parameters(), 1e-3) for m in (G, D))
F = nn.functional


def run_G(z):
    return G.synthesis(G.mapping(z))


for i in range(60):
    x = torch.randn(32, 20)
    og.zero_grad()
    F.softplus(-D(run_G(torch.randn(32, 8)))).mean().backward()
    og.step()
    od.zero_grad()
    F.softplus(D(run_G(torch.randn(32, 8)).detach())).mean().backward()
    F.softplus(-D(x)).mean().backward()
    od.step()
