"""The generator's mapping network learns a hundred times slower, with an optimizer of its own."""

import torch
from torch import nn
from torch.nn.functional import softplus

torch.manual_seed(48)


class StyleG(nn.Module):
    def __init__(self):
        super().__init__()
        self.mapping = nn.Sequential(nn.Linear(4, 12), nn.LeakyReLU(0.2), nn.Linear(12, 12))
        self.synthesis = nn.Sequential(nn.Linear(12, 24), nn.LeakyReLU(0.2), nn.Linear(24, 7))

    def forward(self, z):
        return self.synthesis(self.mapping(nn.functional.normalize(z)))


G = StyleG()
D = nn.Sequential(nn.Linear(7, 24), nn.LeakyReLU(0.2), nn.Linear(24, 1))
slow = torch.optim.Adam(G.mapping.parameters(), lr=1e-5)
fast = torch.optim.Adam(G.synthesis.parameters(), lr=1e-3)
opt_d = torch.optim.Adam(D.parameters(), lr=1e-3)
# --- attach: G | D
for i in range(15):  # --- rounds
    fake = G(torch.randn(16, 4))
    out_real, out_fake = D(torch.randn(16, 7).relu()), D(fake.detach())
    # --- logits: out_real | out_fake
    d_loss = softplus(-out_real).mean() + softplus(out_fake).mean()
    opt_d.zero_grad()
    d_loss.backward()
    opt_d.step()

    g_loss = softplus(-D(fake)).mean()
    # --- signal: g_loss | fake
    slow.zero_grad()
    fast.zero_grad()
    g_loss.backward()
    fast.step()
    slow.step()
    print(f"{i} d {d_loss.item():.4f} g {g_loss.item():.4f}")
