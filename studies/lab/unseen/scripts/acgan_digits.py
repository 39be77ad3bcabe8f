"""AC-GAN: embedded labels into G, an auxiliary head on D. 8x8 digits."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--n_epochs", type=int, default=100)
parser.add_argument("--latent_dim", type=int, default=24)
parser.add_argument("--n_classes", type=int, default=10)
parser.add_argument("--out", default="out")
opt = parser.parse_args()
torch.manual_seed(opt.seed)
os.makedirs(opt.out, exist_ok=True)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.label_emb = nn.Embedding(opt.n_classes, opt.latent_dim)
        self.l1 = nn.Sequential(nn.Linear(opt.latent_dim, 64 * 2 * 2))
        self.conv_blocks = nn.Sequential(
            nn.BatchNorm2d(64),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(64, 64, 3, stride=1, padding=1),
            nn.BatchNorm2d(64),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(64, 32, 3, stride=1, padding=1),
            nn.BatchNorm2d(32),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(32, 1, 3, stride=1, padding=1),
            nn.Tanh(),
        )

    def forward(self, noise, labels):
        gen_input = torch.mul(self.label_emb(labels), noise)
        return self.conv_blocks(self.l1(gen_input).view(-1, 64, 2, 2))


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv_blocks = nn.Sequential(
            nn.Conv2d(1, 32, 3, 2, 1), nn.LeakyReLU(0.2), nn.Dropout2d(0.25),
            nn.Conv2d(32, 64, 3, 2, 1), nn.LeakyReLU(0.2), nn.Dropout2d(0.25),
        )
        self.adv_layer = nn.Sequential(nn.Linear(256, 1), nn.Sigmoid())
        self.aux_layer = nn.Linear(256, opt.n_classes)

    def forward(self, img):
        out = self.conv_blocks(img).view(img.shape[0], -1)
        return self.adv_layer(out), self.aux_layer(out)


adversarial_loss, auxiliary_loss = nn.BCELoss(), nn.CrossEntropyLoss()
generator, discriminator = Generator(), Discriminator()
bunch = load_digits()
images = torch.tensor(bunch.images, dtype=torch.float32).unsqueeze(1) / 8 - 1
np.save(f"{opt.out}/real.npy", images.numpy())
np.save(f"{opt.out}/real_labels.npy", bunch.target)
loader = torch.utils.data.DataLoader(
    torch.utils.data.TensorDataset(images, torch.tensor(bunch.target)), batch_size=64, shuffle=True
)
optimizer_G = torch.optim.Adam(generator.parameters(), lr=0.0004, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=0.0004, betas=(0.5, 0.999))
z_show, y_show = torch.randn(1000, opt.latent_dim), torch.arange(1000) % 10
np.save(f"{opt.out}/gen_labels.npy", y_show.numpy())

for epoch in range(opt.n_epochs):
    for imgs, labels in loader:
        n = imgs.shape[0]
        valid, fake = torch.ones(n, 1), torch.zeros(n, 1)
        optimizer_G.zero_grad()
        gen_labels = torch.randint(0, opt.n_classes, (n,))
        gen_imgs = generator(torch.randn(n, opt.latent_dim), gen_labels)
        validity, pred_label = discriminator(gen_imgs)
        g_loss = 0.5 * (adversarial_loss(validity, valid) + auxiliary_loss(pred_label, gen_labels))
        g_loss.backward()
        optimizer_G.step()
        optimizer_D.zero_grad()
        real_pred, real_aux = discriminator(imgs)
        fake_pred, fake_aux = discriminator(gen_imgs.detach())
        d_loss = (
            adversarial_loss(real_pred, valid) + auxiliary_loss(real_aux, labels)
            + adversarial_loss(fake_pred, fake) + auxiliary_loss(fake_aux, gen_labels)
        ) / 4
        d_loss.backward()
        optimizer_D.step()
    if epoch % max(1, opt.n_epochs // 12) == 0 or epoch == opt.n_epochs - 1:
        acc = (real_aux.argmax(1) == labels).float().mean().item()
        print(f"[Epoch {epoch}] [D loss: {d_loss.item():.4f}, acc: {100 * acc:.0f}%] [G loss: {g_loss.item():.4f}]")
        with torch.no_grad():
            np.save(f"{opt.out}/gen_{epoch:06d}.npy", generator(z_show, y_show).numpy())
