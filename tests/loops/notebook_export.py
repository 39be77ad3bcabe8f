# %%
import matplotlib
import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim

matplotlib.use("Agg")

# %% [markdown]
# # My first GAN
# We learn a sine curve. **Don't forget `.detach()`!**

# %%
torch.manual_seed(111)
train_data_length = 128
train_data = torch.zeros((train_data_length, 2))
train_data[:, 0] = 2 * np.pi * torch.rand(train_data_length)
train_data[:, 1] = torch.sin(train_data[:, 0])
train_loader = torch.utils.data.DataLoader([row for row in train_data], batch_size=32, shuffle=True)  # noqa: C416

# %%
D = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 1))
G = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 2))
D, G  # noqa: B018

# %%
d_optimizer = optim.Adam(D.parameters(), lr=0.001)
g_optimizer = optim.Adam(G.parameters(), lr=0.001)
criterion = nn.BCEWithLogitsLoss()
# --- attach: G | D

# %%
losses_G = []
losses_D = []
for epoch in range(5):  # --- rounds
    for real_samples in train_loader:
        bs = real_samples.shape[0]
        z = torch.randn(bs, 2)
        fake_samples = G(z)
        real_score = D(real_samples)
        fake_score = D(fake_samples.detach())
        # --- logits: real_score | fake_score
        loss_D = criterion(real_score, torch.ones(bs, 1)) + criterion(fake_score, torch.zeros(bs, 1))
        d_optimizer.zero_grad()
        loss_D.backward()
        d_optimizer.step()

        score = D(fake_samples)
        loss_G = criterion(score, torch.ones(bs, 1))
        # --- signal: loss_G | fake_samples
        g_optimizer.zero_grad()
        loss_G.backward()
        g_optimizer.step()
        losses_D.append(loss_D.item())
        losses_G.append(loss_G.item())
    print("Epoch", epoch, "D", np.mean(losses_D[-4:]).round(4), "G", np.mean(losses_G[-4:]).round(4))

# %%
with torch.no_grad():
    generated = G(torch.randn(100, 2)).numpy()
print(generated.mean(axis=0))
