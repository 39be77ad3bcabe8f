"""InfoGAN: Q is a network of its own that shares the discriminator's trunk, and is trained with the generator."""

# players: G | D

import torch
from torch import nn

torch.manual_seed(0)
F = nn.functional
trunk = nn.Sequential(nn.Linear(20, 32), nn.LeakyReLU(0.1))
G = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 20), nn.Tanh())
D, Q = nn.Sequential(trunk, nn.Linear(32, 1)), nn.Sequential(trunk, nn.Linear(32, 4))
og = torch.optim.Adam(G.parameters(), 1e-3)
oi = torch.optim.Adam([*G.parameters(), *Q.parameters()], 1e-3)
od = torch.optim.Adam(D.parameters(), 1e-3)
for i in range(30):
    c = torch.randint(0, 4, (32,))
    z = torch.cat([torch.randn(32, 8), F.one_hot(c, 4)], 1)
    f = G(z)
    od.zero_grad()
    (F.softplus(-D(torch.tanh(torch.randn(32, 20)))).mean() + F.softplus(D(f.detach())).mean()).backward()
    od.step()
    og.zero_grad()
    F.softplus(-D(f)).mean().backward()
    og.step()
    oi.zero_grad()
    F.cross_entropy(Q(G(z)), c).backward()
    oi.step()
