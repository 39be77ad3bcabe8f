"""SRGAN-like: 150 steps of MSE pretraining for the generator, then adversarial."""

# players: gen | dis
import torch
from torch import nn

torch.manual_seed(1)
gen = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.PReLU(), nn.Conv2d(8, 4, 3, padding=1), nn.PixelShuffle(2))
dis = nn.Sequential(nn.Conv2d(1, 8, 3, 2, 1), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(8 * 16, 1))
opt = torch.optim.Adam(gen.parameters(), 1e-4)


def data():
    hr = torch.rand(4, 1, 8, 8)
    return nn.functional.avg_pool2d(hr, 2), hr


for i in range(150):
    lr, hr = data()
    loss = nn.functional.mse_loss(gen(lr), hr)
    opt.zero_grad()
    loss.backward()
    opt.step()
print("pretrained", loss.item())
optg, optd = torch.optim.Adam(gen.parameters(), 1e-4), torch.optim.Adam(dis.parameters(), 1e-4)
bce = nn.BCEWithLogitsLoss()
for i in range(20):
    lr, hr = data()
    sr = gen(lr)
    ld = bce(dis(hr), torch.ones(4, 1)) + bce(dis(sr.detach()), torch.zeros(4, 1))
    optd.zero_grad()
    ld.backward()
    optd.step()
    lg = nn.functional.mse_loss(sr, hr) + 1e-3 * bce(dis(sr), torch.ones(4, 1))
    optg.zero_grad()
    lg.backward()
    optg.step()
print(ld.item(), lg.item())
