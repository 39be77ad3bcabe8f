"""The networks' forward methods are called, and not the networks."""

# players: netG | netD

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)


class G(nn.Module):
    def __init__(s):
        super().__init__()
        s.fc1, s.fc2, s.fc3 = nn.Linear(8, 32), nn.Linear(32, 32), nn.Linear(32, 20)

    def forward(s, z):
        return torch.tanh(s.fc3(F.relu(s.fc2(F.relu(s.fc1(z))))))


class D(nn.Module):
    def __init__(s):
        super().__init__()
        s.fc1, s.fc2 = nn.Linear(20, 32), nn.Linear(32, 1)

    def forward(s, x):
        return s.fc2(F.leaky_relu(s.fc1(x), 0.2))


netG, netD = G(), D()
og, od = (torch.optim.Adam(m.parameters(), 1e-3) for m in (netG, netD))
bce = F.binary_cross_entropy_with_logits
for i in range(60):
    x = torch.tanh(torch.randn(32, 20))
    f = netG.forward(torch.randn(32, 8))
    od.zero_grad()
    r, k = netD.forward(x), netD.forward(f.detach())
    (bce(r, torch.ones_like(r)) + bce(k, torch.zeros_like(k))).backward()
    od.step()
    og.zero_grad()
    k = netD.forward(f)
    bce(k, torch.ones_like(k)).backward()
    og.step()
