"""Grey images to coloured ones, where more than one colour is right: pix2pix."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss
from torch.optim import Adam

from gandiag.applications.session import ApplicationResult, Stateful, restore_session, run_session
from gandiag.applications.translation import check_settings, check_weight, probe_interval, split_images
from gandiag.data.dataset import Dataset
from gandiag.data.grey import greyed, luma
from gandiag.data.tinted import tinted
from gandiag.losses import get_loss
from gandiag.monitor import attach
from gandiag.nets.colorization import NOISE_SIZE, ColorizationDiscriminator, ColorizationGenerator
from gandiag.nets.hue_judge import HueJudge
from gandiag.regularizers import r1
from gandiag.training.device import available_device

MODEL = "colorize"
LOSS = get_loss("non_saturating")
BETAS = (0.5, 0.999)
TINTED = ("digits", "mnist", "fashion_mnist")
"""Grey data sets, tinted by chance."""
PHOTOGRAPHS = ("cifar10",)
"""Data sets in colour."""


@dataclass(frozen=True)
class ColorizeSettings:
    """One run, to the last number: equal settings on one machine give equal runs.

    Attributes:
        dataset: ``digits``, ``mnist`` or ``fashion_mnist``, tinted by chance; or ``cifar10`` in its own colours.
        adversarial_weight: Of the generator's adversarial loss; 0 leaves L1 alone.
        l1_weight: λ of Isola et al. (2017), Eq. 4. The paper's 100 is for colours that the grey image mostly tells;
            where it tells nothing, L1 pulls to the median of all colours, and λ must stay small.
        r1_weight: γ of the penalty R1 on the slope of the patches' mean logit at real pairs; the paper has none.
            Without one, the generator runs from hue to hue before the discriminator.
        iterations: Generator steps; the discriminator takes as many.
        batch_size: Images in a step.
        learning_rate: Adam's step size, for both players.
        seed: Fixes tints, initial weights, batches and noise.
        probe_every: Generator steps from probe to probe; ``None`` leaves 40 probes to a run.
        checkpoint_every: Generator steps from checkpoint to checkpoint.

    Raises:
        GandiagError: If a value is not in its range, or both losses have weight 0.
    """

    dataset: str = "digits"
    adversarial_weight: float = 1.0
    l1_weight: float = 1.0
    r1_weight: float = 1.0
    iterations: int = 1500
    batch_size: int = 16
    learning_rate: float = 1e-3
    seed: int = 0
    probe_every: int | None = None
    checkpoint_every: int = 500

    def __post_init__(self) -> None:
        check_settings(self, (*TINTED, *PHOTOGRAPHS), losses=("adversarial_weight", "l1_weight"))
        check_weight(self, "r1_weight")


@dataclass(frozen=True)
class ColorizePlayers:
    """Networks and optimizers of a run."""

    generator: ColorizationGenerator
    discriminator: ColorizationDiscriminator
    generator_optimizer: Adam
    discriminator_optimizer: Adam

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """Name → network."""
        return {"generator": self.generator, "discriminator": self.discriminator}

    @property
    def optimizers(self) -> Mapping[str, Adam]:
        """Name → optimizer."""
        return {
            "generator_optimizer": self.generator_optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
        }


def train_colorize(
    settings: ColorizeSettings,
    *,
    out: str | Path | None = None,
    data_dir: str | Path | None = None,
    device: str = "cpu",
    checkpoint: Mapping[str, Any] | None = None,
    progress: Callable[[int], None] = lambda iteration: None,
) -> ApplicationResult:
    """Train a colouriser and diagnose it.

    Args:
        settings: The run.
        out: Run directory; left out, all stays in memory.
        data_dir: Folder that holds the data set, in torchvision's layout.
        device: torch device.
        checkpoint: A state from :func:`gandiag.applications.session.read_session` to go on from, in the same ``out``.
        progress: Called with the number of generator steps done, after each.

    Raises:
        GandiagError: If the data or the device cannot be had, or the checkpoint is of another model.

    Examples:
        >>> train_colorize(ColorizeSettings(iterations=2)).iterations
        2
    """
    place = available_device(device)
    torch.manual_seed(settings.seed)
    train = colorize_data(settings, data_dir)[0].to(place)
    players = build_players(settings, place)
    parts: dict[str, Stateful] = {**players.networks, **players.optimizers}
    start = 0 if checkpoint is None else restore_session(checkpoint, parts, device=place)
    monitor = attach(
        players.generator,
        players.discriminator,
        real=train.samples,
        judge=HueJudge().to(place) if settings.dataset in TINTED else None,
        every=probe_interval(settings),
        out=out,
        on_alarm="ignore",
        loss=LOSS.name,
        start=start,
        state=None if checkpoint is None else checkpoint.get("watching"),
        configuration={"model": MODEL, **asdict(settings)},
    )
    return run_session(
        MODEL,
        settings,
        players.networks,
        players.optimizers,
        lambda: colorize_step(settings, players, train.samples),
        monitor,
        out=None if out is None else Path(out),
        start=start,
        progress=progress,
    )


def colorize_data(settings: ColorizeSettings, data_dir: str | Path | None = None) -> tuple[Dataset, Dataset]:
    """Coloured images to train on, and others to measure on."""
    train, held_out = split_images(settings.dataset, data_dir)
    if settings.dataset in PHOTOGRAPHS:
        return train, held_out
    name = f"tinted_{settings.dataset}"
    return tinted(train, name, seed=settings.seed), tinted(held_out, name, seed=settings.seed + 1)


def grey_images(dataset: str, colour: Tensor) -> Tensor:
    """The grey images :math:`(n, 1, h, w)` of coloured ones: what was tinted, or a photograph's luma.

    Args:
        dataset: Name of the set that the images are of.
        colour: With shape :math:`(n, 3, h, w)`.

    Raises:
        GandiagError: If the images are not in colour.
    """
    return luma(colour) if dataset in PHOTOGRAPHS else greyed(colour)


def build_players(settings: ColorizeSettings, device: torch.device | str = "cpu") -> ColorizePlayers:
    """Fresh players; draws their weights from torch's global random state."""
    generator = ColorizationGenerator(tint=settings.dataset in TINTED).to(device)
    discriminator = ColorizationDiscriminator().to(device)
    optimizers = [
        Adam(each.parameters(), lr=settings.learning_rate, betas=BETAS) for each in (generator, discriminator)
    ]
    return ColorizePlayers(generator, discriminator, *optimizers)


