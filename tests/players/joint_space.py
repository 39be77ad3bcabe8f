"""The discriminator looks at pairs of sample and code."""

# players: G, E | D
import torch
from torch import nn

torch.manual_seed(3)


class D(nn.Module):
    def __init__(s):
        super().__init__()
        s.n = nn.Sequential(nn.Linear(10 + 3, 24), nn.LeakyReLU(0.2), nn.Linear(24, 1))

    def forward(s, x, z):
        return s.n(torch.cat([x, z], dim=1))


G, E, D = (
    nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 10)),
    nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 3)),
    D(),
)
oge = torch.optim.Adam(list(G.parameters()) + list(E.parameters()), 1e-3)
od = torch.optim.Adam(D.parameters(), 1e-3)
bce = nn.BCEWithLogitsLoss()
o, z0 = torch.ones(8, 1), torch.zeros(8, 1)
for i in range(20):
    x, z = torch.randn(8, 10), torch.randn(8, 3)
    x_, z_ = G(z), E(x)
    od.zero_grad()
    l = bce(D(x, z_.detach()), o) + bce(D(x_.detach(), z), z0)
    l.backward()
    od.step()
    oge.zero_grad()
    lg = bce(D(x, z_), z0) + bce(D(x_, z), o)
    lg.backward()
    oge.step()
print(l.item(), lg.item())
