# every optimizer step takes a closure, as the optimizer docs allow for all of them
import torch
from torch import nn
from torch.nn.functional import softplus

torch.manual_seed(33)
G = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 4))
D = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
optG, optD = torch.optim.Adam(G.parameters(), lr=1e-3), torch.optim.Adam(D.parameters(), lr=1e-3)
# --- attach: G | D


def d_closure():
    optD.zero_grad()
    a = D(torch.randn(16, 4) + 1)
    b = D(G(torch.randn(16, 3)).detach())
    # --- logits: a | b
    loss = softplus(-a).mean() + softplus(b).mean()
    loss.backward()
    return loss


def g_closure():
    optG.zero_grad()
    fake = G(torch.randn(16, 3))
    loss = softplus(-D(fake)).mean()
    # --- signal: loss | fake
    loss.backward()
    return loss


for i in range(12):  # --- rounds
    d = optD.step(d_closure)
    g = optG.step(g_closure)
    print(i, d.item(), g.item())
