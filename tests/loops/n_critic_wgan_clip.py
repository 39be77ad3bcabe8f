"""Wasserstein GAN with weight clipping: five critic iterations for one of the generator."""

import torch
import torch.nn as nn
import torch.optim as optim

SEED, CLAMP, N_CRITIC, BATCH, NZ = 1234, 0.01, 5, 16, 8
torch.manual_seed(SEED)


class MLP_G(nn.Module):
    def __init__(self, nz=NZ, n=32):
        super().__init__()
        self.main = nn.Sequential(nn.Linear(nz, n), nn.ReLU(True), nn.Linear(n, n), nn.ReLU(True), nn.Linear(n, 16))

    def forward(self, z):
        return self.main(z).view(-1, 1, 4, 4)


class MLP_D(nn.Module):
    def __init__(self, n=32):
        super().__init__()
        self.main = nn.Sequential(nn.Linear(16, n), nn.ReLU(True), nn.Linear(n, n), nn.ReLU(True), nn.Linear(n, 1))

    def forward(self, x):
        return self.main(x.view(x.size(0), -1)).mean(0).view(1)


netG, netD = MLP_G(), MLP_D()
optimizerD = optim.RMSprop(netD.parameters(), lr=5e-5)
optimizerG = optim.RMSprop(netG.parameters(), lr=5e-5)
one = torch.tensor([1.0])
mone = one * -1
# --- attach: netG | netD

gen_iterations = 0
while gen_iterations < 12:  # --- rounds
    for p in netD.parameters():
        p.requires_grad = True
    for _ in range(N_CRITIC):
        for p in netD.parameters():
            p.data.clamp_(-CLAMP, CLAMP)
        netD.zero_grad()
        errD_real = netD(torch.randn(BATCH, 1, 4, 4).abs())
        errD_real.backward(one)
        with torch.no_grad():
            fake = netG(torch.randn(BATCH, NZ))
        errD_fake = netD(fake)
        errD_fake.backward(mone)
        # --- logits: errD_real | errD_fake
        errD = errD_real - errD_fake
        optimizerD.step()

    for p in netD.parameters():
        p.requires_grad = False  # to avoid computation
    netG.zero_grad()
    fake = netG(torch.randn(BATCH, NZ))
    errG = netD(fake)
    # --- signal: errG | fake
    errG.backward(one)
    optimizerG.step()
    gen_iterations += 1
    print(f"[{gen_iterations}] Loss_D: {errD.item():.6f} Loss_G: {errG.item():.6f}")
