"""Discriminator and recogniser share a trunk that the script calls itself."""

# players: g | fe+d
import torch
import torch.nn as nn

torch.manual_seed(0)


class FrontEnd(nn.Module):
    def __init__(s):
        super().__init__()
        s.main = nn.Sequential(
            nn.Conv2d(1, 8, 4, 2, 1),
            nn.LeakyReLU(0.1, inplace=True),
            nn.Conv2d(8, 16, 4, bias=False),
            nn.BatchNorm2d(16),
            nn.LeakyReLU(0.1, inplace=True),
        )

    def forward(s, x):
        return s.main(x)


class D(nn.Module):
    def __init__(s):
        super().__init__()
        s.main = nn.Sequential(nn.Conv2d(16, 1, 1), nn.Sigmoid())

    def forward(s, x):
        return s.main(x).view(-1, 1)


class Q(nn.Module):
    def __init__(s):
        super().__init__()
        s.conv_disc, s.conv_mu = nn.Conv2d(16, 3, 1), nn.Conv2d(16, 2, 1)

    def forward(s, x):
        return s.conv_disc(x).squeeze(), s.conv_mu(x).squeeze()


class G(nn.Module):
    def __init__(s):
        super().__init__()
        s.main = nn.Sequential(
            nn.ConvTranspose2d(10, 16, 4),
            nn.BatchNorm2d(16),
            nn.ReLU(True),
            nn.ConvTranspose2d(16, 1, 4, 2, 1),
            nn.Sigmoid(),
        )

    def forward(s, x):
        return s.main(x)


fe, d, q, g = FrontEnd(), D(), Q(), G()


class Trainer:
    def __init__(self, G, FE, D, Q):
        self.G, self.FE, self.D, self.Q = G, FE, D, Q
        self.batch_size = 8

    def train(self):
        criterionD, criterionQ = nn.BCELoss(), nn.CrossEntropyLoss()
        optimD = torch.optim.Adam(
            [{"params": self.FE.parameters()}, {"params": self.D.parameters()}], lr=0.0002, betas=(0.5, 0.99)
        )
        optimG = torch.optim.Adam(
            [{"params": self.G.parameters()}, {"params": self.Q.parameters()}], lr=0.001, betas=(0.5, 0.99)
        )
        label = torch.FloatTensor(8, 1)
        for it in range(20):
            optimD.zero_grad()
            x = torch.rand(8, 1, 8, 8)
            probs_real = self.D(self.FE(x))
            label.fill_(1)
            loss_real = criterionD(probs_real, label)
            loss_real.backward()
            idx = torch.randint(3, (8,))
            z = torch.cat([torch.randn(8, 5), nn.functional.one_hot(idx, 3).float(), torch.rand(8, 2)], 1).view(
                -1, 10, 1, 1
            )
            fake_x = self.G(z)
            probs_fake = self.D(self.FE(fake_x.detach()))
            label.fill_(0)
            loss_fake = criterionD(probs_fake, label)
            loss_fake.backward()
            optimD.step()
            optimG.zero_grad()
            fe_out = self.FE(fake_x)
            probs_fake = self.D(fe_out)
            label.fill_(1.0)
            rl = criterionD(probs_fake, label)
            ql, _mu = self.Q(fe_out)
            G_loss = rl + criterionQ(ql, idx)
            G_loss.backward()
            optimG.step()
        print(G_loss.item())


Trainer(g, fe, d, q).train()
