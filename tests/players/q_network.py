"""A network of its own that reads the code from generated samples alone."""

# players: G | D

import torch
from torch import nn

torch.manual_seed(0)
F = nn.functional
G = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 20), nn.Tanh())
D, Q = (nn.Sequential(nn.Linear(20, 32), nn.LeakyReLU(0.2), nn.Linear(32, n)) for n in (1, 4))
og, od, oq = (torch.optim.Adam(m.parameters(), 1e-3) for m in (G, D, Q))
for i in range(60):
    c = torch.randint(0, 4, (32,))
    f = G(torch.cat([torch.randn(32, 8), F.one_hot(c, 4)], 1))
    od.zero_grad()
    (F.softplus(-D(torch.tanh(torch.randn(32, 20)))).mean() + F.softplus(D(f.detach())).mean()).backward()
    od.step()
    og.zero_grad()
    oq.zero_grad()
    (F.softplus(-D(f)).mean() + F.cross_entropy(Q(f), c)).backward()
    og.step()
    oq.step()
