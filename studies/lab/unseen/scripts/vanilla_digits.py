"""gan.py in the manner of PyTorch-GAN, on scikit-learn's 8x8 digits."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.autograd import Variable

parser = argparse.ArgumentParser()
parser.add_argument("--n_epochs", type=int, default=150)
parser.add_argument("--batch_size", type=int, default=64)
parser.add_argument("--lr", type=float, default=0.0002)
parser.add_argument("--b1", type=float, default=0.5)
parser.add_argument("--b2", type=float, default=0.999)
parser.add_argument("--latent_dim", type=int, default=32)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--out", type=str, default="images")
opt = parser.parse_args()
os.makedirs(opt.out, exist_ok=True)
torch.manual_seed(opt.seed)

img_shape = (1, 8, 8)


class Generator(nn.Module):
    def __init__(self):
        super(Generator, self).__init__()

        def block(in_feat, out_feat, normalize=True):
            layers = [nn.Linear(in_feat, out_feat)]
            if normalize:
                layers.append(nn.BatchNorm1d(out_feat, 0.8))
            layers.append(nn.LeakyReLU(0.2, inplace=True))
            return layers

        self.model = nn.Sequential(
            *block(opt.latent_dim, 128, normalize=False),
            *block(128, 256),
            *block(256, 256),
            nn.Linear(256, int(np.prod(img_shape))),
            nn.Tanh(),
        )

    def forward(self, z):
        img = self.model(z)
        return img.view(img.size(0), *img_shape)


class Discriminator(nn.Module):
    def __init__(self):
        super(Discriminator, self).__init__()
        self.model = nn.Sequential(
            nn.Linear(int(np.prod(img_shape)), 256),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(256, 128),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(128, 1),
            nn.Sigmoid(),
        )

    def forward(self, img):
        return self.model(img.view(img.size(0), -1))


adversarial_loss = torch.nn.BCELoss()
generator = Generator()
discriminator = Discriminator()

digits = torch.tensor(load_digits().images, dtype=torch.float32).unsqueeze(1) / 8 - 1
np.save(os.path.join(opt.out, "real.npy"), digits.numpy())
dataloader = torch.utils.data.DataLoader(
    torch.utils.data.TensorDataset(digits), batch_size=opt.batch_size, shuffle=True
)
optimizer_G = torch.optim.Adam(generator.parameters(), lr=opt.lr, betas=(opt.b1, opt.b2))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=opt.lr, betas=(opt.b1, opt.b2))
fixed = torch.randn(1000, opt.latent_dim)

for epoch in range(opt.n_epochs):
    for i, (imgs,) in enumerate(dataloader):
        valid = Variable(torch.ones(imgs.size(0), 1), requires_grad=False)
        fake = Variable(torch.zeros(imgs.size(0), 1), requires_grad=False)
        real_imgs = Variable(imgs)

        optimizer_G.zero_grad()
        z = Variable(torch.randn(imgs.shape[0], opt.latent_dim))
        gen_imgs = generator(z)
        g_loss = adversarial_loss(discriminator(gen_imgs), valid)
        g_loss.backward()
        optimizer_G.step()

        optimizer_D.zero_grad()
        real_loss = adversarial_loss(discriminator(real_imgs), valid)
        fake_loss = adversarial_loss(discriminator(gen_imgs.detach()), fake)
        d_loss = (real_loss + fake_loss) / 2
        d_loss.backward()
        optimizer_D.step()
    if epoch % (max(1, opt.n_epochs // 12)) == 0 or epoch == opt.n_epochs - 1:
        print("[Epoch %d] [D loss: %f] [G loss: %f]" % (epoch, d_loss.item(), g_loss.item()))
        generator.eval()
        with torch.no_grad():
            np.save(os.path.join(opt.out, "gen_%06d.npy" % epoch), generator(fixed).numpy())
        generator.train()
