"""Both networks inside DataParallel; the learning rate is scheduled."""

# players: G | D
import torch
from torch import nn

torch.manual_seed(4)
G = nn.DataParallel(nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 5)))
D = nn.DataParallel(nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1)))
a, b = torch.optim.Adam(G.parameters(), 1e-3), torch.optim.Adam(D.parameters(), 1e-3)
sched = torch.optim.lr_scheduler.StepLR(a, 5)
for i in range(20):
    x = torch.randn(8, 5)
    f = G(torch.randn(8, 4))
    l = (D(x) - 1).pow(2).mean() + D(f.detach()).pow(2).mean()
    b.zero_grad()
    l.backward()
    b.step()
    l2 = (D(f) - 1).pow(2).mean()
    a.zero_grad()
    l2.backward()
    a.step()
    sched.step()
print(l.item(), l2.item())
