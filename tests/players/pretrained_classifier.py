"""An encoder and a classifier are trained together before the GAN."""

# players: netG | netD

import torch
from torch import nn

torch.manual_seed(0)
F = nn.functional
enc, clf = nn.Sequential(nn.Linear(20, 16), nn.ReLU()), nn.Linear(16, 4)
opt = torch.optim.Adam([*enc.parameters(), *clf.parameters()], 1e-3)
for i in range(50):
    y = torch.randint(0, 4, (32,))
    x = torch.randn(32, 20) + F.one_hot(y, 4).float().repeat(1, 5)
    opt.zero_grad()
    F.cross_entropy(clf(enc(x)), y).backward()
    opt.step()
netG = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 20))
netD = nn.Sequential(nn.Linear(20, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
og, od = (torch.optim.Adam(m.parameters(), 1e-3) for m in (netG, netD))
bce = F.binary_cross_entropy_with_logits
for i in range(60):
    x, f = torch.randn(32, 20), netG(torch.randn(32, 8))
    od.zero_grad()
    r, k = netD(x), netD(f.detach())
    (bce(r, torch.ones_like(r)) + bce(k, torch.zeros_like(k))).backward()
    od.step()
    og.zero_grad()
    k = netD(f)
    bce(k, torch.ones_like(k)).backward()
    og.step()
