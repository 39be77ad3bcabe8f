"""AR(2) processes of length 40. WGAN; clip_value 0.001 because the loss looked calmer with it; four hidden layers."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--n_epochs", type=int, default=26)
parser.add_argument("--clip_value", type=float, default=0.001)
parser.add_argument("--n_critic", type=int, default=3)
parser.add_argument("--out", default="out")
opt = parser.parse_args()
torch.manual_seed(opt.seed)
os.makedirs(opt.out, exist_ok=True)

x = torch.zeros(4800, 40)
x[:, :2] = torch.randn(4800, 2)
for t in range(2, 40):
    x[:, t] = 1.6 * x[:, t - 1] - 0.8 * x[:, t - 2] + 0.3 * torch.randn(4800)
x = x / x.std()
np.save(opt.out + "/real.npy", x[:4000].numpy())


def mlp(*sizes):
    out = []
    for i, o in zip(sizes[:-2], sizes[1:-1]):
        out += [nn.Linear(i, o), nn.LeakyReLU(0.2)]
    return nn.Sequential(*out, nn.Linear(*sizes[-2:]))


generator, discriminator = mlp(24, 128, 128, 40), mlp(40, 128, 128, 128, 128, 1)
optimizer_G = torch.optim.RMSprop(generator.parameters(), lr=5e-5)
optimizer_D = torch.optim.RMSprop(discriminator.parameters(), lr=5e-5)
z_test = torch.randn(1000, 24)
batches_done = 0
for epoch in range(opt.n_epochs):
    for i, batch in enumerate(x[torch.randperm(len(x))].split(24)):
        optimizer_D.zero_grad()
        fake = generator(torch.randn(len(batch), 24)).detach()
        loss_D = -torch.mean(discriminator(batch)) + torch.mean(discriminator(fake))
        loss_D.backward()
        optimizer_D.step()
        for p in discriminator.parameters():
            p.data.clamp_(-opt.clip_value, opt.clip_value)
        if i % opt.n_critic == 0:
            optimizer_G.zero_grad()
            loss_G = -torch.mean(discriminator(generator(torch.randn(len(batch), 24))))
            loss_G.backward()
            optimizer_G.step()
            batches_done += 1
    if epoch % 2 == 0 or epoch == opt.n_epochs - 1:
        print("[Epoch %d/%d] [D loss: %.3e] [G loss: %.3e]" % (epoch, opt.n_epochs, loss_D.item(), loss_G.item()))
        np.save(opt.out + "/gen_%06d.npy" % batches_done, generator(z_test).detach().numpy())
