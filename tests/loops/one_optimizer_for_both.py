"""One Adam with two parameter groups; the discriminator learns to do the opposite by gradient reversal."""

import torch
from torch import nn

torch.manual_seed(71)


class ReverseGrad(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad):
        return -grad


G = nn.Sequential(nn.Linear(4, 24), nn.Tanh(), nn.Linear(24, 3))
D = nn.Sequential(nn.Linear(3, 24), nn.Tanh(), nn.Linear(24, 1))
opt = torch.optim.Adam(
    [{"params": G.parameters(), "lr": 1e-3}, {"params": D.parameters(), "lr": 5e-4}], betas=(0.5, 0.9)
)
bce = nn.BCEWithLogitsLoss()
ones, zeros = torch.ones(16, 1), torch.zeros(16, 1)
# --- attach: G | D
for step in range(20):  # --- rounds
    real = torch.randn(16, 3) * torch.tensor([1.0, 0.5, 2.0])
    fake = G(torch.randn(16, 4))
    score_real, score_fake = D(real), D(ReverseGrad.apply(fake))
    # --- logits: score_real | score_fake
    loss = bce(score_real, ones) + bce(score_fake, zeros)
    # --- signal: loss | fake
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 5 == 0:
        print(f"{step:>4} {loss.item():.5f}")
