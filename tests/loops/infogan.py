"""InfoGAN: a third optimizer pulls on generator and discriminator together for the sake of the code."""

import itertools

import torch
import torch.nn as nn

torch.manual_seed(36)
n_cat, code_dim, z_dim, bs = 3, 2, 4, 18


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(z_dim + n_cat + code_dim, 24), nn.ReLU(), nn.Linear(24, 6))

    def forward(self, noise, labels, code):
        return self.net(torch.cat((noise, labels, code), -1))


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.shared = nn.Sequential(nn.Linear(6, 24), nn.LeakyReLU(0.2))
        self.adv, self.aux, self.latent = nn.Linear(24, 1), nn.Linear(24, n_cat), nn.Linear(24, code_dim)

    def forward(self, x):
        h = self.shared(x)
        return self.adv(h), self.aux(h), self.latent(h)


generator, discriminator = Generator(), Discriminator()
optimizer_G = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
optimizer_info = torch.optim.Adam(itertools.chain(generator.parameters(), discriminator.parameters()), lr=2e-4)
adversarial_loss, categorical_loss, continuous_loss = nn.MSELoss(), nn.CrossEntropyLoss(), nn.MSELoss()
# --- attach: generator | discriminator


def draw():
    labels = torch.randint(0, n_cat, (bs,))
    return torch.randn(bs, z_dim), labels, nn.functional.one_hot(labels, n_cat).float(), torch.rand(bs, code_dim)


for i in range(12):  # --- rounds
    real_imgs = torch.randn(bs, 6)
    valid, fake = torch.ones(bs, 1), torch.zeros(bs, 1)

    optimizer_G.zero_grad()
    z, _, label_input, code_input = draw()
    gen_imgs = generator(z, label_input, code_input)
    validity, _, _ = discriminator(gen_imgs)
    g_loss = adversarial_loss(validity, valid)
    # --- signal: g_loss | gen_imgs
    g_loss.backward()
    optimizer_G.step()

    optimizer_D.zero_grad()
    real_pred, _, _ = discriminator(real_imgs)
    fake_pred, _, _ = discriminator(gen_imgs.detach())
    # --- logits: real_pred | fake_pred
    d_loss = (adversarial_loss(real_pred, valid) + adversarial_loss(fake_pred, fake)) / 2
    d_loss.backward()
    optimizer_D.step()

    optimizer_info.zero_grad()
    z, sampled_labels, label_input, code_input = draw()
    gen_imgs = generator(z, label_input, code_input)
    _, pred_label, pred_code = discriminator(gen_imgs)
    info_loss = categorical_loss(pred_label, sampled_labels) + 0.1 * continuous_loss(pred_code, code_input)
    # --- signal: info_loss | gen_imgs
    info_loss.backward()
    optimizer_info.step()
    print(f"[{i}] [D loss: {d_loss.item():f}] [G loss: {g_loss.item():f}] [info loss: {info_loss.item():f}]")
