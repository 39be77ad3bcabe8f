import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

torch.manual_seed(5)


class ResBlock(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.a, self.b = spectral_norm(nn.Linear(n, n)), spectral_norm(nn.Linear(n, n))

    def forward(self, x):
        return x + self.b(F.relu(self.a(F.relu(x))))


class SNDiscriminator(nn.Module):
    def __init__(self, d=10, n=24):
        super().__init__()
        self.inp = spectral_norm(nn.Linear(d, n))
        self.blocks = nn.ModuleList([ResBlock(n), ResBlock(n)])
        self.out = spectral_norm(nn.Linear(n, 1))

    def forward(self, x):
        h = self.inp(x)
        for block in self.blocks:
            h = block(h)
        return self.out(F.relu(h)).squeeze(-1)


gen = nn.Sequential(nn.Linear(5, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Linear(24, 10), nn.Tanh())
dis = SNDiscriminator()
opt_gen = torch.optim.Adam(gen.parameters(), lr=1e-3, betas=(0.0, 0.9))
opt_dis = torch.optim.Adam(dis.parameters(), lr=4e-3, betas=(0.0, 0.9))  # TTUR
sched = [torch.optim.lr_scheduler.LambdaLR(o, lambda k: 1 - k / 20) for o in (opt_gen, opt_dis)]
# --- attach: gen | dis

for it in range(15):  # --- rounds
    for _ in range(2):
        x = torch.rand(20, 10) * 2 - 1
        dis_real = dis(x)
        dis_fake = dis(gen(torch.randn(20, 5)).detach())
        # --- logits: dis_real | dis_fake
        loss_dis = F.relu(1.0 - dis_real).mean() + F.relu(1.0 + dis_fake).mean()
        opt_dis.zero_grad(set_to_none=True)
        loss_dis.backward()
        opt_dis.step()
    x_fake = gen(torch.randn(20, 5))
    loss_gen = -dis(x_fake).mean()
    # --- signal: loss_gen | x_fake
    opt_gen.zero_grad(set_to_none=True)
    loss_gen.backward()
    opt_gen.step()
    for s in sched:
        s.step()
    print(f"{it}: loss_dis={loss_dis.item():.5f} loss_gen={loss_gen.item():.5f}")
