"""Data come from worker processes."""

# players: netG | netD
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Points(Dataset):
    def __init__(self, n=256):
        g = torch.Generator().manual_seed(0)
        self.x = torch.randn(n, 3, generator=g)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i] * 2 + 1, i % 10


def main():
    torch.manual_seed(3)
    loader = DataLoader(Points(), batch_size=32, shuffle=True, num_workers=2, drop_last=True)
    netG = nn.Sequential(nn.Linear(5, 20), nn.ReLU(), nn.Linear(20, 3))
    netD = nn.Sequential(nn.Linear(3, 20), nn.ReLU(), nn.Linear(20, 1))
    optG = torch.optim.Adam(netG.parameters(), 1e-3)
    optD = torch.optim.Adam(netD.parameters(), 1e-3)
    bce = nn.BCEWithLogitsLoss()
    for epoch in range(3):
        for x, _ in loader:
            b = len(x)
            fake = netG(torch.randn(b, 5))
            optD.zero_grad()
            ld = bce(netD(x), torch.ones(b, 1)) + bce(netD(fake.detach()), torch.zeros(b, 1))
            ld.backward()
            optD.step()
            optG.zero_grad()
            lg = bce(netD(fake), torch.ones(b, 1))
            lg.backward()
            optG.step()
        print(epoch, round(ld.item(), 5), round(lg.item(), 5))


if __name__ == "__main__":
    main()
