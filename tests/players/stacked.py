"""Two stages, each with a discriminator of its own; the second looks at what the first has made."""

# players: g1, g2 | d1, d2
import torch
from torch import nn

torch.manual_seed(2)
g1 = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 8))
g2 = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 16))
d1, d2 = (
    nn.Sequential(nn.Linear(8, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1)),
    nn.Sequential(nn.Linear(16, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1)),
)
og = torch.optim.Adam([*g1.parameters(), *g2.parameters()], 2e-4, betas=(0.5, 0.999))
o1, o2 = torch.optim.Adam(d1.parameters(), 2e-4), torch.optim.Adam(d2.parameters(), 2e-4)
bce = nn.BCEWithLogitsLoss()
t, f = torch.ones(8, 1), torch.zeros(8, 1)
for i in range(16):
    hi = torch.randn(8, 16)
    lo = hi[:, ::2]
    a = g1(torch.randn(8, 4))
    b = g2(a)
    for judge, o, real, fake in ((d1, o1, lo, a), (d2, o2, hi, b)):
        o.zero_grad()
        l = bce(judge(real), t) + bce(judge(fake.detach()), f)
        l.backward()
        o.step()
    og.zero_grad()
    lg = bce(d1(a), t) + bce(d2(b), t)
    lg.backward()
    og.step()
print(lg.item())
