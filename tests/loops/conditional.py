"""Labels for both players, a discriminator that also names the class, an averaged generator."""

import copy

import torch
from torch import nn

torch.manual_seed(5)


class CondG(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb, self.net = (
            nn.Embedding(3, 4),
            nn.Sequential(nn.Linear(8, 20), nn.BatchNorm1d(20), nn.ReLU(), nn.Linear(20, 5)),
        )

    def forward(self, z, labels):
        return self.net(torch.cat([z, self.emb(labels)], 1))


class CondD(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk, self.adv, self.aux = (
            nn.Sequential(nn.Linear(5, 20), nn.LeakyReLU(0.2)),
            nn.Linear(20, 1),
            nn.Linear(20, 3),
        )

    def forward(self, x):
        h = self.trunk(x)
        return self.adv(h), self.aux(h)


gen, disc = CondG(), CondD()
ema = copy.deepcopy(gen)
opts = [torch.optim.AdamW(m.parameters(), 1e-3) for m in (gen, disc)]
# --- attach: gen | disc
bce, ce = nn.BCEWithLogitsLoss(), nn.CrossEntropyLoss()
for _ in range(20):  # --- rounds
    y = torch.randint(3, (16,))
    x = torch.randn(16, 5) + y[:, None]
    fake = gen(torch.randn(16, 4), y)
    opts[1].zero_grad()
    (v, c), (vf, _cf) = disc(x), disc(fake.detach())
    # --- logits: v | vf
    (bce(v, torch.ones(16, 1)) + bce(vf, torch.zeros(16, 1)) + ce(c, y)).backward()
    opts[1].step()
    opts[0].zero_grad()
    vf, cf = disc(fake)
    loss = bce(vf, torch.ones(16, 1)) + ce(cf, y)
    # --- signal: loss | fake
    loss.backward()
    opts[0].step()
    with torch.no_grad():
        for p, q in zip(ema.parameters(), gen.parameters(), strict=True):
            p.lerp_(q, 0.1)
        ema.eval()(torch.randn(4, 4), torch.randint(3, (4,)))
print("ema", sum(p.sum().item() for p in ema.parameters()))
