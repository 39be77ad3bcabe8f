"""Each phase freezes the other network; both start frozen."""

import torch
from torch import nn
from torch.nn.functional import softplus

torch.manual_seed(40)


def toggle_grad(model, on):
    for p in model.parameters():
        p.requires_grad_(on)


def make(seed_dims):
    layers = []
    for a, b in zip(seed_dims[:-1], seed_dims[1:], strict=True):
        layers += [nn.Linear(a, b), nn.SiLU()]
    return nn.Sequential(*layers[:-1])


g_net, d_net = make([7, 20, 20, 9]), make([9, 20, 20, 1])
g_opt = torch.optim.RMSprop(g_net.parameters(), lr=5e-4, alpha=0.99, eps=1e-8)
d_opt = torch.optim.RMSprop(d_net.parameters(), lr=5e-4, alpha=0.99, eps=1e-8)
toggle_grad(g_net, False)
toggle_grad(d_net, False)
# --- attach: g_net | d_net


def disc_trainstep(x_real, z):
    toggle_grad(g_net, False)
    toggle_grad(d_net, True)
    g_net.train()
    d_net.train()
    d_opt.zero_grad()
    d_real = d_net(x_real)
    dloss_real = softplus(-d_real).mean()
    dloss_real.backward()
    with torch.no_grad():
        x_fake = g_net(z)
    x_fake.requires_grad_()
    d_fake = d_net(x_fake)
    # --- logits: d_real | d_fake
    dloss_fake = softplus(d_fake).mean()
    dloss_fake.backward()
    d_opt.step()
    toggle_grad(d_net, False)
    return dloss_real.item() + dloss_fake.item()


def gen_trainstep(z):
    toggle_grad(g_net, True)
    toggle_grad(d_net, False)
    g_opt.zero_grad()
    x_fake = g_net(z)
    gloss = softplus(-d_net(x_fake)).mean()
    # --- signal: gloss | x_fake
    gloss.backward()
    g_opt.step()
    toggle_grad(g_net, False)
    return gloss.item()


for it in range(20):  # --- rounds
    dl = disc_trainstep(torch.randn(16, 9).cumsum(1), torch.randn(16, 7))
    gl = gen_trainstep(torch.randn(16, 7))
    print(f"[{it:02d}] g_loss = {gl:.4f}, d_loss = {dl:.4f}")
