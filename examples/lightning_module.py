"""A GAN in Lightning, with manual optimisation and two optimizers, watched by gandiag's callback.

pip install 'gandiag[lightning]'
python examples/lightning_module.py
"""

import sys
import tempfile
import warnings
from pathlib import Path

import torch
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from gandiag.data import load_dataset
from gandiag.integrations.lightning import GandiagCallback
from gandiag.nets import LectureDiscriminator, LectureGenerator

EPOCHS, BATCH = 12, 64


class GAN(LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.generator, self.discriminator = LectureGenerator(), LectureDiscriminator()
        self.bce = nn.BCEWithLogitsLoss()

    def training_step(self, batch: list[Tensor], batch_index: int) -> None:
        g_optimizer, d_optimizer = self.optimizers()
        (real,) = batch
        noise = torch.randn(len(real), 100, device=self.device)

        self.toggle_optimizer(d_optimizer)
        on_real, on_fake = self.discriminator(real), self.discriminator(self.generator(noise).detach())
        d_loss = self.bce(on_real, torch.ones_like(on_real)) + self.bce(on_fake, torch.zeros_like(on_fake))
        d_optimizer.zero_grad()
        self.manual_backward(d_loss)
        d_optimizer.step()
        self.untoggle_optimizer(d_optimizer)

        self.toggle_optimizer(g_optimizer)
        judged = self.discriminator(self.generator(noise))
        g_optimizer.zero_grad()
        self.manual_backward(self.bce(judged, torch.ones_like(judged)))
        g_optimizer.step()
        self.untoggle_optimizer(g_optimizer)

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        return [
            torch.optim.Adam(network.parameters(), 2e-4, betas=(0.5, 0.999))
            for network in (self.generator, self.discriminator)
        ]


def main(out: str) -> None:
    torch.manual_seed(0)
    warnings.filterwarnings("ignore", module="lightning")  # advice on workers and loggers
    loader = DataLoader(TensorDataset(load_dataset("digits").samples), BATCH, shuffle=True, drop_last=True)
    watching = GandiagCallback(judge="mnist", out=out, every=100, report=Path(out) / "report.html")
    trainer = Trainer(
        max_epochs=EPOCHS,
        callbacks=[watching],
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(GAN(), loader)
    print(watching.monitor.diagnose())
    print("report:", Path(out) / "report.html")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else str(Path(tempfile.mkdtemp()) / "run"))
