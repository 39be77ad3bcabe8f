"""Mixed precision on the CPU, and an error in the middle."""

import torch

torch.manual_seed(9)


def train():
    gnet, dnet = torch.nn.Linear(4, 3), torch.nn.Linear(3, 1)
    g_optim, d_optim = torch.optim.Adam(gnet.parameters()), torch.optim.Adam(dnet.parameters())
    # --- attach: gnet | dnet
    for step in range(1000):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            fake = gnet(torch.randn(8, 4))
            on_fake, on_real = dnet(fake.detach()), dnet(torch.randn(8, 3))
            # --- logits: on_real | on_fake
            d_loss = torch.nn.functional.softplus(on_fake).mean() + torch.nn.functional.softplus(-on_real).mean()
        d_optim.zero_grad()
        d_loss.backward()
        d_optim.step()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            g_loss = torch.nn.functional.softplus(-dnet(fake)).mean()
        # --- signal: g_loss | fake
        g_optim.zero_grad()
        g_loss.backward()
        g_optim.step()
        if step == 15:  # --- rounds
            raise RuntimeError("out of cheese")


train()
