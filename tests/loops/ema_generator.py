import copy

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(55)


@torch.no_grad()
def accumulate(model1, model2, decay=0.9):
    par1, par2 = dict(model1.named_parameters()), dict(model2.named_parameters())
    for k in par1:
        par1[k].mul_(decay).add_(par2[k], alpha=1 - decay)
    for b1, b2 in zip(model1.buffers(), model2.buffers(), strict=True):
        b1.copy_(b2)


class MappingGenerator(nn.Module):
    def __init__(self, z=6, w=12, x=8):
        super().__init__()
        self.mapping = nn.Sequential(nn.Linear(z, w), nn.LeakyReLU(0.2), nn.Linear(w, w), nn.LeakyReLU(0.2))
        self.synthesis = nn.Sequential(nn.Linear(w, 24), nn.BatchNorm1d(24), nn.LeakyReLU(0.2), nn.Linear(24, x))

    def forward(self, z, return_latents=False):
        w = self.mapping(z)
        image = self.synthesis(w)
        return (image, w) if return_latents else (image, None)


generator = MappingGenerator()
discriminator = nn.Sequential(nn.Linear(8, 24), nn.LeakyReLU(0.2), nn.Linear(24, 1))
g_optim = torch.optim.Adam(generator.parameters(), lr=2e-3, betas=(0.0, 0.99))
d_optim = torch.optim.Adam(discriminator.parameters(), lr=2e-3, betas=(0.0, 0.99))
# --- attach: generator | discriminator
g_ema = copy.deepcopy(generator).eval()
accumulate(g_ema, generator, 0)
sample_z = torch.randn(4, 6)

for i in range(20):  # --- rounds
    real_img = torch.randn(16, 8).abs()
    fake_img, _ = generator(torch.randn(16, 6))
    fake_pred = discriminator(fake_img.detach())
    real_pred = discriminator(real_img)
    # --- logits: real_pred | fake_pred
    d_loss = F.softplus(-real_pred).mean() + F.softplus(fake_pred).mean()
    discriminator.zero_grad()
    d_loss.backward()
    d_optim.step()

    fake_img, latents = generator(torch.randn(16, 6), return_latents=True)
    g_loss = F.softplus(-discriminator(fake_img)).mean()
    # --- signal: g_loss | fake_img
    generator.zero_grad()
    g_loss.backward()
    g_optim.step()
    accumulate(g_ema, generator)
    if i % 5 == 0:
        with torch.no_grad():
            sample, _ = g_ema(sample_z)
        print(f"d: {d_loss.item():.4f}; g: {g_loss.item():.4f}; sample mean {sample.mean().item():.4f}")
