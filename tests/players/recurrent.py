"""Sequences: both networks are recurrent."""

# players: G | D
import torch
from torch import nn

torch.manual_seed(5)


class RG(nn.Module):
    def __init__(s):
        super().__init__()
        s.r = nn.LSTM(3, 12, batch_first=True)
        s.o = nn.Linear(12, 2)

    def forward(s, z):
        h, _ = s.r(z)
        return torch.tanh(s.o(h))


class RD(nn.Module):
    def __init__(s):
        super().__init__()
        s.r = nn.GRU(2, 12, batch_first=True)
        s.o = nn.Linear(12, 1)

    def forward(s, x):
        h, _hn = s.r(x)
        return s.o(h[:, -1])


G, D = RG(), RD()
og, od = torch.optim.Adam(G.parameters(), 1e-3), torch.optim.Adam(D.parameters(), 1e-3)


def real(n):
    t = torch.linspace(0, 6, 10)
    return torch.stack([torch.sin(t + p) for p in torch.rand(n)]).unsqueeze(-1).repeat(1, 1, 2)


for i in range(18):
    x = real(8)
    od.zero_grad()
    pr = D(x)
    (nn.functional.binary_cross_entropy_with_logits(pr, torch.ones_like(pr))).backward()
    f = G(torch.randn(8, 10, 3))
    pf = D(f.detach())
    (nn.functional.binary_cross_entropy_with_logits(pf, torch.zeros_like(pf))).backward()
    nn.utils.clip_grad_value_(D.parameters(), 0.1)
    od.step()
    og.zero_grad()
    pg = D(f)
    l = nn.functional.binary_cross_entropy_with_logits(pg, torch.ones_like(pg))
    l.backward()
    og.step()
print(l.item())
