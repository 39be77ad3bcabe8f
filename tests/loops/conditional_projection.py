"""cGAN: labels go into both players, D(x, y) with a projection."""

import torch
from torch import nn

torch.manual_seed(10)
N_CLASSES, Z, X, H = 4, 5, 6, 24


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.label_emb = nn.Embedding(N_CLASSES, N_CLASSES)
        self.net = nn.Sequential(nn.Linear(Z + N_CLASSES, H), nn.BatchNorm1d(H), nn.ReLU(), nn.Linear(H, X))

    def forward(self, noise, labels):
        return self.net(torch.cat((self.label_emb(labels), noise), -1))


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.phi = nn.Sequential(nn.Linear(X, H), nn.LeakyReLU(0.2), nn.Linear(H, H), nn.LeakyReLU(0.2))
        self.psi = nn.Linear(H, 1)
        self.embed = nn.Embedding(N_CLASSES, H)

    def forward(self, x, y=None):
        h = self.phi(x)
        out = self.psi(h)
        if y is not None:
            out = out + (self.embed(y) * h).sum(1, keepdim=True)
        return out


generator, discriminator = Generator(), Discriminator()
optimizer_G = torch.optim.Adam(generator.parameters(), lr=2e-3, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=2e-3, betas=(0.5, 0.999))
mse = nn.MSELoss()
centers = torch.randn(N_CLASSES, X)
# --- attach: generator | discriminator

for step in range(20):  # --- rounds
    labels = torch.randint(0, N_CLASSES, (16,))
    real_imgs = centers[labels] + 0.1 * torch.randn(16, X)
    valid, fake = torch.ones(16, 1), torch.zeros(16, 1)

    optimizer_G.zero_grad()
    gen_labels = torch.randint(0, N_CLASSES, (16,))
    gen_imgs = generator(torch.randn(16, Z), gen_labels)
    g_loss = mse(discriminator(gen_imgs, gen_labels), valid)
    # --- signal: g_loss | gen_imgs
    g_loss.backward()
    optimizer_G.step()

    optimizer_D.zero_grad()
    validity_real = discriminator(real_imgs, y=labels)
    validity_fake = discriminator(gen_imgs.detach(), y=gen_labels)
    # --- logits: validity_real | validity_fake
    d_loss = 0.5 * (mse(validity_real, valid) + mse(validity_fake, fake))
    d_loss.backward()
    optimizer_D.step()
    if step % 5 == 0:
        print("[%d] [D loss: %f] [G loss: %f]" % (step, d_loss.item(), g_loss.item()))  # noqa: UP031
