"""InfoGAN: the code is recovered by a head on the discriminator's trunk, which the generator's optimizer trains."""

# players: G | D

import itertools

import torch
from torch import nn

torch.manual_seed(0)
F = nn.functional


class Trunk(nn.Module):
    def __init__(s):
        super().__init__()
        s.f = nn.Sequential(nn.Linear(20, 32), nn.LeakyReLU(0.1))
        s.score, s.code = nn.Linear(32, 1), nn.Linear(32, 4)

    def forward(s, x):
        h = s.f(x)
        return s.score(h), s.code(h)


G, D = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 20), nn.Tanh()), Trunk()
og = torch.optim.Adam(itertools.chain(G.parameters(), D.code.parameters()), 1e-3)
od = torch.optim.Adam(itertools.chain(D.f.parameters(), D.score.parameters()), 1e-3)
for i in range(30):
    c = torch.randint(0, 4, (32,))
    f = G(torch.cat([torch.randn(32, 8), F.one_hot(c, 4)], 1))
    od.zero_grad()
    (F.softplus(-D(torch.tanh(torch.randn(32, 20)))[0]).mean() + F.softplus(D(f.detach())[0]).mean()).backward()
    od.step()
    og.zero_grad()
    score, code = D(f)
    (F.softplus(-score).mean() + F.cross_entropy(code, c)).backward()
    og.step()
