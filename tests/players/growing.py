"""A generator that grows while it trains, with a new optimizer."""

# players: g | d

import torch
from torch import nn

torch.manual_seed(0)


class G(nn.Module):
    def __init__(s):
        super().__init__()
        s.blocks = nn.ModuleList([nn.Linear(8, 32)])
        s.out = nn.Linear(32, 20)

    def forward(s, z):
        for b in s.blocks:
            z = torch.relu(b(z))
        return s.out(z)


g, d = G(), nn.Sequential(nn.Linear(20, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
og, od = (torch.optim.Adam(m.parameters(), 1e-3) for m in (g, d))
bce = nn.functional.binary_cross_entropy_with_logits
for i in range(60):
    if i == 30:
        g.blocks.append(nn.Linear(32, 32))
        og = torch.optim.Adam(g.parameters(), 1e-3)
    x, f = torch.tanh(torch.randn(32, 20)), g(torch.randn(32, 8))
    od.zero_grad()
    r, k = d(x), d(f.detach())
    (bce(r, torch.ones_like(r)) + bce(k, torch.zeros_like(k))).backward()
    od.step()
    og.zero_grad()
    k = d(f)
    bce(k, torch.ones_like(k)).backward()
    og.step()
