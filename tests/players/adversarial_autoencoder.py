"""Adversarial autoencoder with three optimizers."""

# players: Q | D
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(2)


class Q_net(nn.Module):
    def __init__(s):
        super().__init__()
        s.lin1 = nn.Linear(20, 32)
        s.lin2 = nn.Linear(32, 4)

    def forward(s, x):
        return s.lin2(F.relu(F.dropout(s.lin1(x), p=0.2, training=s.training)))


class P_net(nn.Module):
    def __init__(s):
        super().__init__()
        s.lin1 = nn.Linear(4, 32)
        s.lin2 = nn.Linear(32, 20)

    def forward(s, z):
        return torch.sigmoid(s.lin2(F.relu(s.lin1(z))))


class D_net_gauss(nn.Module):
    def __init__(s):
        super().__init__()
        s.lin1 = nn.Linear(4, 32)
        s.lin2 = nn.Linear(32, 1)

    def forward(s, z):
        return torch.sigmoid(s.lin2(F.relu(s.lin1(z))))


Q, P, D = Q_net(), P_net(), D_net_gauss()
op, oe, og, od = (
    torch.optim.Adam(P.parameters(), 1e-3),
    torch.optim.Adam(Q.parameters(), 1e-3),
    torch.optim.Adam(Q.parameters(), 5e-4),
    torch.optim.Adam(D.parameters(), 5e-4),
)
TINY = 1e-15
for it in range(25):
    x = torch.rand(16, 20)
    P.zero_grad()
    Q.zero_grad()
    D.zero_grad()
    rec = F.binary_cross_entropy(P(Q(x)) + TINY, x)
    rec.backward()
    op.step()
    oe.step()
    Q.eval()
    zr = torch.randn(16, 4) * 5.0
    zf = Q(x)
    dl = -torch.mean(torch.log(D(zr) + TINY) + torch.log(1 - D(zf) + TINY))
    D.zero_grad()
    dl.backward()
    od.step()
    Q.train()
    zf = Q(x)
    gl = -torch.mean(torch.log(D(zf) + TINY))
    Q.zero_grad()
    gl.backward()
    og.step()
print(rec.item(), dl.item(), gl.item())
