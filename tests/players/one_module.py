"""A GAN object whose call runs both players."""

# players: model.G | model.D
import torch
from torch import nn

torch.manual_seed(8)


class GAN(nn.Module):
    def __init__(self):
        super().__init__()
        self.G = nn.Sequential(nn.Linear(4, 12), nn.ELU(), nn.Linear(12, 3))
        self.D = nn.Sequential(nn.Linear(3, 12), nn.ELU(), nn.Linear(12, 1))

    def forward(self, z=None, x=None, which="d"):
        if which == "g":
            return nn.functional.softplus(-self.D(self.G(z))).mean()
        with torch.no_grad():
            fake = self.G(z)
        return nn.functional.softplus(-self.D(x)).mean() + nn.functional.softplus(self.D(fake)).mean()


model = GAN()
opt_g = torch.optim.Adam(model.G.parameters(), 1e-3)
opt_d = torch.optim.Adam(model.D.parameters(), 1e-3)
for i in range(20):
    l = model(torch.randn(8, 4), torch.randn(8, 3))
    opt_d.zero_grad()
    l.backward()
    opt_d.step()
    g = model(torch.randn(8, 4), which="g")
    opt_g.zero_grad()
    g.backward()
    opt_g.step()
print(l.item(), g.item())
