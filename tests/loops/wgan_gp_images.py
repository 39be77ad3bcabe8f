"""WGAN-GP on tiny images, argument names and all."""

import torch
from torch import autograd, nn

torch.manual_seed(1)
LAMBDA = 10
CRITIC_ITERS = 3
BATCH_SIZE = 12


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.preprocess = nn.Sequential(nn.Linear(8, 16 * 2 * 2), nn.ReLU(True))
        self.deconv = nn.Sequential(
            nn.ConvTranspose2d(16, 8, 2, stride=2), nn.ReLU(True), nn.ConvTranspose2d(8, 1, 2, stride=2), nn.Sigmoid()
        )

    def forward(self, input):
        output = self.preprocess(input)
        output = output.view(-1, 16, 2, 2)
        return self.deconv(output).view(-1, 64)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(1, 8, 3, stride=2, padding=1), nn.LeakyReLU(), nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.Tanh()
        )
        self.output = nn.Linear(64, 1)

    def forward(self, input):
        out = self.main(input.view(-1, 1, 8, 8)).view(-1, 64)
        return self.output(out).view(-1)


def calc_gradient_penalty(netD, real_data, fake_data):
    alpha = torch.rand(BATCH_SIZE, 1)
    alpha = alpha.expand(real_data.size())
    interpolates = (alpha * real_data + ((1 - alpha) * fake_data)).requires_grad_(True)
    disc_interpolates = netD(interpolates)
    gradients = autograd.grad(
        outputs=disc_interpolates,
        inputs=interpolates,
        grad_outputs=torch.ones(disc_interpolates.size()),
        create_graph=True,
        retain_graph=True,
        only_inputs=True,
    )[0]
    return ((gradients.norm(2, dim=1) - 1) ** 2).mean() * LAMBDA


def inf_train_gen():
    while True:
        yield torch.rand(BATCH_SIZE, 64)


netG, netD = Generator(), Discriminator()
optimizerD = torch.optim.Adam(netD.parameters(), lr=1e-4, betas=(0.0, 0.9))
optimizerG = torch.optim.Adam(netG.parameters(), lr=1e-4, betas=(0.0, 0.9))
data = inf_train_gen()
# --- attach: netG | netD
for iteration in range(12):  # --- rounds
    for p in netD.parameters():
        p.requires_grad = True
    for _ in range(CRITIC_ITERS):
        real_data = next(data)
        netD.zero_grad()
        scores_real = netD(real_data)
        D_real = scores_real.mean()
        fake = netG(torch.randn(BATCH_SIZE, 8)).data
        scores_fake = netD(fake)
        D_fake = scores_fake.mean()
        # --- logits: scores_real | scores_fake
        gradient_penalty = calc_gradient_penalty(netD, real_data.data, fake.data)
        (D_fake - D_real + gradient_penalty).backward()
        optimizerD.step()
    for p in netD.parameters():
        p.requires_grad = False
    netG.zero_grad()
    fake = netG(torch.randn(BATCH_SIZE, 8))
    G_cost = -netD(fake).mean()
    # --- signal: G_cost | fake
    G_cost.backward()
    optimizerG.step()
    print("iter", iteration, "wdist", (D_real - D_fake).item(), "gp", gradient_penalty.item())
