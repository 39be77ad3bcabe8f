"""The discriminator sees condition and image side by side; patches; L1; requires_grad toggled."""

import torch
from torch import nn

torch.manual_seed(7)


def set_requires_grad(net, flag):
    for p in net.parameters():
        p.requires_grad = flag


class Pix2Pix(nn.Module):
    def __init__(self):
        super().__init__()
        self.netG = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 3, 3, padding=1), nn.Tanh())
        self.netD = nn.Sequential(nn.Conv2d(4, 8, 4, 2, 1), nn.LeakyReLU(0.2, True), nn.Conv2d(8, 1, 4, 1, 1))
        self.optimizer_G = torch.optim.Adam(self.netG.parameters(), lr=2e-4, betas=(0.5, 0.999))
        self.optimizer_D = torch.optim.Adam(self.netD.parameters(), lr=2e-4, betas=(0.5, 0.999))
        self.gan, self.l1 = nn.BCEWithLogitsLoss(), nn.L1Loss()

    def optimize_parameters(self, real_A, real_B):
        fake_B = self.netG(real_A)
        set_requires_grad(self.netD, True)
        self.optimizer_D.zero_grad()
        pred_fake = self.netD(torch.cat((real_A, fake_B), 1).detach())
        pred_real = self.netD(torch.cat((real_A, real_B), 1))
        loss = self.gan(pred_fake, torch.zeros_like(pred_fake)) + self.gan(pred_real, torch.ones_like(pred_real))
        loss.backward()
        self.optimizer_D.step()
        set_requires_grad(self.netD, False)
        self.optimizer_G.zero_grad()
        pred = self.netD(torch.cat((real_A, fake_B), 1))
        (self.gan(pred, torch.ones_like(pred)) + 100 * self.l1(fake_B, real_B)).backward()
        self.optimizer_G.step()
        return loss


model = Pix2Pix()
for _ in range(12):
    loss = model.optimize_parameters(torch.rand(4, 1, 8, 8), torch.rand(4, 3, 8, 8))
print("loss", loss.item())
