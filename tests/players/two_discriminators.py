"""Global and local discriminators stepping one after another (inpainting)."""

# players: completion | global_d, local_d
import torch
from torch import nn

torch.manual_seed(4)


def conv(i, o):
    return nn.Sequential(nn.Conv2d(i, 8, 3, padding=1), nn.LeakyReLU(0.2), nn.Conv2d(8, o, 3, padding=1))


completion = conv(2, 1)
global_d = nn.Sequential(conv(1, 1), nn.Flatten(), nn.Linear(64, 1))
local_d = nn.Sequential(conv(1, 1), nn.Flatten(), nn.Linear(16, 1))
og, ogd, old = (torch.optim.Adadelta(m.parameters()) for m in (completion, global_d, local_d))
bce = nn.BCEWithLogitsLoss()
for i in range(15):
    x = torch.rand(4, 1, 8, 8)
    mask = torch.zeros_like(x)
    mask[:, :, 2:6, 2:6] = 1
    out = completion(torch.cat([x * (1 - mask), mask], 1))
    ogd.zero_grad()
    l1 = bce(global_d(x), torch.ones(4, 1)) + bce(global_d(out.detach()), torch.zeros(4, 1))
    l1.backward()
    ogd.step()
    old.zero_grad()
    l2 = bce(local_d(x[:, :, 2:6, 2:6]), torch.ones(4, 1)) + bce(
        local_d(out.detach()[:, :, 2:6, 2:6]), torch.zeros(4, 1)
    )
    l2.backward()
    old.step()
    og.zero_grad()
    l = (
        bce(global_d(out), torch.ones(4, 1))
        + bce(local_d(out[:, :, 2:6, 2:6]), torch.ones(4, 1))
        + ((out - x) * mask).pow(2).mean()
    )
    l.backward()
    og.step()
print(l.item())
