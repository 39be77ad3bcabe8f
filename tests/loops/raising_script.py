"""Goes wrong after a while, as scripts do."""

import torch
from torch import nn

torch.manual_seed(70)
G = nn.Sequential(nn.Linear(3, 12), nn.ReLU(), nn.Linear(12, 5))
D = nn.Sequential(nn.Linear(5, 12), nn.ReLU(), nn.Linear(12, 1))
g_opt = torch.optim.Adagrad(G.parameters(), lr=0.01)
d_opt = torch.optim.Adagrad(D.parameters(), lr=0.01)
bce = nn.BCEWithLogitsLoss()
good = 12  # --- rounds
batches = [torch.randn(8, 5) for _ in range(good)] + [torch.randn(8, 6)]
# --- attach: G | D


def check(batch, step):
    if batch.shape[1] != 5:
        raise RuntimeError(f"batch {step} has {batch.shape[1]} features, expected 5")
    return batch


for step, batch in enumerate(batches):
    batch = check(batch, step)
    fake = G(torch.randn(len(batch), 3))
    d_opt.zero_grad()
    a, b = D(batch), D(fake.detach())
    # --- logits: a | b
    loss_d = bce(a, torch.ones_like(a)) + bce(b, torch.zeros_like(b))
    loss_d.backward()
    d_opt.step()
    g_opt.zero_grad()
    c = D(fake)
    loss_g = bce(c, torch.ones_like(c))
    # --- signal: loss_g | fake
    loss_g.backward()
    g_opt.step()
    print(step, f"{loss_d.item():.3f}/{loss_g.item():.3f}", flush=True)
