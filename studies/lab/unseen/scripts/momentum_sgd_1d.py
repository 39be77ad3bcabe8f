"""My first GAN: learn N(4, 1.25) from uniform noise. SGD with momentum, as in every classifier I trained."""
import argparse, os
import numpy as np
import torch
import torch.nn as nn

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--epochs", type=int, default=4000)
parser.add_argument("--out", default="out")
a = parser.parse_args()
torch.manual_seed(a.seed)
os.makedirs(a.out, exist_ok=True)

class Generator(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.map1 = nn.Linear(1, hidden)
        self.map2 = nn.Linear(hidden, hidden)
        self.map3 = nn.Linear(hidden, 1)
    def forward(self, x):
        x = torch.tanh(self.map1(x))
        x = torch.tanh(self.map2(x))
        return self.map3(x)

class Discriminator(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.map1 = nn.Linear(1, hidden)
        self.map2 = nn.Linear(hidden, hidden)
        self.map3 = nn.Linear(hidden, 1)
    def forward(self, x):
        x = torch.tanh(self.map1(x))
        x = torch.tanh(self.map2(x))
        return torch.sigmoid(self.map3(x))

G, D = Generator(), Discriminator()
criterion = nn.BCELoss()
d_optimizer = torch.optim.SGD(D.parameters(), lr=0.05, momentum=0.9)
g_optimizer = torch.optim.SGD(G.parameters(), lr=0.05, momentum=0.9)
noise = torch.rand(1000, 1)
np.save(a.out + "/real.npy", (4 + 1.25 * torch.randn(4000, 1)).numpy())

for epoch in range(a.epochs):
    D.zero_grad()
    real = 4 + 1.25 * torch.randn(100, 1)
    d_real_loss = criterion(D(real), torch.ones(100, 1))
    d_real_loss.backward()
    fake = G(torch.rand(100, 1)).detach()
    d_fake_loss = criterion(D(fake), torch.zeros(100, 1))
    d_fake_loss.backward()
    d_optimizer.step()

    G.zero_grad()
    out = G(torch.rand(100, 1))
    g_loss = criterion(D(out), torch.ones(100, 1))
    g_loss.backward()
    g_optimizer.step()

    if epoch % (a.epochs // 24) == 0 or epoch == a.epochs - 1:
        print("Epoch %s: D (%.3f real, %.3f fake) G %.3f; mean %.2f std %.2f" % (
            epoch, d_real_loss.item(), d_fake_loss.item(), g_loss.item(), out.mean().item(), out.std().item()))
        with torch.no_grad():
            np.save(a.out + "/gen_%06d.npy" % epoch, G(noise).numpy())
