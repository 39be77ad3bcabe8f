"""Mixed precision where the scale starts far too high: the first steps overflow and are skipped."""

import torch
from torch import nn

torch.manual_seed(2)
G = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 5))
D = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1))
g_opt, d_opt = torch.optim.Adam(G.parameters(), lr=1e-3), torch.optim.Adam(D.parameters(), lr=1e-3)
g_scaler = torch.amp.GradScaler("cpu", init_scale=2.0**8)
d_scaler = torch.amp.GradScaler("cpu", init_scale=2.0**24, backoff_factor=2.0**-4, growth_interval=1000)
# --- attach: G | D
skipped = 0
for n in range(24):  # --- rounds
    x = torch.randn(16, 5) + 2
    d_opt.zero_grad()
    with torch.autocast("cpu", dtype=torch.float16):
        fake = G(torch.randn(16, 4))
        real_logits, fake_logits = D(x), D(fake.detach())
        # --- logits: real_logits | fake_logits
        d_loss = nn.functional.softplus(-real_logits).mean() + nn.functional.softplus(fake_logits).mean()
    before = d_scaler.get_scale()
    d_scaler.scale(d_loss.float()).backward()
    if n == 12:  # a bad batch
        D[0].weight.grad[0, 0] = float("inf")
    d_scaler.unscale_(d_opt)
    torch.nn.utils.clip_grad_norm_(D.parameters(), 1.0)
    d_scaler.step(d_opt)
    d_scaler.update()
    skipped += d_scaler.get_scale() < before

    g_opt.zero_grad()
    with torch.autocast("cpu", dtype=torch.float16):
        fake = G(torch.randn(16, 4))
        g_loss = nn.functional.softplus(-D(fake)).mean().float()
    # --- signal: g_loss | fake
    g_scaler.scale(g_loss).backward()
    g_scaler.step(g_opt)
    g_scaler.update()
    print(n, d_loss.item(), g_loss.item(), d_scaler.get_scale())
print("skipped", int(skipped))
