"""Two generators under one optimizer, two discriminators, an image pool, cycle and identity losses."""

import itertools
import random

import torch
from torch import nn

torch.manual_seed(6)
random.seed(6)


def net(out, tanh=False):
    return nn.Sequential(
        nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, out, 3, padding=1), *([nn.Tanh()] if tanh else [])
    )


class ImagePool:
    def __init__(self, size=8):
        self.size, self.images = size, []

    def query(self, images):
        result = []
        for image in images:
            image = torch.unsqueeze(image.data, 0)
            if len(self.images) < self.size:
                self.images.append(image)
                result.append(image)
            elif random.uniform(0, 1) > 0.5:
                k = random.randint(0, self.size - 1)
                result.append(self.images[k].clone())
                self.images[k] = image
            else:
                result.append(image)
        return torch.cat(result, 0)


G_AB, G_BA, D_A, D_B = net(1, True), net(1, True), net(1), net(1)
optimizer_G = torch.optim.Adam(itertools.chain(G_AB.parameters(), G_BA.parameters()), lr=2e-4, betas=(0.5, 0.999))
optimizer_D_A, optimizer_D_B = torch.optim.Adam(D_A.parameters(), lr=2e-4), torch.optim.Adam(D_B.parameters(), lr=2e-4)
mse, l1, pool_a, pool_b = nn.MSELoss(), nn.L1Loss(), ImagePool(), ImagePool()
for _ in range(14):
    real_A, real_B = torch.rand(4, 1, 8, 8), -torch.rand(4, 1, 8, 8)
    optimizer_G.zero_grad()
    fake_B, fake_A = G_AB(real_A), G_BA(real_B)
    p_b, p_a = D_B(fake_B), D_A(fake_A)
    loss_G = mse(p_b, torch.ones_like(p_b)) + mse(p_a, torch.ones_like(p_a))
    loss_G = loss_G + 10 * (l1(G_BA(fake_B), real_A) + l1(G_AB(fake_A), real_B)) + 5 * l1(G_AB(real_B), real_B)
    loss_G.backward()
    optimizer_G.step()
    for D, opt, real, fake, pool in (
        (D_A, optimizer_D_A, real_A, fake_A, pool_a),
        (D_B, optimizer_D_B, real_B, fake_B, pool_b),
    ):
        opt.zero_grad()
        pr, pf = D(real), D(pool.query(fake).detach())
        ((mse(pr, torch.ones_like(pr)) + mse(pf, torch.zeros_like(pf))) * 0.5).backward()
        opt.step()
print("G", loss_G.item())
