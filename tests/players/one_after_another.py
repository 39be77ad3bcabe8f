"""Two GANs, one after another."""

# players: G | D

import torch
from torch import nn

torch.manual_seed(0)
bce = nn.functional.binary_cross_entropy_with_logits


def train(lr):
    G = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 20))
    D = nn.Sequential(nn.Linear(20, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
    og, od = (torch.optim.Adam(m.parameters(), lr) for m in (G, D))
    for i in range(40):
        x, f = torch.randn(32, 20), G(torch.randn(32, 8))
        od.zero_grad()
        r, k = D(x), D(f.detach())
        (bce(r, torch.ones_like(r)) + bce(k, torch.zeros_like(k))).backward()
        od.step()
        og.zero_grad()
        k = D(f)
        bce(k, torch.ones_like(k)).backward()
        og.step()


for lr in (1e-3, 1e-4, 1e-5):
    train(lr)
