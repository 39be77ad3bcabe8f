"""Encoder, decoder and discriminator, with an optimizer each."""

# players: G | D
import torch
from torch import nn

torch.manual_seed(1)


class Enc(nn.Module):
    def __init__(s):
        super().__init__()
        s.f = nn.Linear(12, 16)
        s.mu, s.lv = nn.Linear(16, 3), nn.Linear(16, 3)

    def forward(s, x):
        h = torch.relu(s.f(x))
        return s.mu(h), s.lv(h)


class Dec(nn.Module):
    def __init__(s):
        super().__init__()
        s.f = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 12))

    def forward(s, z):
        return s.f(z)


class Dis(nn.Module):
    def __init__(s):
        super().__init__()
        s.a, s.b = nn.Linear(12, 16), nn.Linear(16, 1)

    def forward(s, x):
        h = torch.relu(s.a(x))
        return torch.sigmoid(s.b(h)).view(-1), h


E, G, D = Enc(), Dec(), Dis()
oe, og, od = (torch.optim.RMSprop(m.parameters(), lr=3e-4) for m in (E, G, D))
bce = nn.BCELoss()
for i in range(20):
    x = torch.randn(8, 12)
    one, zero = torch.ones(8), torch.zeros(8)
    mu, lv = E(x)
    z = mu + (0.5 * lv).exp() * torch.randn_like(mu)
    rec = G(z)
    sam = G(torch.randn(8, 3))
    out = D(x)[0]
    e1 = bce(out, one)
    e2 = bce(D(rec)[0], zero)
    e3 = bce(D(sam)[0], zero)
    l = e1 + e2 + e3
    od.zero_grad()
    l.backward(retain_graph=True)
    od.step()
    out = D(x)[0].detach()
    hr = D(rec)[1]
    hx = D(x)[1].detach()
    lg = bce(D(rec)[0], one) + bce(D(sam)[0], one) + ((hr - hx) ** 2).mean()
    og.zero_grad()
    lg.backward(retain_graph=True)
    og.step()
    mu, lv = E(x)
    z = mu + (0.5 * lv).exp() * torch.randn_like(mu)
    rec = G(z)
    le = ((D(rec)[1] - D(x)[1].detach()) ** 2).mean() - 0.5 * (1 + lv - mu**2 - lv.exp()).mean()
    oe.zero_grad()
    le.backward()
    oe.step()
print(l.item(), lg.item(), le.item())
