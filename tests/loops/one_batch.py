"""Real and fake in one batch; noise on the discriminator's inputs."""

import torch
import torch.nn.functional as F

torch.manual_seed(4)
G = torch.nn.Sequential(torch.nn.Linear(3, 16), torch.nn.Tanh(), torch.nn.Linear(16, 4))
D = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
opt_g, opt_d = torch.optim.SGD(G.parameters(), lr=0.01, momentum=0.9), torch.optim.SGD(D.parameters(), lr=0.01)
# --- attach: G | D
target = torch.cat([torch.ones(12, 1), torch.zeros(12, 1)])
for _step in range(25):  # --- rounds
    x = torch.randn(12, 4) * 0.1 + 2
    both = torch.cat([x, G(torch.randn(12, 3)).detach()], dim=0)
    both = both + 0.1 * torch.randn_like(both)
    logits = D(both)
    # --- logits: logits[:12] | logits[12:]
    loss_d = F.binary_cross_entropy_with_logits(logits, target)
    opt_d.zero_grad(set_to_none=True)
    loss_d.backward()
    opt_d.step()
    made = G(torch.randn(12, 3))
    loss_g = F.binary_cross_entropy_with_logits(D(made + 0.1 * torch.randn(12, 4)), target[:12])
    # --- signal: loss_g | made
    opt_g.zero_grad(set_to_none=True)
    loss_g.backward()
    opt_g.step()
print("losses", loss_d.item(), loss_g.item())
