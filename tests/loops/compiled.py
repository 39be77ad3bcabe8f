"""Both networks compiled before training."""

import torch
from torch import nn

torch.manual_seed(0)
G = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 6))
D = nn.Sequential(nn.Linear(6, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
G, D = (torch.compile(net, backend="aot_eager") for net in (G, D))
# --- attach: G | D
og, od = (torch.optim.Adam(net.parameters(), lr=1e-3) for net in (G, D))
for i in range(14):  # --- rounds
    x = torch.randn(8, 6) + 1
    z = G(torch.randn(8, 4))
    r, f = D(x), D(z.detach())
    # --- logits: r | f
    loss = nn.functional.softplus(-r).mean() + nn.functional.softplus(f).mean()
    od.zero_grad()
    loss.backward()
    od.step()
    l = nn.functional.softplus(-D(z)).mean()
    # --- signal: l | z
    og.zero_grad()
    l.backward()
    og.step()
print(loss.item())
