"""Self-supervised: another head on the discriminator's trunk tells by how much images were turned."""

# players: G | D

import torch
from torch import nn

torch.manual_seed(0)
F = nn.functional


class Disc(nn.Module):
    def __init__(s):
        super().__init__()
        s.f = nn.Sequential(nn.Conv2d(1, 8, 3, 2, 1), nn.LeakyReLU(0.2), nn.Flatten())
        s.judge, s.turn = nn.Linear(128, 1), nn.Linear(128, 4)

    def forward(s, x):
        h = s.f(x)
        return s.judge(h), s.turn(h)


G, D = nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Unflatten(1, (1, 8, 8))), Disc()
og, od = (torch.optim.Adam(m.parameters(), 1e-3) for m in (G, D))
turns = torch.arange(4).repeat_interleave(16)


def turned(x):
    return torch.cat([torch.rot90(x, k, (2, 3)) for k in range(4)])


for i in range(30):
    x, f = torch.tanh(torch.randn(16, 1, 8, 8) + 1), G(torch.randn(16, 4))
    od.zero_grad()
    judged = F.softplus(-D(x)[0]).mean() + F.softplus(D(f.detach())[0]).mean()
    (judged + F.cross_entropy(D(turned(x))[1], turns)).backward()
    od.step()
    og.zero_grad()
    (F.softplus(-D(f)[0]).mean() + 0.2 * F.cross_entropy(D(turned(f))[1], turns)).backward()
    og.step()
