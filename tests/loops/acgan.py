"""Auxiliary classifier GAN: the discriminator returns (validity, class logits)."""

import torch
import torch.nn as nn

torch.manual_seed(6)
n_classes, latent_dim, n = 3, 6, 18


class G(nn.Module):
    def __init__(self):
        super().__init__()
        self.label_emb = nn.Embedding(n_classes, latent_dim)
        self.l1 = nn.Linear(latent_dim, 2 * 2 * 16)
        self.conv = nn.Sequential(
            nn.BatchNorm2d(16),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(16, 8, 3, padding=1),
            nn.BatchNorm2d(8, 0.8),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(8, 1, 3, padding=1),
            nn.Tanh(),
        )

    def forward(self, noise, labels):
        x = self.l1(torch.mul(self.label_emb(labels), noise))
        return self.conv(x.view(-1, 16, 2, 2))


class D(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(1, 8, 3, 2, 1), nn.LeakyReLU(0.2, inplace=True), nn.Dropout2d(0.25))
        self.adv = nn.Sequential(nn.Linear(32, 1), nn.Sigmoid())
        self.aux = nn.Linear(32, n_classes)

    def forward(self, img):
        out = self.conv(img).flatten(1)
        return self.adv(out), self.aux(out)


g, d = G(), D()
adversarial_loss, auxiliary_loss = nn.BCELoss(), nn.CrossEntropyLoss()
opt_g = torch.optim.Adam(g.parameters(), 2e-4, (0.5, 0.999))
opt_d = torch.optim.Adam(d.parameters(), 2e-4, (0.5, 0.999))
# --- attach: g | d
for batch in range(16):  # --- rounds
    labels = torch.randint(n_classes, (n,))
    imgs = (labels.float() / n_classes).view(-1, 1, 1, 1) + 0.1 * torch.randn(n, 1, 4, 4)

    opt_g.zero_grad()
    gen_labels = torch.randint(n_classes, (n,))
    gen_imgs = g(torch.randn(n, latent_dim), gen_labels)
    validity, pred_label = d(gen_imgs)
    g_loss = 0.5 * (adversarial_loss(validity, torch.ones(n, 1)) + auxiliary_loss(pred_label, gen_labels))
    # --- signal: g_loss | gen_imgs
    g_loss.backward()
    opt_g.step()

    opt_d.zero_grad()
    real_pred, real_aux = d(imgs)
    fake_pred, fake_aux = d(gen_imgs.detach())
    # --- logits: real_pred | fake_pred
    d_real = (adversarial_loss(real_pred, torch.ones(n, 1)) + auxiliary_loss(real_aux, labels)) / 2
    d_fake = (adversarial_loss(fake_pred, torch.zeros(n, 1)) + auxiliary_loss(fake_aux, gen_labels)) / 2
    d_loss = (d_real + d_fake) / 2
    d_loss.backward()
    opt_d.step()
    acc = (torch.cat([real_aux, fake_aux]).argmax(1) == torch.cat([labels, gen_labels])).float().mean()
    print(f"[Batch {batch}/16] [D loss: {d_loss.item():f}, acc: {100 * acc.item():.0f}%] [G loss: {g_loss.item():f}]")
