"""The discriminator answers for every patch: its output has shape (N, 1, h, w)."""

import torch
from torch import nn

torch.manual_seed(15)


class PatchD(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(3, 8, 4, stride=2, padding=1)
        self.c2 = nn.Conv2d(8, 16, 4, stride=2, padding=1)
        self.c3 = nn.Conv2d(16, 1, 3, padding=1)

    def forward(self, x):
        x = nn.functional.leaky_relu(self.c1(x), 0.2, inplace=True)
        x = nn.functional.leaky_relu(self.c2(x), 0.2, inplace=True)
        return self.c3(x)


class G(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(10, 8 * 4 * 4)
        self.up = nn.Sequential(
            nn.PixelShuffle(2), nn.Conv2d(2, 8, 3, 1, 1), nn.GroupNorm(2, 8), nn.SiLU(), nn.Upsample(scale_factor=2)
        )
        self.to_rgb = nn.Conv2d(8, 3, 1)

    def forward(self, z):
        return torch.tanh(self.to_rgb(self.up(self.fc(z).reshape(-1, 8, 4, 4))))


g, d = G(), PatchD()
g_opt, d_opt = (torch.optim.NAdam(m.parameters(), lr=5e-4) for m in (g, d))
mse = nn.MSELoss()
# --- attach: g | d
for step in range(12):  # --- rounds
    real = torch.rand(8, 3, 16, 16) * 2 - 1
    fake = g(torch.randn(8, 10))
    r, f = d(real), d(fake.detach())
    # --- logits: r | f
    loss_d = mse(r, torch.ones_like(r)) + mse(f, torch.zeros_like(f))
    d_opt.zero_grad()
    loss_d.backward()
    d_opt.step()
    f = d(fake)
    loss_g = mse(f, torch.ones_like(f))
    # --- signal: loss_g | fake
    g_opt.zero_grad()
    loss_g.backward()
    g_opt.step()
    print(f"{step}\td={loss_d.item():.4f}\tg={loss_g.item():.4f}\tpatches={tuple(f.shape)}")
