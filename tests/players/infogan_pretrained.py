"""A discriminator with a head that has an optimizer of its own, first shown real samples alone."""

# players: G | D

import torch
from torch import nn

torch.manual_seed(0)
F = nn.functional


class Disc(nn.Module):
    def __init__(s):
        super().__init__()
        s.f = nn.Sequential(nn.Linear(20, 32), nn.LeakyReLU(0.1))
        s.score, s.code = nn.Linear(32, 1), nn.Linear(32, 4)

    def forward(s, x):
        h = s.f(x)
        return s.score(h), s.code(h)


G, D = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 20), nn.Tanh()), Disc()
og, oq = (torch.optim.Adam(m.parameters(), 1e-3) for m in (G, D.code))
od = torch.optim.Adam([*D.f.parameters(), *D.score.parameters()], 1e-3)


def real():
    return torch.tanh(torch.randn(32, 20))


for i in range(4):
    od.zero_grad()
    F.softplus(-D(real())[0]).mean().backward()
    od.step()
for i in range(30):
    c = torch.randint(0, 4, (32,))
    f = G(torch.cat([torch.randn(32, 8), F.one_hot(c, 4)], 1))
    od.zero_grad()
    (F.softplus(-D(real())[0]).mean() + F.softplus(D(f.detach())[0]).mean()).backward()
    od.step()
    og.zero_grad()
    oq.zero_grad()
    score, code = D(f)
    (F.softplus(-score).mean() + F.cross_entropy(code, c)).backward()
    oq.step()
    og.step()
