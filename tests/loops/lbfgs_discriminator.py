"""An experiment: the small discriminator is solved by L-BFGS, the generator takes plain Adam steps."""

import torch
from torch import nn
from torch.nn.functional import softplus

torch.manual_seed(88)
G = nn.Sequential(nn.Linear(2, 12), nn.Tanh(), nn.Linear(12, 2))
D = nn.Sequential(nn.Linear(2, 12), nn.Tanh(), nn.Linear(12, 1))
opt_D = torch.optim.LBFGS(D.parameters(), lr=0.1, max_iter=4, history_size=5)
opt_G = torch.optim.Adam(G.parameters(), lr=1e-3)
# --- attach: G | D

for it in range(12):  # --- rounds
    real = torch.randn(32, 2) * 0.3 + torch.tensor([1.0, -1.0])
    with torch.no_grad():
        fake = G(torch.randn(32, 2))

    def closure(real=real, fake=fake):
        opt_D.zero_grad()
        d_real, d_fake = D(real), D(fake)
        # --- logits: d_real | d_fake
        loss = softplus(-d_real).mean() + softplus(d_fake).mean()
        loss.backward()
        return loss

    loss_d = opt_D.step(closure)

    opt_G.zero_grad()
    x = G(torch.randn(32, 2))
    loss_g = softplus(-D(x)).mean()
    # --- signal: loss_g | x
    loss_g.backward()
    opt_G.step()
    print(f"{it:2d} {float(loss_d):.6f} {loss_g.item():.6f}")
