import sys

import torch
from torch import nn

torch.manual_seed(7)


def main():
    generator = nn.Sequential(nn.Linear(3, 10), nn.ReLU(), nn.Linear(10, 4))
    discriminator = nn.Sequential(nn.Linear(4, 10), nn.ReLU(), nn.Linear(10, 1))
    opt_g = torch.optim.Adam(generator.parameters(), lr=0.01)
    opt_d = torch.optim.Adam(discriminator.parameters(), lr=0.01)
    criterion = nn.BCEWithLogitsLoss()
    # --- attach: generator | discriminator
    best = float("inf")
    for step in range(1000):
        real = torch.randn(8, 4)
        fake = generator(torch.randn(8, 3))
        pr, pf = discriminator(real), discriminator(fake.detach())
        # --- logits: pr | pf
        loss_d = criterion(pr, torch.ones(8, 1)) + criterion(pf, torch.zeros(8, 1))
        opt_d.zero_grad()
        loss_d.backward()
        opt_d.step()
        loss_g = criterion(discriminator(fake), torch.ones(8, 1))
        # --- signal: loss_g | fake
        opt_g.zero_grad()
        loss_g.backward()
        opt_g.step()
        best = min(best, loss_d.item())
        if step == 14:  # --- rounds
            print("time budget used up, best discriminator loss", best)
            sys.exit(7)


main()
