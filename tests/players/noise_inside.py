"""A generator that is told how many samples to make, and draws its noise itself."""

# players: g | d

import torch
from torch import nn

torch.manual_seed(0)


class G(nn.Module):
    def __init__(s):
        super().__init__()
        s.net = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 20))

    def forward(s, n):
        return s.net(torch.randn(n, 8))


g, d = G(), nn.Sequential(nn.Linear(20, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
og, od = (torch.optim.Adam(m.parameters(), 1e-3) for m in (g, d))
bce = nn.functional.binary_cross_entropy_with_logits
for i in range(260):
    x, f = torch.randn(32, 20), g(32)
    od.zero_grad()
    r, k = d(x), d(f.detach())
    (bce(r, torch.ones_like(r)) + bce(k, torch.zeros_like(k))).backward()
    od.step()
    og.zero_grad()
    k = d(f)
    bce(k, torch.ones_like(k)).backward()
    og.step()
