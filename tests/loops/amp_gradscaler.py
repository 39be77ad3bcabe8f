"""Mixed precision as the AMP recipe has it: one scaler, autocast around forward passes."""

import torch
from torch import nn

torch.manual_seed(17)
device = "cpu"
netG = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 8)).to(device)
netD = nn.Sequential(nn.Linear(8, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1)).to(device)
optG = torch.optim.Adam(netG.parameters(), lr=1e-3)
optD = torch.optim.Adam(netD.parameters(), lr=1e-3)
scaler = torch.amp.GradScaler(device, init_scale=1024.0)
loss_fn = nn.BCEWithLogitsLoss()
# --- attach: netG | netD

for i in range(20):  # --- rounds
    real = torch.randn(16, 8, device=device) * 0.5
    optD.zero_grad(set_to_none=True)
    with torch.autocast(device, dtype=torch.bfloat16):
        fake = netG(torch.randn(16, 6, device=device))
        pr = netD(real)
        pf = netD(fake.detach())
        # --- logits: pr | pf
        lossD = loss_fn(pr, torch.ones_like(pr)) + loss_fn(pf, torch.zeros_like(pf))
    scaler.scale(lossD).backward()
    scaler.step(optD)

    optG.zero_grad(set_to_none=True)
    with torch.autocast(device, dtype=torch.bfloat16):
        out = netD(fake)
        lossG = loss_fn(out, torch.ones_like(out))
    # --- signal: lossG | fake
    scaler.scale(lossG).backward()
    scaler.step(optG)
    scaler.update()
    if i % 5 == 0:
        print(i, f"{lossD.item():.4f}", f"{lossG.item():.4f}", "scale", scaler.get_scale())
