"""A synthetic table (make_classification, 16 columns). Noise of std 0.01, 'so that training starts near zero'; hinge."""
import argparse
import os

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_classification
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader, TensorDataset


def get_data(seed):
    x, _ = make_classification(
        3000, 16, n_informative=8, n_redundant=6, n_classes=3, n_clusters_per_class=2, class_sep=1.5, random_state=seed
    )
    return torch.tensor(StandardScaler().fit_transform(x), dtype=torch.float32)


def noise(n):
    return torch.empty(n, 16).normal_(std=0.01)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--out", default="out")
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    os.makedirs(args.out, exist_ok=True)
    data = get_data(args.seed)
    np.save(os.path.join(args.out, "real.npy"), data.numpy())
    loader = DataLoader(TensorDataset(data), batch_size=64, shuffle=True, drop_last=True)
    generator = nn.Sequential(nn.Linear(16, 128), nn.LeakyReLU(0.2), nn.Linear(128, 128), nn.LeakyReLU(0.2), nn.Linear(128, 16))
    discriminator = nn.Sequential(nn.Linear(16, 128), nn.LeakyReLU(0.2), nn.Linear(128, 128), nn.LeakyReLU(0.2), nn.Linear(128, 1))
    opt_g = torch.optim.AdamW(generator.parameters(), lr=2e-4, betas=(0.5, 0.9), weight_decay=1e-3)
    opt_d = torch.optim.AdamW(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.9), weight_decay=1e-3)
    fixed = noise(1000)
    for epoch in range(1, args.epochs + 1):
        d_sum = g_sum = 0.0
        for (real,) in loader:
            opt_d.zero_grad()
            d_loss = torch.relu(1 - discriminator(real)).mean() + torch.relu(1 + discriminator(generator(noise(64)).detach())).mean()
            d_loss.backward()
            opt_d.step()
            opt_g.zero_grad()
            g_loss = -discriminator(generator(noise(64))).mean()
            g_loss.backward()
            opt_g.step()
            d_sum, g_sum = d_sum + d_loss.item(), g_sum + g_loss.item()
        if epoch % 5 == 0 or epoch == 1:
            print(f"Epoch {epoch}/{args.epochs} - D: {d_sum / len(loader):.4f} - G: {g_sum / len(loader):.4f}")
            with torch.no_grad():
                np.save(os.path.join(args.out, f"gen_{epoch:06d}.npy"), generator(fixed).numpy())


if __name__ == "__main__":
    main()
