"""A classifier trained apart beside the GAN, used in the generator's loss (triple-GAN-like)."""

# players: G | D
import torch
from torch import nn

torch.manual_seed(7)
G = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 8))
D = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
C = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
og, od, oc = (torch.optim.Adam(m.parameters(), 1e-3) for m in (G, D, C))
bce, ce = nn.BCEWithLogitsLoss(), nn.CrossEntropyLoss()
for i in range(20):
    y = torch.randint(2, (8,))
    x = torch.randn(8, 8) + y[:, None]
    oc.zero_grad()
    lc = ce(C(x), y)
    lc.backward()
    oc.step()
    f = G(torch.cat([torch.randn(8, 4), nn.functional.one_hot(y, 2).float()], 1))
    od.zero_grad()
    ld = bce(D(x), torch.ones(8, 1)) + bce(D(f.detach()), torch.zeros(8, 1))
    ld.backward()
    od.step()
    og.zero_grad()
    lg = bce(D(f), torch.ones(8, 1)) + ce(C(f), y)
    lg.backward()
    og.step()
print(lc.item(), ld.item(), lg.item())
