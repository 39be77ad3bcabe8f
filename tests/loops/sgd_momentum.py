#!/usr/bin/env python
"""Plain SGD with momentum for both players. Smooth data, small batch, saturating loss as in the paper."""

import torch
import torch.nn as nn

torch.manual_seed(1406)
k, m, lr = 1, 16, 0.05

G = nn.Sequential(nn.Linear(4, 30), nn.ReLU(), nn.Linear(30, 10), nn.Sigmoid())
D = nn.Sequential(nn.Linear(10, 30), nn.ReLU(), nn.Dropout(0.3), nn.Linear(30, 1), nn.Sigmoid())
sgd_D = torch.optim.SGD(D.parameters(), lr=lr, momentum=0.5, nesterov=True)
sgd_G = torch.optim.SGD(G.parameters(), lr=lr, momentum=0.5, nesterov=True, weight_decay=1e-5)
# --- attach: G | D

for iteration in range(25):  # --- rounds
    for _ in range(k):
        z = torch.rand(m, 4) * 2 - 1
        x = torch.rand(m, 1).pow(torch.linspace(0.2, 3, 10))
        d_x, d_gz = D(x), D(G(z).detach())
        # --- logits: d_x | d_gz
        objective = (torch.log(d_x) + torch.log(1 - d_gz)).mean()
        sgd_D.zero_grad()
        (-objective).backward()  # ascend
        sgd_D.step()
    z = torch.rand(m, 4) * 2 - 1
    g_z = G(z)
    saturating = torch.log(1 - D(g_z)).mean()
    # --- signal: saturating | g_z
    sgd_G.zero_grad()
    saturating.backward()
    sgd_G.step()
    if not iteration % 8:
        print(iteration, round(objective.item(), 5), round(saturating.item(), 5))
