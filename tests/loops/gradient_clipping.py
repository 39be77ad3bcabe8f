import torch
import torch.nn as nn
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

torch.manual_seed(31)


class SeqGenerator(nn.Module):
    """Turns noise into a short sequence."""

    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(3, 12, batch_first=True)
        self.head = nn.Linear(12, 2)

    def forward(self, z):
        h, _ = self.rnn(z)
        return self.head(h)


class SeqDiscriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(2, 12, batch_first=True)
        self.head = nn.Linear(12, 1)

    def forward(self, x):
        _, h = self.rnn(x)
        return self.head(h[-1])


g, d = SeqGenerator(), SeqDiscriminator()
og, od = torch.optim.Adam(g.parameters(), lr=2e-3), torch.optim.Adam(d.parameters(), lr=2e-3)
crit = nn.BCEWithLogitsLoss()
t = torch.linspace(0, 6, 7)
# --- attach: g | d
for epoch in range(15):  # --- rounds
    phase = torch.rand(10, 1) * 6
    real = torch.stack([torch.sin(t + phase), torch.cos(t + phase)], dim=-1)
    fake = g(torch.randn(10, 7, 3))

    od.zero_grad()
    lr, lf = d(real), d(fake.detach())
    # --- logits: lr | lf
    d_loss = crit(lr, torch.full((10, 1), 0.9)) + crit(lf, torch.zeros(10, 1))
    (50 * d_loss).backward()
    d_norm = clip_grad_norm_(d.parameters(), max_norm=0.5)
    od.step()

    og.zero_grad()
    g_loss = 50 * crit(d(fake), torch.ones(10, 1))
    # --- signal: g_loss | fake
    g_loss.backward()
    clip_grad_value_(g.parameters(), 0.01)
    og.step()
    print(f"epoch {epoch:02d} d={d_loss.item():.4f} (|grad|={d_norm.item():.3f}) g={g_loss.item():.4f}")
