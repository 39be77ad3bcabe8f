"""Energy-based: the discriminator is an autoencoder; BEGAN-ish output (reconstruction, code)."""

# players: G | D
import torch
from torch import nn

torch.manual_seed(6)


class Disc(nn.Module):
    def __init__(s):
        super().__init__()
        s.enc = nn.Linear(10, 4)
        s.dec = nn.Linear(4, 10)

    def forward(s, x):
        e = s.enc(x)
        return s.dec(torch.relu(e)), e


G = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 10))
D = Disc()
og, od = torch.optim.Adam(G.parameters(), 1e-3), torch.optim.Adam(D.parameters(), 1e-3)
mse = nn.MSELoss()
margin = 1.0
for i in range(20):
    x = torch.randn(8, 10)
    f = G(torch.randn(8, 3))
    og.zero_grad()
    r, e = D(f)
    lg = mse(r, f.detach())
    lg.backward()
    og.step()
    od.zero_grad()
    rr, _ = D(x)
    rf, _ = D(f.detach())
    dr, df = mse(rr, x), mse(rf, f.detach())
    l = dr
    if (margin - df.data).item() > 0:
        l = l + margin - df
    l.backward()
    od.step()
print(l.item())
