"""A blob GAN without any damping: both players step at once (alternation was thought needless), Adam as it comes."""
import argparse
import os

import numpy as np
import torch
from torch.nn.functional import softplus

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--iterations", type=int, default=3000)
parser.add_argument("--lr", type=float, default=0.02)
parser.add_argument("--beta1", type=float, default=0.9)
parser.add_argument("--out", default="out")
args = parser.parse_args()
torch.manual_seed(args.seed)
os.makedirs(args.out, exist_ok=True)

SCALES = (0.5, 1.0, 0.7)


class Blob(torch.nn.Module):
    """Learns the mean of a Gaussian, whose scales are known from the data."""

    def __init__(self, dim):
        super().__init__()
        self.mu = torch.nn.Parameter(torch.full((dim,), 1.5))
        self.register_buffer("sigma", torch.tensor(SCALES))

    def forward(self, z):
        return self.mu + self.sigma * z


class Judge(torch.nn.Module):
    """A linear logit."""

    def __init__(self, dim):
        super().__init__()
        self.lin = torch.nn.Linear(dim, 1)

    def forward(self, x):
        return self.lin(x)


def sample_real(n):
    return torch.randn(n, 3) * torch.tensor(SCALES)


g, d = Blob(3), Judge(3)
adam_g = torch.optim.Adam(g.parameters(), lr=args.lr, betas=(args.beta1, 0.999))
adam_d = torch.optim.Adam(d.parameters(), lr=args.lr, betas=(args.beta1, 0.999))
z_fixed = torch.randn(1000, 3)
np.save(os.path.join(args.out, "real.npy"), sample_real(4000).numpy())
for it in range(args.iterations):
    fake = g(torch.randn(128, 3))
    loss_d = softplus(-d(sample_real(128))).mean() + softplus(d(fake.detach())).mean()
    loss_g = softplus(-d(fake)).mean()
    adam_d.zero_grad()
    loss_d.backward()
    adam_g.zero_grad()
    loss_g.backward(inputs=list(g.parameters()))
    adam_d.step()
    adam_g.step()
    if it % (args.iterations // 30) == 0 or it == args.iterations - 1:
        print(f"{it} {loss_d.item():.3f} {loss_g.item():.3f} mu {g.mu.tolist()}")
        np.save(os.path.join(args.out, f"gen_{it:06d}.npy"), g(z_fixed).detach().numpy())
