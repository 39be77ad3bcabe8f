import torch
from torch import nn, optim

torch.manual_seed(21)
device = "cuda" if torch.cuda.is_available() else "cpu"
device = "cpu"  # fits anywhere

G = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 6)).to(device)
D = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 1)).to(device)
optG = optim.Adam(G.parameters(), lr=1e-3)
optD = optim.Adam(D.parameters(), lr=1e-3)
loss_fn = nn.BCEWithLogitsLoss()
# --- attach: G | D


def get_noise(n):
    return torch.randn(n, 4, device=device)


def get_real(n):
    return torch.randn(n, 6, device=device) * 2 + 1


def discriminator_step(n):
    optD.zero_grad()
    with torch.no_grad():  # no gradients for G needed here
        fake = G(get_noise(n))
    fake_pred = D(fake)
    real_pred = D(get_real(n))
    # --- logits: real_pred | fake_pred
    loss = loss_fn(fake_pred, torch.zeros(n, 1)) + loss_fn(real_pred, torch.ones(n, 1))
    loss.backward()
    optD.step()
    return loss.item()


def generator_step(n):
    optG.zero_grad()
    fake = G(get_noise(n))
    loss = loss_fn(D(fake), torch.ones(n, 1))
    # --- signal: loss | fake
    loss.backward()
    optG.step()
    return loss.item()


for step in range(25):  # --- rounds
    ld = discriminator_step(16)
    lg = generator_step(16)
    if step % 10 == 0:
        print(f"step {step} | D {ld:.4f} | G {lg:.4f}")
