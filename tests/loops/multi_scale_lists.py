"""Multi-scale: the generator returns a list of outputs, the discriminator takes the list."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(90)


class MultiScaleG(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 8 * 16)
        self.low, self.high = nn.Conv2d(8, 1, 3, padding=1), nn.Conv2d(8, 1, 3, padding=1)

    def forward(self, z):
        h = F.relu(self.fc(z)).view(-1, 8, 4, 4)
        return [torch.tanh(self.high(F.interpolate(h, scale_factor=2.0))), torch.tanh(self.low(h))]


class MultiScaleD(nn.Module):
    def __init__(self):
        super().__init__()
        self.high, self.low = nn.Conv2d(1, 8, 4, 2, 1), nn.Conv2d(1, 8, 3, padding=1)
        self.out = nn.Linear(16 * 16, 1)

    def forward(self, images):
        h = torch.cat([F.leaky_relu(self.high(images[0]), 0.2), F.leaky_relu(self.low(images[1]), 0.2)], dim=1)
        return self.out(h.flatten(1))


def pyramid(x):
    return [x, F.avg_pool2d(x, 2)]


G, D = MultiScaleG(), MultiScaleD()
opt_g, opt_d = torch.optim.Adam(G.parameters(), 1e-3), torch.optim.Adam(D.parameters(), 1e-3)
# --- attach: G | D
for step in range(14):  # --- rounds
    real = pyramid(torch.rand(8, 1, 8, 8) * 2 - 1)
    fake = G(torch.randn(8, 6))
    s_r, s_f = D(real), D([x.detach() for x in fake])
    # --- logits: s_r | s_f
    d_loss = F.relu(1 - s_r).mean() + F.relu(1 + s_f).mean()
    opt_d.zero_grad()
    d_loss.backward()
    opt_d.step()

    g_loss = -D(fake).mean()
    # --- signal: g_loss | fake[0]
    opt_g.zero_grad()
    g_loss.backward()
    opt_g.step()
    print(f"{step:3d} d_loss {d_loss.item():.4f} g_loss {g_loss.item():.4f}")
