"""Relativistic average loss: the generator's own step also looks at real samples; two G steps a round."""

import torch
import torch.nn as nn

torch.manual_seed(27)
G = nn.Sequential(nn.Linear(4, 20), nn.ReLU(), nn.Linear(20, 5))
D = nn.Sequential(nn.Linear(5, 20), nn.LeakyReLU(0.2), nn.Linear(20, 1))
optimizer_G = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.999))
bce = nn.BCEWithLogitsLoss()
y, y2 = torch.ones(16, 1), torch.zeros(16, 1)
# --- attach: G | D
for epoch in range(14):  # --- rounds
    x = torch.randn(16, 5) - 0.5
    optimizer_D.zero_grad()
    y_pred = D(x)
    x_fake = G(torch.randn(16, 4))
    y_pred_fake = D(x_fake.detach())
    # --- logits: y_pred | y_pred_fake
    errD = (bce(y_pred - y_pred_fake.mean(), y) + bce(y_pred_fake - y_pred.mean(), y2)) / 2
    errD.backward()
    optimizer_D.step()
    for _ in range(2):
        optimizer_G.zero_grad()
        x_fake = G(torch.randn(16, 4))
        y_pred, y_pred_fake = D(x), D(x_fake)
        errG = (bce(y_pred - y_pred_fake.mean(), y2) + bce(y_pred_fake - y_pred.mean(), y)) / 2
        # --- signal: errG | x_fake
        errG.backward()
        optimizer_G.step()
    print(epoch, errD.item(), errG.item())
