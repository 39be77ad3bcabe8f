# LSGAN on 8 gaussians. I turned the generator lr up because it learned slowly.
import argparse, math, os
import numpy as np, torch, torch.nn as nn

ap = argparse.ArgumentParser()
ap.add_argument('--seed', default=0, type=int)
ap.add_argument('--iters', default=3000, type=int)
ap.add_argument('--out', default='out')
args = ap.parse_args()
os.makedirs(args.out, exist_ok=True)
torch.manual_seed(args.seed)

def sample_real(n):
    k = torch.randint(0, 8, (n,)).float() * (2 * math.pi / 8)
    return 2 * torch.stack([k.cos(), k.sin()], 1) + 0.05 * torch.randn(n, 2)

G = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 2))
D = nn.Sequential(nn.Linear(2, 128), nn.LeakyReLU(.2), nn.Linear(128, 128), nn.LeakyReLU(.2), nn.Linear(128, 1))
g_opt = torch.optim.Adam(G.parameters(), lr=5e-3, betas=(0.5, 0.999))
d_opt = torch.optim.Adam(D.parameters(), lr=2e-4, betas=(0.5, 0.999))
z_fix = torch.randn(1000, 2)
np.save(args.out + '/real.npy', sample_real(4000).numpy())

for it in range(args.iters):
    x = sample_real(128)
    g = G(torch.randn(128, 2))
    d_loss = 0.5 * ((D(x) - 1) ** 2).mean() + 0.5 * (D(g.detach()) ** 2).mean()
    d_opt.zero_grad(); d_loss.backward(); d_opt.step()
    g_loss = 0.5 * ((D(g) - 1) ** 2).mean()
    g_opt.zero_grad(); g_loss.backward(); g_opt.step()
    if it % (args.iters // 12) == 0 or it == args.iters - 1:
        print(it, 'd', round(d_loss.item(), 4), 'g', round(g_loss.item(), 4))
        with torch.no_grad():
            np.save(args.out + '/gen_%06d.npy' % it, G(z_fix).numpy())
