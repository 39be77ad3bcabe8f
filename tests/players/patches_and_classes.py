"""A discriminator that judges patches and names fewer classes than it has patches."""

# players: G | D

import torch
from torch import nn

torch.manual_seed(0)
F = nn.functional


class Disc(nn.Module):
    def __init__(s):
        super().__init__()
        s.body = nn.Sequential(nn.Conv2d(1, 8, 4, 2, 1), nn.LeakyReLU(0.1), nn.Conv2d(8, 8, 4, 2, 1), nn.LeakyReLU(0.1))
        s.src, s.cls = nn.Conv2d(8, 1, 3, 1, 1), nn.Conv2d(8, 3, 3)

    def forward(s, x):
        h = s.body(x)
        return s.src(h), s.cls(h).view(len(x), 3)


G = nn.Sequential(nn.Conv2d(4, 8, 3, 1, 1), nn.ReLU(), nn.Conv2d(8, 1, 3, 1, 1), nn.Tanh())
D = Disc()
og, od = (torch.optim.Adam(m.parameters(), 1e-3) for m in (G, D))
for i in range(30):
    x, c = torch.rand(16, 1, 12, 12) * 2 - 1, torch.randint(0, 3, (16,))
    plane = F.one_hot(c, 3).float()[:, :, None, None].expand(-1, -1, 12, 12)
    f = G(torch.cat([x, plane], 1))
    src, cls = D(x)
    fsrc, _ = D(f.detach())
    od.zero_grad()
    (-src.mean() + fsrc.mean() + F.cross_entropy(cls, c)).backward()
    od.step()
    fsrc, fcls = D(f)
    og.zero_grad()
    (-fsrc.mean() + F.cross_entropy(fcls, c)).backward()
    og.step()
print("last D src real/fake", src.mean().item(), fsrc.mean().item(), "cls", cls.mean().item(), fcls.mean().item())
