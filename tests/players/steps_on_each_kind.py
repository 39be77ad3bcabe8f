"""The discriminator steps on real samples, and then on generated ones."""

# players: G | D

import torch
from torch import nn

torch.manual_seed(0)
G = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 20), nn.Tanh())
D = nn.Sequential(nn.Linear(20, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
og, od = (torch.optim.Adam(m.parameters(), 1e-3) for m in (G, D))
bce = nn.functional.binary_cross_entropy_with_logits
n_critic = 1
for i in range(60):
    x = torch.tanh(torch.randn(32, 20))
    one, zero = torch.ones(32, 1), torch.zeros(32, 1)
    od.zero_grad()
    bce(D(x), one).backward()
    od.step()
    f = G(torch.randn(32, 8))
    od.zero_grad()
    bce(D(f.detach()), zero).backward()
    od.step()
    og.zero_grad()
    bce(D(f), one).backward()
    og.step()
