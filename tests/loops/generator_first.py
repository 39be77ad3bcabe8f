"""Arguments by argparse, the generator's step first, everything at module level."""

import argparse

import torch

parser = argparse.ArgumentParser()
parser.add_argument("--n_epochs", type=int, default=4)
parser.add_argument("--lr", type=float, default=0.0002)
opt = parser.parse_args()
print(opt)
torch.manual_seed(1)

generator = torch.nn.Sequential(torch.nn.Linear(6, 32), torch.nn.LeakyReLU(0.2, inplace=True), torch.nn.Linear(32, 10))
discriminator = torch.nn.Sequential(
    torch.nn.Linear(10, 32), torch.nn.LeakyReLU(0.2), torch.nn.Linear(32, 1), torch.nn.Sigmoid()
)
adversarial_loss = torch.nn.BCELoss()
optimizer_G = torch.optim.Adam(generator.parameters(), lr=opt.lr)
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=opt.lr)
dataset = torch.utils.data.TensorDataset(torch.randn(64, 10), torch.zeros(64))
dataloader = torch.utils.data.DataLoader(dataset, batch_size=16, shuffle=True)
for epoch in range(opt.n_epochs):
    for _i, (imgs, _) in enumerate(dataloader):
        valid, fake = torch.ones(imgs.size(0), 1), torch.zeros(imgs.size(0), 1)
        optimizer_G.zero_grad()
        gen_imgs = generator(torch.randn(imgs.shape[0], 6))
        g_loss = adversarial_loss(discriminator(gen_imgs), valid)
        g_loss.backward()
        optimizer_G.step()
        optimizer_D.zero_grad()
        real_loss = adversarial_loss(discriminator(imgs), valid)
        fake_loss = adversarial_loss(discriminator(gen_imgs.detach()), fake)
        d_loss = (real_loss + fake_loss) / 2
        d_loss.backward()
        optimizer_D.step()
    print(f"[Epoch {epoch}/{opt.n_epochs}] [D loss: {d_loss.item():f}] [G loss: {g_loss.item():f}]")
