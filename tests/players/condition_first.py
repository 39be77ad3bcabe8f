"""The condition is the discriminator's first input, the sample its second."""

# players: g | d

import torch
from torch import nn

torch.manual_seed(0)


class D(nn.Module):
    def __init__(s):
        super().__init__()
        s.net = nn.Sequential(nn.Linear(20 + 4, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))

    def forward(s, y, x):
        return s.net(torch.cat([y, x], 1))


class G(nn.Module):
    def __init__(s):
        super().__init__()
        s.net = nn.Sequential(nn.Linear(8 + 4, 32), nn.ReLU(), nn.Linear(32, 20), nn.Tanh())

    def forward(s, y, z):
        return s.net(torch.cat([y, z], 1))


g, d = G(), D()
og, od = (torch.optim.Adam(m.parameters(), 1e-3, betas=(0.5, 0.9)) for m in (g, d))
bce = nn.functional.binary_cross_entropy_with_logits
for i in range(260):
    y = nn.functional.one_hot(torch.randint(0, 4, (64,)), 4).float()
    x = torch.tanh(torch.randn(64, 20) * 0.2 + y.repeat(1, 5))
    f = g(y, torch.randn(64, 8))
    od.zero_grad()
    r, k = d(y, x), d(y, f.detach())
    (bce(r, torch.ones_like(r)) + bce(k, torch.zeros_like(k))).backward()
    od.step()
    og.zero_grad()
    k = d(y, f)
    bce(k, torch.ones_like(k)).backward()
    og.step()
with torch.no_grad():
    y = nn.functional.one_hot(torch.randint(0, 4, (512,)), 4).float()
    x, s = torch.tanh(torch.randn(512, 20) * 0.2 + y.repeat(1, 5)), g(y, torch.randn(512, 8))
    print(
        "true diversity:",
        (torch.pdist(s).mean() / torch.pdist(x).mean()).item(),
        " samples over labels:",
        (torch.pdist(s).mean() / torch.pdist(y).mean()).item(),
    )
