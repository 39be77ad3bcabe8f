"""A frozen pretrained network in the generator's loss, and one in front of the discriminator (projected GAN)."""

# players: gen | disc
import torch
from torch import nn

torch.manual_seed(8)
vgg = (
    nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1)).eval().requires_grad_(False)
)


class PD(nn.Module):
    def __init__(s):
        super().__init__()
        s.features = nn.Conv2d(1, 6, 3, 2, 1).requires_grad_(False)
        s.head = nn.Sequential(nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(6 * 16, 1))

    def forward(s, x):
        return s.head(s.features(x))


gen, disc = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 1, 3, padding=1)), PD()
og = torch.optim.Adam(gen.parameters(), 1e-3)
od = torch.optim.Adam([p for p in disc.parameters() if p.requires_grad], 1e-3)
for i in range(20):
    a, b = torch.rand(4, 1, 8, 8), torch.rand(4, 1, 8, 8)
    f = gen(a)
    od.zero_grad()
    l = torch.relu(1 - disc(b)).mean() + torch.relu(1 + disc(f.detach())).mean()
    l.backward()
    od.step()
    og.zero_grad()
    lg = -disc(f).mean() + (vgg(f) - vgg(b)).abs().mean()
    lg.backward()
    og.step()
print(l.item(), lg.item())
