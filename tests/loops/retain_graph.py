"""The fake batch is made once and never detached; the graph is kept for the generator's turn."""

import torch
import torch.nn as nn

torch.manual_seed(123)


class G_net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(3, 24)
        self.fc2 = nn.Linear(24, 5)

    def forward(self, x):
        return self.fc2(torch.tanh(self.fc1(x)))


class D_net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(5, 24)
        self.fc2 = nn.Linear(24, 1)

    def forward(self, x):
        return torch.sigmoid(self.fc2(torch.relu(self.fc1(x))))


G = G_net()
D = D_net()
d_opt = torch.optim.Adam(D.parameters(), lr=0.0005)
g_opt = torch.optim.Adam(G.parameters(), lr=0.0005)
# --- attach: G | D

for i in range(20):  # --- rounds
    real = torch.sin(torch.rand(12, 1) * 3 + torch.arange(5.0))
    fake = G(torch.rand(12, 3))
    p_real = D(real)
    p_fake = D(fake)
    # --- logits: p_real | p_fake
    D_loss = -torch.mean(torch.log(p_real) + torch.log(1.0 - p_fake))
    d_opt.zero_grad()
    D_loss.backward(retain_graph=True)  # reusing computational graph
    d_opt.step()

    G_loss = -torch.log(D(fake)).mean()
    # --- signal: G_loss | fake
    g_opt.zero_grad()
    G_loss.backward()
    g_opt.step()

    print(i, float(D_loss.detach()), float(G_loss.detach()))
