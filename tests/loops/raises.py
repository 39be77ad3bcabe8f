"""Mixed precision on the CPU, and an error in the middle."""

import torch

torch.manual_seed(9)


def train():
    gnet, dnet = torch.nn.Linear(4, 3), torch.nn.Linear(3, 1)
    g_optim, d_optim = torch.optim.Adam(gnet.parameters()), torch.optim.Adam(dnet.parameters())
    for step in range(50):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            fake = gnet(torch.randn(8, 4))
            d_loss = (
                torch.nn.functional.softplus(dnet(fake.detach())).mean()
                + torch.nn.functional.softplus(-dnet(torch.randn(8, 3))).mean()
            )
        d_optim.zero_grad()
        d_loss.backward()
        d_optim.step()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            g_loss = torch.nn.functional.softplus(-dnet(fake)).mean()
        g_optim.zero_grad()
        g_loss.backward()
        g_optim.step()
        if step == 15:
            raise RuntimeError("out of cheese")


train()
