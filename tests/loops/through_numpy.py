"""Old habit: the fake batch takes a detour through NumPy before the discriminator sees it."""

import numpy as np
import torch
from torch import nn

torch.manual_seed(51)
rng = np.random.default_rng(0)
G = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 4))
D = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
optG = torch.optim.Adam(G.parameters(), lr=1e-3)
optD = torch.optim.Adam(D.parameters(), lr=1e-3)
criterion = nn.BCEWithLogitsLoss()
# --- attach: G | D


def to_var(array):
    return torch.from_numpy(np.array(array, dtype=np.float32))


for it in range(15):  # --- rounds
    real = to_var(rng.normal(1.0, 0.5, (16, 4)))
    fake = to_var(G(to_var(rng.normal(size=(16, 3)))).detach().numpy())
    optD.zero_grad()
    r, f = D(real), D(fake)
    # --- logits: r | f
    d_loss = criterion(r, torch.ones(16, 1)) + criterion(f, torch.zeros(16, 1))
    d_loss.backward()
    optD.step()

    optG.zero_grad()
    x = G(to_var(rng.normal(size=(16, 3))))
    g_loss = criterion(D(x), torch.ones(16, 1))
    # --- signal: g_loss | x
    g_loss.backward()
    optG.step()
    print(f"It: {it}; D_loss: {d_loss.item():.4f}; G_loss: {g_loss.item():.4f}")
