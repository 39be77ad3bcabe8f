"""A critic with five steps, gradient penalty by double backward."""

import torch
from torch import autograd, nn

torch.manual_seed(3)
N_CRITIC, LAMBDA = 5, 10


def calc_gradient_penalty(critic, real, fake):
    alpha = torch.rand(real.size(0), 1).expand(real.size())
    interpolates = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
    out = critic(interpolates)
    grads = autograd.grad(out, interpolates, torch.ones_like(out), create_graph=True, retain_graph=True)[0]
    return ((grads.norm(2, dim=1) - 1) ** 2).mean() * LAMBDA


def main():
    gen = nn.Sequential(nn.Linear(2, 24), nn.ReLU(), nn.Linear(24, 2))
    critic = nn.Sequential(nn.Linear(2, 24), nn.LeakyReLU(0.2), nn.Linear(24, 1))
    g_opt = torch.optim.Adam(gen.parameters(), lr=1e-4, betas=(0.0, 0.9))
    c_opt = torch.optim.Adam(critic.parameters(), lr=1e-4, betas=(0.0, 0.9))
    data = torch.randn(500, 2)
    # --- attach: gen | critic
    for it in range(12):  # --- rounds
        for _ in range(N_CRITIC):
            real = data[torch.randint(500, (16,))]
            fake = gen(torch.randn(16, 2)).detach()
            c_opt.zero_grad()
            gp = calc_gradient_penalty(critic, real, fake)
            on_fake, on_real = critic(fake), critic(real)
            # --- logits: on_real | on_fake
            (on_fake.mean() - on_real.mean() + gp).backward()
            c_opt.step()
        g_opt.zero_grad()
        samples = gen(torch.randn(16, 2))
        g_loss = -critic(samples).mean()
        # --- signal: g_loss | samples
        g_loss.backward()
        g_opt.step()
    print(it, g_loss.item())


main()
