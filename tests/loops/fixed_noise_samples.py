# Train and, every few steps, look at what fixed noise turns into.
import torch
import torch.nn as nn

torch.manual_seed(29)
FIXED = torch.randn(6, 5)


class Net(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(i, 20), nn.BatchNorm1d(20), nn.Dropout(0.2), nn.LeakyReLU(0.2))
        self.tail = nn.Linear(20, o)

    def forward(self, x):
        return self.tail(self.body(x))


G, D = Net(5, 9), Net(9, 1)
optim_g = torch.optim.Adam(G.parameters(), lr=1e-3)
optim_d = torch.optim.Adam(D.parameters(), lr=1e-3)
loss = nn.BCEWithLogitsLoss()
# --- attach: G | D


@torch.no_grad()
def show(step):
    G.eval()
    D.eval()
    grid = G(FIXED).view(-1, 3, 3)
    scores = D(G(FIXED)).flatten()
    G.train()
    D.train()
    print(f"step {step}: mean {grid.mean().item():+.4f} std {grid.std().item():.4f} D {scores.mean().item():+.4f}")


show(0)
for step in range(1, 25):  # --- rounds
    real = torch.randn(16, 9) * 0.5 - 0.2
    fake = G(torch.randn(16, 5))
    optim_d.zero_grad()
    on_real = D(real)
    on_fake = D(fake.detach())
    # --- logits: on_real | on_fake
    (loss(on_real, torch.ones(16, 1)) + loss(on_fake, torch.zeros(16, 1))).backward()
    optim_d.step()

    optim_g.zero_grad()
    g_loss = loss(D(fake), torch.ones(16, 1))
    # --- signal: g_loss | fake
    g_loss.backward()
    optim_g.step()
    if step % 4 == 0:
        show(step)
