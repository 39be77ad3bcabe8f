"""Image to image: D judges pairs (condition, image), G also pays L1."""

import torch
import torch.nn as nn

torch.manual_seed(4)


class UnetSmall(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(1, 8, 4, 2, 1)
        self.mid = nn.Sequential(nn.LeakyReLU(0.2, True), nn.Conv2d(8, 8, 3, 1, 1), nn.BatchNorm2d(8), nn.ReLU(True))
        self.drop = nn.Dropout(0.5)
        self.up = nn.ConvTranspose2d(16, 1, 4, 2, 1)

    def forward(self, x):
        h = self.down(x)
        return torch.tanh(self.up(torch.cat([h, self.drop(self.mid(h))], 1)))


class NLayerDiscriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(nn.Conv2d(2, 8, 4, 2, 1), nn.LeakyReLU(0.2, True), nn.Conv2d(8, 1, 4, 1, 1))

    def forward(self, input):
        return self.model(input)


class Pix2PixModel:
    def __init__(self):
        self.netG, self.netD = UnetSmall(), NLayerDiscriminator()
        self.criterionGAN, self.criterionL1, self.lambda_L1 = nn.BCEWithLogitsLoss(), nn.L1Loss(), 100.0
        self.optimizer_G = torch.optim.Adam(self.netG.parameters(), lr=2e-4, betas=(0.5, 0.999))
        self.optimizer_D = torch.optim.Adam(self.netD.parameters(), lr=2e-4, betas=(0.5, 0.999))

    def gan_loss(self, prediction, target_is_real):
        return self.criterionGAN(prediction, torch.tensor(float(target_is_real)).expand_as(prediction))

    def set_requires_grad(self, net, requires_grad):
        for param in net.parameters():
            param.requires_grad = requires_grad

    def backward_D(self):
        fake_AB = torch.cat((self.real_A, self.fake_B), 1)
        pred_fake = self.netD(fake_AB.detach())
        real_AB = torch.cat((self.real_A, self.real_B), 1)
        pred_real = self.netD(real_AB)
        # --- logits: pred_real | pred_fake
        self.loss_D = (self.gan_loss(pred_fake, False) + self.gan_loss(pred_real, True)) * 0.5
        self.loss_D.backward()

    def backward_G(self):
        fake_AB = torch.cat((self.real_A, self.fake_B), 1)
        self.loss_G_GAN = self.gan_loss(self.netD(fake_AB), True)
        self.loss_G_L1 = self.criterionL1(self.fake_B, self.real_B) * self.lambda_L1
        self.loss_G = self.loss_G_GAN + self.loss_G_L1
        # --- signal: self.loss_G | self.fake_B
        self.loss_G.backward()

    def optimize_parameters(self, data):
        self.real_A, self.real_B = data
        self.fake_B = self.netG(self.real_A)
        self.set_requires_grad(self.netD, True)
        self.optimizer_D.zero_grad()
        self.backward_D()
        self.optimizer_D.step()
        self.set_requires_grad(self.netD, False)
        self.optimizer_G.zero_grad()
        self.backward_G()
        self.optimizer_G.step()


model = Pix2PixModel()
# --- attach: model.netG | model.netD
for total_iters in range(15):  # --- rounds
    a = torch.rand(4, 1, 8, 8) * 2 - 1
    model.optimize_parameters((a, a.flip(3).sign() * 0.8))
    if total_iters % 5 == 0:
        print("(iters: %d) G_GAN: %.3f G_L1: %.3f" % (total_iters, model.loss_G_GAN, model.loss_G_L1))  # noqa: UP031
