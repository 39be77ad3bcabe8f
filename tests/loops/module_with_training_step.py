"""Both networks live in one module with a training_step, as Lightning users write."""

import torch
import torch.nn.functional as F
from torch import nn


class GAN(nn.Module):
    def __init__(self, latent_dim=8, data_dim=6, lr=2e-3):
        super().__init__()
        self.latent_dim = latent_dim
        self.lr = lr
        self.generator = nn.Sequential(
            nn.Linear(latent_dim, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, data_dim)
        )
        self.discriminator = nn.Sequential(nn.Linear(data_dim, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
        self.logged = {}

    def forward(self, z):
        return self.generator(z)

    def log(self, name, value):
        self.logged[name] = float(value.detach())

    def adversarial_loss(self, y_hat, y):
        return F.binary_cross_entropy_with_logits(y_hat, y)

    def training_step(self, batch, optimizer_idx):
        z = torch.randn(len(batch), self.latent_dim).type_as(batch)
        if optimizer_idx == 0:  # generator
            imgs = self(z)
            g_loss = self.adversarial_loss(self.discriminator(imgs), torch.ones(len(batch), 1).type_as(batch))
            # --- signal: g_loss | imgs
            self.log("g_loss", g_loss)
            return g_loss
        y_real = self.discriminator(batch)
        y_fake = self.discriminator(self(z).detach())
        # --- logits: y_real | y_fake
        real_loss = self.adversarial_loss(y_real, torch.ones_like(y_real))
        fake_loss = self.adversarial_loss(y_fake, torch.zeros_like(y_fake))
        d_loss = (real_loss + fake_loss) / 2
        self.log("d_loss", d_loss)
        return d_loss

    def configure_optimizers(self):
        return [
            torch.optim.Adam(self.generator.parameters(), lr=self.lr, betas=(0.5, 0.999)),
            torch.optim.Adam(self.discriminator.parameters(), lr=self.lr, betas=(0.5, 0.999)),
        ]


def fit(model, batches, optimizers):
    frozen = [model.discriminator, model.generator]
    for step, batch in enumerate(batches):
        for idx, optimizer in enumerate(optimizers):
            frozen[idx].requires_grad_(False)
            optimizer.zero_grad()
            model.training_step(batch, idx).backward()
            optimizer.step()
            frozen[idx].requires_grad_(True)
        print(step, {k: round(v, 4) for k, v in model.logged.items()})


if __name__ == "__main__":
    torch.manual_seed(1)
    gan = GAN()
    optimizers = gan.configure_optimizers()
    # --- attach: gan.generator | gan.discriminator
    steps = 18  # --- rounds
    fit(gan, [torch.randn(16, 6) + i / 20 for i in range(steps)], optimizers)
