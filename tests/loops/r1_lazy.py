"""Non-saturating loss with R1, applied every fourth step only."""

import torch
import torch.nn.functional as F
from torch import autograd, nn

torch.manual_seed(77)


def requires_grad(model, flag=True):
    for p in model.parameters():
        p.requires_grad = flag


def d_logistic_loss(real_pred, fake_pred):
    return F.softplus(-real_pred).mean() + F.softplus(fake_pred).mean()


def d_r1_loss(real_pred, real_img):
    (grad_real,) = autograd.grad(outputs=real_pred.sum(), inputs=real_img, create_graph=True)
    return grad_real.pow(2).reshape(grad_real.shape[0], -1).sum(1).mean()


def g_nonsaturating_loss(fake_pred):
    return F.softplus(-fake_pred).mean()


def train(generator, discriminator, g_optim, d_optim, r1=10.0, d_reg_every=4, batch=16, iters=24):  # --- rounds
    r1_loss = torch.tensor(0.0)
    for i in range(iters):
        real_img = torch.randn(batch, 2).sign() + 0.1 * torch.randn(batch, 2)

        requires_grad(generator, False)
        requires_grad(discriminator, True)
        fake_img = generator(torch.randn(batch, 6))
        fake_pred = discriminator(fake_img)
        real_pred = discriminator(real_img)
        # --- logits: real_pred | fake_pred
        d_loss = d_logistic_loss(real_pred, fake_pred)
        discriminator.zero_grad()
        d_loss.backward()
        d_optim.step()

        if i % d_reg_every == 0:
            real_img.requires_grad = True
            real_pred = discriminator(real_img)
            r1_loss = d_r1_loss(real_pred, real_img)
            discriminator.zero_grad()
            (r1 / 2 * r1_loss * d_reg_every + 0 * real_pred[0]).sum().backward()
            d_optim.step()

        requires_grad(generator, True)
        requires_grad(discriminator, False)
        fake_img = generator(torch.randn(batch, 6))
        g_loss = g_nonsaturating_loss(discriminator(fake_img))
        # --- signal: g_loss | fake_img
        generator.zero_grad()
        g_loss.backward()
        g_optim.step()
        if i % 8 == 0:
            print(f"d: {d_loss.item():.4f}; g: {g_loss.item():.4f}; r1: {r1_loss.item():.4f}")


if __name__ == "__main__":
    g = nn.Sequential(nn.Linear(6, 32), nn.LeakyReLU(0.2), nn.Linear(32, 2))
    d = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
    g_opt = torch.optim.Adam(g.parameters(), lr=0.002, betas=(0.0, 0.99))
    d_opt = torch.optim.Adam(d.parameters(), lr=0.002 * 0.8, betas=(0.0, 0.99**0.8))
    # --- attach: g | d
    train(g, d, g_opt, d_opt)
