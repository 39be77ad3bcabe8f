# One forward pass of the discriminator on [real; fake], as Keras tutorials taught it.
import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(42)
latent_dim, batch_size = 6, 16

generator = nn.Sequential(nn.Linear(latent_dim, 32), nn.ReLU(), nn.Linear(32, 2))
discriminator = nn.Sequential(
    nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Dropout(0.1), nn.Linear(32, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1)
)
d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=3e-4)
g_optimizer = torch.optim.Adam(generator.parameters(), lr=4e-4)


def sample_data(n):
    angle = torch.rand(n) * 6.2832
    return torch.stack([angle.cos(), angle.sin()], dim=1)


# --- attach: generator | discriminator
d_history, g_history = [], []
for step in range(25):  # --- rounds
    real = sample_data(batch_size)
    noise = torch.randn(batch_size, latent_dim)
    generated = generator(noise).detach()
    combined = torch.cat([generated, real], dim=0)
    labels = torch.cat([torch.ones(batch_size, 1), torch.zeros(batch_size, 1)], dim=0)
    labels += 0.05 * torch.rand(labels.shape)  # important trick!

    predictions = discriminator(combined)
    # --- logits: predictions[16:] | predictions[:16]
    d_loss = F.binary_cross_entropy_with_logits(predictions, labels)
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()

    misleading_labels = torch.zeros(batch_size, 1)
    fakes = generator(torch.randn(batch_size, latent_dim))
    g_loss = F.binary_cross_entropy_with_logits(discriminator(fakes), misleading_labels)
    # --- signal: g_loss | fakes
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    d_history.append(d_loss.item())
    g_history.append(g_loss.item())

print("d:", [round(v, 4) for v in d_history[-3:]], "g:", [round(v, 4) for v in g_history[-3:]])
