# Homework 3, question 2. NB: in our lecture notes real = 0 and fake = 1!
import torch
import torch.nn as nn

torch.manual_seed(2024)


class Gen(nn.Module):
    def __init__(self):
        super(Gen, self).__init__()  # noqa: UP008
        self.lin1 = nn.Linear(2, 16)
        self.lin2 = nn.Linear(16, 16)
        self.lin3 = nn.Linear(16, 2)

    def forward(self, z):
        z = torch.relu(self.lin1(z))
        z = torch.relu(self.lin2(z))
        return self.lin3(z)


class Dis(nn.Module):
    def __init__(self):
        super(Dis, self).__init__()  # noqa: UP008
        self.lin1 = nn.Linear(2, 16)
        self.lin2 = nn.Linear(16, 1)

    def forward(self, x):
        x = torch.relu(self.lin1(x))
        return torch.sigmoid(self.lin2(x))


gen = Gen()
dis = Dis()
loss = nn.BCELoss()
lr = 0.001
opt1 = torch.optim.Adam(dis.parameters(), lr=lr)
opt2 = torch.optim.Adam(gen.parameters(), lr=lr)
REAL, FAKE = 0.0, 1.0
# --- attach: gen | dis
losses = []
for it in range(20):  # --- rounds
    x = torch.randn(10, 2) @ torch.tensor([[1.0, 0.5], [0.5, 1.0]])
    z = torch.randn(10, 2)
    xhat = gen(z)
    # discriminator
    opt1.zero_grad()
    out_fake = dis(xhat.detach())
    out_real = dis(x)
    # --- logits: out_real | out_fake
    L = loss(out_fake, torch.full((10, 1), FAKE)) + loss(out_real, torch.full((10, 1), REAL))
    L.backward()
    opt1.step()
    # generator
    opt2.zero_grad()
    L2 = loss(dis(xhat), torch.full((10, 1), REAL))
    # --- signal: L2 | xhat
    L2.backward()
    opt2.step()
    losses.append((L.item(), L2.item()))
print(losses[0], losses[-1])