def colorize_step(settings: ColorizeSettings, players: ColorizePlayers, samples: Tensor) -> None:
    """One step of the discriminator and one of the generator, on one batch (Isola et al., 2017, Section 3.3)."""
    colour = samples[torch.randint(len(samples), (settings.batch_size,), device=samples.device)]
    grey = grey_images(settings.dataset, colour)
    fake = players.generator(grey, torch.randn(len(grey), NOISE_SIZE, device=grey.device))
    real_pairs, fake_pairs = (torch.cat([grey, images], dim=1) for images in (colour, fake.detach()))
    players.discriminator_optimizer.zero_grad()
    discriminator_loss(settings, players.discriminator, real_pairs, fake_pairs).backward()
    players.discriminator_optimizer.step()
    players.generator_optimizer.zero_grad()
    generator_loss(settings, players.discriminator, grey, colour, fake).backward()
    players.generator_optimizer.step()


def discriminator_loss(
    settings: ColorizeSettings, discriminator: nn.Module, real_pairs: Tensor, fake_pairs: Tensor
) -> Tensor:
    r"""Cross-entropy over all patches, and R1, :math:`-\mathbb{E} \log D(x, y) - \mathbb{E} \log(1 - D(x, G(x, z)))
    + \tfrac{\gamma}{2} \mathbb{E} \|\nabla \bar D(x, y)\|^2`.

    Args:
        settings: Give the weight γ.
        discriminator: D, on pairs.
        real_pairs: (x, y) with shape :math:`(n, 4, h, w)`.
        fake_pairs: (x, G(x, z)), detached, with the same shape.
    """
    loss = LOSS.discriminator(discriminator(real_pairs), discriminator(fake_pairs))
    if settings.r1_weight:
        loss = loss + settings.r1_weight * r1(lambda pairs: discriminator(pairs).mean(dim=(1, 2, 3)), real_pairs)
    return loss


def generator_loss(
    settings: ColorizeSettings, discriminator: nn.Module, grey: Tensor, colour: Tensor, fake: Tensor
) -> Tensor:
    r"""Adversarial loss and L1, :math:`-w \, \mathbb{E} \log D(x, G(x, z)) + \lambda \|y - G(x, z)\|_1 / d`.

    Args:
        settings: Give the weights w and λ.
        discriminator: D, on pairs.
        grey: x, with shape :math:`(n, 1, h, w)`.
        colour: y, with shape :math:`(n, 3, h, w)`.
        fake: G(x, z), with the same shape.

    References:
        | Image-to-Image Translation with Conditional Adversarial Networks (Isola et al., 2017), Eq. 4
        | https://arxiv.org/abs/1611.07004
    """
    loss = settings.l1_weight * l1_loss(fake, colour)
    if settings.adversarial_weight:
        loss = loss + settings.adversarial_weight * LOSS.generator(discriminator(torch.cat([grey, fake], dim=1)))
    return loss
