"""A gradient scaler that is switched off."""

# players: G | D

import torch
from torch import nn

torch.manual_seed(0)
G, D = nn.Linear(8, 20), nn.Linear(20, 1)
og, od = (torch.optim.Adam(m.parameters(), 1e-3) for m in (G, D))
scaler = torch.amp.GradScaler("cuda", enabled=False)
bce = nn.BCEWithLogitsLoss()
one, zero = torch.ones(32, 1), torch.zeros(32, 1)
for i in range(30):
    f = G(torch.randn(32, 8))
    od.zero_grad()
    scaler.scale(bce(D(torch.randn(32, 20)), one) + bce(D(f.detach()), zero)).backward()
    scaler.step(od)
    scaler.update()
    og.zero_grad()
    scaler.scale(bce(D(f), one)).backward()
    scaler.step(og)
    scaler.update()
print("done")
