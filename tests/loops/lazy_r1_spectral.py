"""Spectral normalisation, R1 every fourth step, the lecture's labels; ends with sys.exit."""

import sys

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

torch.manual_seed(8)
g = nn.Sequential(nn.Linear(5, 20), nn.Dropout(0.1), nn.ReLU(), nn.Linear(20, 7))
d = nn.Sequential(spectral_norm(nn.Linear(7, 20)), nn.LeakyReLU(), spectral_norm(nn.Linear(20, 1)))
go, do = torch.optim.Adam(g.parameters(), 1e-3), torch.optim.Adam(d.parameters(), 1e-3)
# --- attach: g | d
sp = nn.functional.softplus
for t in range(24):  # --- rounds
    real = torch.randn(10, 7)
    fake = g(torch.randn(10, 5))
    on_real, on_fake = d(real), d(fake.detach())
    # --- logits: on_real | on_fake
    loss = sp(on_real).mean() + sp(-on_fake).mean()
    if t % 4 == 0:
        x = real.detach().clone().requires_grad_(True)
        (grad,) = torch.autograd.grad(d(x).sum(), x, create_graph=True)
        loss = loss + 5 * grad.pow(2).sum(1).mean()
    do.zero_grad()
    loss.backward()
    do.step()
    go.zero_grad()
    loss_g = sp(d(fake)).mean()
    # --- signal: loss_g | fake
    loss_g.backward()
    go.step()
print("bye", loss.item())
sys.exit(7)
