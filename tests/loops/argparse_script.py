"""Usage: python argparse_script.py --steps 12 --lr 0.001"""

import argparse
import sys

import torch
from torch import nn


def parse(argv=None):
    p = argparse.ArgumentParser(description="ring of gaussians")
    p.add_argument("--steps", type=int, default=20)  # --- rounds
    p.add_argument("--lr", type=float, default=2e-3)
    p.add_argument("--batch-size", type=int, default=32)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("-q", "--quiet", action="store_true")
    return p.parse_args(argv)


def ring(n):
    k = torch.randint(0, 8, (n,)) * (3.14159 / 4)
    return 2 * torch.stack([k.cos(), k.sin()], 1) + 0.02 * torch.randn(n, 2)


def mlp(*sizes):
    out = nn.Sequential()
    for i in range(len(sizes) - 1):
        out.append(nn.Linear(sizes[i], sizes[i + 1]))
        if i + 2 < len(sizes):
            out.append(nn.ReLU())
    return out


def main(args):
    torch.manual_seed(args.seed)
    nets = {"G": mlp(8, 32, 32, 2), "D": mlp(2, 32, 32, 1)}
    opts = {name: torch.optim.Adam(net.parameters(), lr=args.lr) for name, net in nets.items()}
    bce = nn.functional.binary_cross_entropy_with_logits
    # --- attach: nets["G"] | nets["D"]
    for step in range(1, args.steps + 1):
        real, fake = ring(args.batch_size), nets["G"](torch.randn(args.batch_size, 8))
        opts["D"].zero_grad()
        yr, yf = nets["D"](real), nets["D"](fake.detach())
        # --- logits: yr | yf
        d = bce(yr, torch.ones_like(yr)) + bce(yf, torch.zeros_like(yf))
        d.backward()
        opts["D"].step()
        opts["G"].zero_grad()
        y = nets["D"](fake)
        g = bce(y, torch.ones_like(y))
        # --- signal: g | fake
        g.backward()
        opts["G"].step()
        if not args.quiet and step % 4 == 0:
            print(f"{step}/{args.steps} lr={args.lr:g} d={d.item():.4f} g={g.item():.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(parse()))
