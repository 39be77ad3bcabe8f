"""CycleGAN: two translators with one Adam, two critics, image pools, cycle and identity losses."""

import itertools
import random

import torch
from torch import nn

random.seed(0)
torch.manual_seed(0)


class ReplayBuffer:
    def __init__(self, max_size=20):
        self.max_size = max_size
        self.data = []

    def push_and_pop(self, data):
        to_return = []
        for element in data.data:
            element = torch.unsqueeze(element, 0)
            if len(self.data) < self.max_size:
                self.data.append(element)
                to_return.append(element)
            elif random.uniform(0, 1) > 0.5:
                i = random.randint(0, self.max_size - 1)
                to_return.append(self.data[i].clone())
                self.data[i] = element
            else:
                to_return.append(element)
        return torch.cat(to_return)


def translator():
    return nn.Sequential(nn.Conv2d(1, 6, 3, padding=1), nn.InstanceNorm2d(6), nn.ReLU(), nn.Conv2d(6, 1, 3, padding=1))


def critic():
    return nn.Sequential(nn.Conv2d(1, 6, 4, 2, 1), nn.LeakyReLU(0.2, inplace=True), nn.Conv2d(6, 1, 3, padding=1))


G_AB, G_BA, D_A, D_B = translator(), translator(), critic(), critic()
criterion_GAN, criterion_cycle, criterion_identity = nn.MSELoss(), nn.L1Loss(), nn.L1Loss()
optimizer_G = torch.optim.Adam(itertools.chain(G_AB.parameters(), G_BA.parameters()), lr=2e-4, betas=(0.5, 0.999))
optimizer_D_A = torch.optim.Adam(D_A.parameters(), lr=2e-4, betas=(0.5, 0.999))
optimizer_D_B = torch.optim.Adam(D_B.parameters(), lr=2e-4, betas=(0.5, 0.999))
fake_A_buffer, fake_B_buffer = ReplayBuffer(), ReplayBuffer()
# --- attach: {"ab": G_AB, "ba": G_BA} | {"a": D_A, "b": D_B}

for i in range(14):  # --- rounds
    real_A, real_B = torch.rand(8, 1, 8, 8), torch.rand(8, 1, 8, 8).round()
    valid, fake = torch.ones(8, 1, 4, 4), torch.zeros(8, 1, 4, 4)

    optimizer_G.zero_grad()
    loss_identity = (criterion_identity(G_BA(real_A), real_A) + criterion_identity(G_AB(real_B), real_B)) / 2
    fake_B, fake_A = G_AB(real_A), G_BA(real_B)
    loss_GAN = (criterion_GAN(D_B(fake_B), valid) + criterion_GAN(D_A(fake_A), valid)) / 2
    loss_cycle = (criterion_cycle(G_BA(fake_B), real_A) + criterion_cycle(G_AB(fake_A), real_B)) / 2
    loss_G = loss_GAN + 10 * loss_cycle + 5 * loss_identity
    # --- signal: loss_G | {"ab": fake_B, "ba": fake_A}
    loss_G.backward()
    optimizer_G.step()

    optimizer_D_A.zero_grad()
    pred_real_A, pred_fake_A = D_A(real_A), D_A(fake_A_buffer.push_and_pop(fake_A).detach())
    loss_D_A = (criterion_GAN(pred_real_A, valid) + criterion_GAN(pred_fake_A, fake)) / 2
    loss_D_A.backward()
    optimizer_D_A.step()

    optimizer_D_B.zero_grad()
    pred_real_B, pred_fake_B = D_B(real_B), D_B(fake_B_buffer.push_and_pop(fake_B).detach())
    loss_D_B = (criterion_GAN(pred_real_B, valid) + criterion_GAN(pred_fake_B, fake)) / 2
    loss_D_B.backward()
    optimizer_D_B.step()
    # --- logits: {"ab": pred_real_B, "ba": pred_real_A} | {"ab": pred_fake_B, "ba": pred_fake_A}

    loss_D = (loss_D_A + loss_D_B) / 2
    print(
        f"[Batch {i}/14] [D loss: {loss_D.item():f}] [G loss: {loss_G.item():f}, adv: {loss_GAN.item():f}, "
        f"cycle: {loss_cycle.item():f}, identity: {loss_identity.item():f}]"
    )
