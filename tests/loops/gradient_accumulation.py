"""Two micro-batches a step, for cards with little memory."""

import torch
from torch import nn

torch.manual_seed(8)
ACCUM = 2
micro, dim, zdim = 8, 6, 4

netG = nn.Sequential(nn.Linear(zdim, 20), nn.LeakyReLU(0.2), nn.Linear(20, dim))
netD = nn.Sequential(nn.Linear(dim, 20), nn.LeakyReLU(0.2), nn.Linear(20, 1))
optG = torch.optim.AdamW(netG.parameters(), lr=1e-3)
optD = torch.optim.AdamW(netD.parameters(), lr=1e-3)
bce = nn.functional.binary_cross_entropy_with_logits
# --- attach: netG | netD

for step in range(20):  # --- rounds
    optD.zero_grad()
    total_d = 0.0
    for _ in range(ACCUM):
        real = torch.randn(micro, dim) + 0.5
        fake = netG(torch.randn(micro, zdim)).detach()
        out_r, out_f = netD(real), netD(fake)
        # --- logits: out_r | out_f
        loss = (bce(out_r, torch.ones_like(out_r)) + bce(out_f, torch.zeros_like(out_f))) / ACCUM
        loss.backward()
        total_d += loss.item()
    optD.step()

    optG.zero_grad()
    total_g = 0.0
    for _ in range(ACCUM):
        fake = netG(torch.randn(micro, zdim))
        out = netD(fake)
        g_loss = bce(out, torch.ones_like(out))
        # --- signal: g_loss / ACCUM | fake
        (g_loss / ACCUM).backward()
        total_g += g_loss.item() / ACCUM
    optG.step()
    if step % 5 == 0:
        print(f"step={step} d={total_d:.4f} g={total_g:.4f}")
