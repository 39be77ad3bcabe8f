"""DCGAN tutorial, cut down to 28x28 MNIST and small feature maps."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim
import torchvision.datasets as dset
import torchvision.transforms as transforms

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--iters", type=int, default=900)
parser.add_argument("--out", default="out")
opt = parser.parse_args()
torch.manual_seed(opt.seed)
os.makedirs(opt.out, exist_ok=True)

nz, ngf, ndf, nc, batch_size, lr, beta1 = 64, 16, 16, 1, 64, 0.0002, 0.5
dataset = dset.MNIST(
    os.environ["GANDIAG_DATA"],
    train=True,
    transform=transforms.Compose([transforms.ToTensor(), transforms.Normalize(0.5, 0.5)]),
)
dataset = torch.utils.data.Subset(dataset, range(20000))
dataloader = torch.utils.data.DataLoader(dataset, batch_size=batch_size, shuffle=True, drop_last=True)
np.save(f"{opt.out}/real.npy", torch.stack([dataset[i][0] for i in range(2000)]).numpy())


def weights_init(m):
    classname = m.__class__.__name__
    if classname.find("Conv") != -1:
        nn.init.normal_(m.weight.data, 0.0, 0.02)
    elif classname.find("BatchNorm") != -1:
        nn.init.normal_(m.weight.data, 1.0, 0.02)
        nn.init.constant_(m.bias.data, 0)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(nz, ngf * 4, 7, 1, 0, bias=False),
            nn.BatchNorm2d(ngf * 4),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 4, ngf * 2, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ngf * 2),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 2, nc, 4, 2, 1, bias=False),
            nn.Tanh(),
        )

    def forward(self, input):
        return self.main(input)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(nc, ndf, 4, 2, 1, bias=False),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf, ndf * 2, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ndf * 2),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf * 2, 1, 7, 1, 0, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, input):
        return self.main(input).view(-1)


netG, netD = Generator(), Discriminator()
netG.apply(weights_init)
netD.apply(weights_init)
criterion = nn.BCELoss()
fixed_noise = torch.randn(1000, nz, 1, 1)
optimizerD = optim.Adam(netD.parameters(), lr=lr, betas=(beta1, 0.999))
optimizerG = optim.Adam(netG.parameters(), lr=lr, betas=(beta1, 0.999))

iters = 0
while iters < opt.iters:
    for data, _ in dataloader:
        netD.zero_grad()
        label = torch.full((batch_size,), 1.0)
        output = netD(data)
        errD_real = criterion(output, label)
        errD_real.backward()
        D_x = output.mean().item()
        noise = torch.randn(batch_size, nz, 1, 1)
        fake = netG(noise)
        label.fill_(0.0)
        output = netD(fake.detach())
        errD_fake = criterion(output, label)
        errD_fake.backward()
        D_G_z1 = output.mean().item()
        optimizerD.step()

        netG.zero_grad()
        label.fill_(1.0)
        output = netD(fake)
        errG = criterion(output, label)
        errG.backward()
        D_G_z2 = output.mean().item()
        optimizerG.step()

        if iters % (opt.iters // 12) == 0 or iters == opt.iters - 1:
            print(f"[{iters}] Loss_D {errD_real + errD_fake:.4f} Loss_G {errG:.4f} D(x) {D_x:.4f} D(G(z)) {D_G_z1:.4f}/{D_G_z2:.4f}")
            with torch.no_grad():
                np.save(f"{opt.out}/gen_{iters:06d}.npy", netG(fixed_noise).numpy())
        iters += 1
        if iters == opt.iters:
            break
