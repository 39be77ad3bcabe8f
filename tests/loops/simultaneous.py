"""Simultaneous gradient descent: both losses from the same forward passes, then both steps."""

import torch
from torch import nn
from torch.nn.functional import softplus

torch.manual_seed(19)
gen = nn.Sequential(nn.Linear(3, 16), nn.ELU(), nn.Linear(16, 5))
disc = nn.Sequential(nn.Linear(5, 16), nn.ELU(), nn.Linear(16, 1))
g_params, d_params = list(gen.parameters()), list(disc.parameters())
g_opt, d_opt = torch.optim.SGD(g_params, lr=1e-2), torch.optim.SGD(d_params, lr=1e-2)
# --- attach: gen | disc


def losses(real, fake):
    real_score, fake_score = disc(real), disc(fake)
    # --- logits: real_score | fake_score
    d_loss = softplus(-real_score).mean() + softplus(fake_score).mean()
    g_loss = softplus(-fake_score).mean()
    return d_loss, g_loss


for t in range(20):  # --- rounds
    real, fake = torch.randn(12, 5) ** 2, gen(torch.randn(12, 3))
    d_loss, g_loss = losses(real, fake)
    # --- signal: g_loss | fake
    g_opt.zero_grad()
    d_opt.zero_grad()
    g_loss.backward(inputs=g_params, retain_graph=True)
    d_loss.backward(inputs=d_params)
    g_opt.step()
    d_opt.step()
    print(t, d_loss.item(), g_loss.item(), sep="\t")
