"""Variables, as in the days before 0.4: the origin is not followed through them."""

# players: G | D

import torch
from torch import nn
from torch.autograd import Variable

torch.manual_seed(0)
G = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 20))
D = nn.Sequential(nn.Linear(20, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
og, od = (torch.optim.RMSprop(m.parameters(), 5e-5) for m in (G, D))
for i in range(60):
    for p in D.parameters():
        p.requires_grad = True
    for _ in range(5):
        for p in D.parameters():
            p.data.clamp_(-0.1, 0.1)
        od.zero_grad()
        D(Variable(torch.randn(32, 20) + 1)).mean().backward()
        fake = Variable(G(Variable(torch.randn(32, 8))).data)
        (-D(fake).mean()).backward()
        od.step()
    for p in D.parameters():
        p.requires_grad = False
    og.zero_grad()
    D(G(Variable(torch.randn(32, 8)))).mean().backward()
    og.step()
