"""The networks are used through methods of their own."""

# players: g.layers | c
import torch
from torch import nn

torch.manual_seed(5)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 5))

    def sample(self, n):
        return self.layers(torch.randn(n, 3))


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(5, 16)
        self.head = nn.Linear(16, 1)

    def score(self, x):
        return self.head(torch.relu(self.body(x)))


g, c = Generator(), Critic()
og, oc = torch.optim.RMSprop(g.parameters(), 1e-3), torch.optim.RMSprop(c.parameters(), 1e-3)
for i in range(20):
    x = torch.randn(8, 5).abs()
    oc.zero_grad()
    lc = c.score(g.sample(8).detach()).mean() - c.score(x).mean()
    lc.backward()
    oc.step()
    for p in c.parameters():
        p.data.clamp_(-0.1, 0.1)
    og.zero_grad()
    lg = -c.score(g.sample(8)).mean()
    lg.backward()
    og.step()
print(lc.item(), lg.item())
