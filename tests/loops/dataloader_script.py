import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

SEED = 314
torch.manual_seed(SEED)

# ---- data
images = torch.rand(100, 1, 6, 6)
targets = torch.randint(0, 10, (100,))
train_set = TensorDataset(images, targets)
train_loader = DataLoader(train_set, batch_size=16, shuffle=True, drop_last=True)


# ---- models
class Generator(nn.Module):
    def __init__(self, latent=10):
        super().__init__()
        self.latent = latent
        self.model = nn.Sequential(
            nn.Linear(latent, 32), nn.ReLU(), nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 36), nn.Tanh()
        )

    def forward(self, x):
        return self.model(x).view(x.size(0), 1, 6, 6)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(
            nn.Linear(36, 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.3),
            nn.Linear(32, 1), nn.Sigmoid(),
        )  # fmt: skip

    def forward(self, x):
        return self.model(x.view(x.size(0), 36))


generator, discriminator = Generator(), Discriminator()
loss_function = nn.BCELoss()
optimizer_discriminator = torch.optim.Adam(discriminator.parameters(), lr=0.0001)
optimizer_generator = torch.optim.Adam(generator.parameters(), lr=0.0001)
# --- attach: generator | discriminator

# ---- training
for epoch in range(4):  # --- rounds
    running = [0.0, 0.0]
    for n, (real_samples, _labels) in enumerate(train_loader):
        batch_size = len(real_samples)
        real_samples_labels = torch.ones((batch_size, 1))
        latent_space_samples = torch.randn((batch_size, 10))
        generated_samples = generator(latent_space_samples)
        generated_samples_labels = torch.zeros((batch_size, 1))
        all_samples = torch.cat((real_samples, generated_samples))
        all_samples_labels = torch.cat((real_samples_labels, generated_samples_labels))

        # Training the discriminator
        discriminator.zero_grad()
        output_discriminator = discriminator(all_samples)
        # --- logits: output_discriminator[:batch_size] | output_discriminator[batch_size:]
        loss_discriminator = loss_function(output_discriminator, all_samples_labels)
        loss_discriminator.backward()
        optimizer_discriminator.step()

        # Training the generator
        latent_space_samples = torch.randn((batch_size, 10))
        generator.zero_grad()
        generated_samples = generator(latent_space_samples)
        output_discriminator_generated = discriminator(generated_samples)
        loss_generator = loss_function(output_discriminator_generated, real_samples_labels)
        # --- signal: loss_generator | generated_samples
        loss_generator.backward()
        optimizer_generator.step()
        running[0] += loss_discriminator.item()
        running[1] += loss_generator.item()
    print(f"Epoch: {epoch} Loss D.: {running[0] / (n + 1):.6f} Loss G.: {running[1] / (n + 1):.6f}")
