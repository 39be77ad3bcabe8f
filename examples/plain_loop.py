"""The lecture's GAN on handwritten digits, in a loop of one's own; gandiag is attached in one line.

    python examples/plain_loop.py

The loop, its optimizers and its losses are as they would be without.
"""

import sys
import tempfile
from pathlib import Path

import torch
from torch import nn

import gandiag
from gandiag.data import load_dataset
from gandiag.nets import LectureDiscriminator, LectureGenerator

STEPS, BATCH = 600, 64


def main(out: str) -> None:
    torch.manual_seed(0)
    images = load_dataset("digits").samples
    generator, discriminator = LectureGenerator(), LectureDiscriminator()
    g_optimizer = torch.optim.Adam(generator.parameters(), 2e-4, betas=(0.5, 0.999))
    d_optimizer = torch.optim.Adam(discriminator.parameters(), 2e-4, betas=(0.5, 0.999))
    bce = nn.BCEWithLogitsLoss()

    monitor = gandiag.attach(generator, discriminator, judge="mnist", out=out)

    for _ in range(STEPS):
        real = images[torch.randint(len(images), (BATCH,))]
        fake = generator(torch.randn(BATCH, 100))
        on_real, on_fake = discriminator(real), discriminator(fake.detach())
        d_optimizer.zero_grad()
        (bce(on_real, torch.ones_like(on_real)) + bce(on_fake, torch.zeros_like(on_fake))).backward()
        d_optimizer.step()
        judged = discriminator(fake)
        g_optimizer.zero_grad()
        bce(judged, torch.ones_like(judged)).backward()
        g_optimizer.step()

    monitor.close()
    print(monitor.diagnose())
    print("report:", monitor.report(Path(out) / "report.html"))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else str(Path(tempfile.mkdtemp()) / "run"))
