"""A conditional GAN whose discriminator also names the class; labels go to both players.

    python examples/conditional.py

Nothing special is needed: the monitor replays the generator on the labels and noise that the loop itself fed it.
"""

import sys
import tempfile
from pathlib import Path

import torch
from torch import Tensor, nn

import gandiag
from gandiag.data import load_dataset

STEPS, BATCH, CLASSES, NOISE = 400, 64, 10, 64


class Generator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(CLASSES, 16)
        self.layers = nn.Sequential(
            nn.Linear(NOISE + 16, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Linear(256, 784), nn.Sigmoid()
        )

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        return self.layers(torch.cat([noise, self.embed(labels)], dim=1)).view(-1, 1, 28, 28)


class Discriminator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.LeakyReLU(0.2))
        self.is_real, self.which = nn.Linear(256, 1), nn.Linear(256, CLASSES)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        features = self.trunk(images)
        return self.is_real(features), self.which(features)


def main(out: str) -> None:
    torch.manual_seed(0)
    digits = load_dataset("digits")
    generator, discriminator = Generator(), Discriminator()
    g_optimizer, d_optimizer = (
        torch.optim.Adam(network.parameters(), 2e-4, betas=(0.5, 0.999)) for network in (generator, discriminator)
    )
    bce, cross_entropy = nn.BCEWithLogitsLoss(), nn.CrossEntropyLoss()

    monitor = gandiag.attach(generator, discriminator, judge="mnist", out=out, every=100)

    for _ in range(STEPS):
        chosen = torch.randint(len(digits.samples), (BATCH,))
        real, labels = digits.samples[chosen], digits.labels[chosen]
        wanted = torch.randint(CLASSES, (BATCH,))
        fake = generator(torch.randn(BATCH, NOISE), wanted)
        on_real, class_of_real = discriminator(real)
        on_fake, _ = discriminator(fake.detach())
        d_loss = bce(on_real, torch.ones_like(on_real)) + bce(on_fake, torch.zeros_like(on_fake))
        d_optimizer.zero_grad()
        (d_loss + cross_entropy(class_of_real, labels)).backward()
        d_optimizer.step()
        judged, class_of_fake = discriminator(fake)
        g_optimizer.zero_grad()
        (bce(judged, torch.ones_like(judged)) + cross_entropy(class_of_fake, wanted)).backward()
        g_optimizer.step()

    monitor.close()
    print(monitor.diagnose())
    print("report:", monitor.report(Path(out) / "report.html"))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else str(Path(tempfile.mkdtemp()) / "run"))
