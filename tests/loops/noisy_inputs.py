"""Instance noise on everything the discriminator sees, annealed to nothing."""

import torch
import torch.nn as nn

torch.manual_seed(11)
BS, ZDIM, XDIM, N_STEPS = 32, 8, 12, 24  # --- rounds


def mlp(i, o, act):
    return nn.Sequential(nn.Linear(i, 48), act, nn.Linear(48, 48), act, nn.Linear(48, o))


G = mlp(ZDIM, XDIM, nn.ReLU())
D = mlp(XDIM, 1, nn.LeakyReLU(0.1))
opt_g = torch.optim.Adam(G.parameters(), 1e-3, betas=(0.5, 0.9))
opt_d = torch.optim.Adam(D.parameters(), 1e-3, betas=(0.5, 0.9))
bce = nn.BCEWithLogitsLoss()
mean = torch.linspace(-1, 1, XDIM)
# --- attach: G | D


def instance_noise(x, sigma):
    return x + sigma * torch.randn_like(x)


for t in range(N_STEPS):
    sigma = 0.5 * (1 - t / N_STEPS)
    x = mean + 0.3 * torch.randn(BS, XDIM)
    z = torch.randn(BS, ZDIM)

    opt_d.zero_grad()
    logits_r = D(instance_noise(x, sigma))
    logits_f = D(instance_noise(G(z).detach(), sigma))
    # --- logits: logits_r | logits_f
    loss_d = bce(logits_r, torch.ones_like(logits_r)) + bce(logits_f, torch.zeros_like(logits_f))
    loss_d.backward()
    opt_d.step()

    opt_g.zero_grad()
    samples = G(torch.randn(BS, ZDIM))
    logits = D(instance_noise(samples, sigma))
    loss_g = bce(logits, torch.ones_like(logits))
    # --- signal: loss_g | samples
    loss_g.backward()
    opt_g.step()
    if t % 6 == 0:
        print(f"{t:3d} sigma={sigma:.2f} D={loss_d.item():.3f} G={loss_g.item():.3f}")
