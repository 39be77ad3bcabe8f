"""The way back of a cycle has the generator's shapes, and an optimizer of its own."""

# players: there | D

import torch
from torch import nn

torch.manual_seed(0)


def net():
    return nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 20))


there, back, D = net(), net(), nn.Sequential(nn.Linear(20, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
ot, ob, od = (torch.optim.Adam(m.parameters(), 1e-3) for m in (there, back, D))
F = nn.functional
for i in range(60):
    a, b = torch.randn(32, 20), torch.randn(32, 20) + 2
    f = there(a)
    ot.zero_grad()
    ob.zero_grad()
    (F.mse_loss(D(f), torch.ones(32, 1)) + 10 * F.l1_loss(back(f), a)).backward()
    ot.step()
    ob.step()
    od.zero_grad()
    (F.mse_loss(D(b), torch.ones(32, 1)) + F.mse_loss(D(f.detach()), torch.zeros(32, 1))).backward()
    od.step()
