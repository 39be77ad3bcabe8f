"""Grey digits to coloured ones, where more than one colour is right: pix2pix."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss
from torch.optim import Adam

from gandiag.applications.session import ApplicationResult, restore_session, run_session
from gandiag.applications.translation import check_settings, check_weight, probe_interval, split_digits
from gandiag.data.dataset import Dataset
from gandiag.data.tinted import HUE_COUNT, greyed, tinted
from gandiag.losses import get_loss
from gandiag.metrics.colour import colourfulness, output_diversity
from gandiag.monitor import attach
from gandiag.nets.colorization import NOISE_SIZE, ColorizationDiscriminator, ColorizationGenerator
from gandiag.nets.hue_judge import HueJudge
from gandiag.regularizers import r1

MODEL = "colorize"
LOSS = get_loss("non_saturating")
BETAS = (0.5, 0.999)
OUTPUTS = 8
"""Colourings of one grey image, to measure how many it has."""


@dataclass(frozen=True)
class ColorizeSettings:
    """One run, to the last number: equal settings on one machine give equal runs.

    Attributes:
        dataset: ``digits`` or ``mnist``, tinted by chance.
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
        check_settings(self, losses=("adversarial_weight", "l1_weight"))
        check_weight(self, "r1_weight")


@dataclass(frozen=True)
class ColorizeMeasures:
    """How well grey images that were not trained on are coloured.

    Attributes:
        relative_colourfulness: Mean colourfulness relative to that of the real images; 1 is theirs, 0 is grey.
        relative_diversity: Distance between two colourings of one grey image, relative to that between the image in one
            hue and in another, both drawn by chance; 1 is as in the real data, 0 is always the same.
        hues: Number of the five hues that at least 2 % of the images get, a tenth of a fair share.
        l1_error: Mean absolute difference to the real colours, in [0, 1]. The least is reached by the median colour,
            which no real image has: lower is not better.
        grey_error: Mean absolute difference of the brightest channel to the grey image, in [0, 1]; 0 is faithful.
    """

    relative_colourfulness: float
    relative_diversity: float
    hues: int
    l1_error: float
    grey_error: float


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
    checkpoint: Mapping[str, Any] | None = None,
    progress: Callable[[int], None] = lambda iteration: None,
) -> ApplicationResult:
    """Train a colouriser and diagnose it.

    Args:
        settings: The run.
        out: Run directory; left out, all stays in memory.
        data_dir: Folder that holds MNIST, in torchvision's layout.
        checkpoint: A state from :func:`gandiag.applications.session.read_session` to go on from, in the same ``out``.
        progress: Called with the number of generator steps done, after each.

    Raises:
        GandiagError: If the data cannot be had, or the checkpoint is of another model.

    Examples:
        >>> train_colorize(ColorizeSettings(iterations=2)).iterations
        2
    """
    torch.manual_seed(settings.seed)
    train, _ = colorize_data(settings, data_dir)
    players = build_players(settings)
    start = 0 if checkpoint is None else restore_session(checkpoint, {**players.networks, **players.optimizers})
    monitor = attach(
        players.generator,
        players.discriminator,
        real=train.samples,
        judge=HueJudge(),
        every=probe_interval(settings),
        out=out,
        on_alarm="ignore",
        loss=LOSS.name,
        start=start,
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
    """Tinted digits to train on, and others to measure on."""
    train, held_out = split_digits(settings.dataset, data_dir)
    name = f"tinted_{settings.dataset}"
    return tinted(train, name, seed=settings.seed), tinted(held_out, name, seed=settings.seed + 1)


def build_players(settings: ColorizeSettings) -> ColorizePlayers:
    """Fresh players; draws their weights from torch's global random state."""
    generator, discriminator = ColorizationGenerator(), ColorizationDiscriminator()
    optimizers = [
        Adam(each.parameters(), lr=settings.learning_rate, betas=BETAS) for each in (generator, discriminator)
    ]
    return ColorizePlayers(generator, discriminator, *optimizers)


def colorize_step(settings: ColorizeSettings, players: ColorizePlayers, samples: Tensor) -> None:
    """One step of the discriminator and one of the generator, on one batch (Isola et al., 2017, Section 3.3)."""
    colour = samples[torch.randint(len(samples), (settings.batch_size,))]
    grey = greyed(colour)
    fake = players.generator(grey, torch.randn(len(grey), NOISE_SIZE))
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
        real_pairs: (x, y) with shape :math:`(n, 4, 28, 28)`.
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
        grey: x, with shape :math:`(n, 1, 28, 28)`.
        colour: y, with shape :math:`(n, 3, 28, 28)`.
        fake: G(x, z), with the same shape.

    References:
        | Image-to-Image Translation with Conditional Adversarial Networks (Isola et al., 2017), Eq. 4
        | https://arxiv.org/abs/1611.07004
    """
    loss = settings.l1_weight * l1_loss(fake, colour)
    if settings.adversarial_weight:
        loss = loss + settings.adversarial_weight * LOSS.generator(discriminator(torch.cat([grey, fake], dim=1)))
    return loss


@torch.no_grad()
def colourings(generator: nn.Module, grey: Tensor, count: int, seed: int = 0) -> Tensor:
    """Several colourings of each grey image, with shape :math:`(n, \\mathrm{count}, 3, 28, 28)`.

    All images are coloured with the same noise vectors, which ``seed`` fixes.
    """
    noise = torch.randn(count, NOISE_SIZE, generator=torch.Generator().manual_seed(seed))
    return torch.stack([generator(grey, one.expand(len(grey), -1)) for one in noise], dim=1)


def measure_colorize(generator: nn.Module, held_out: Dataset) -> ColorizeMeasures:
    """Colour images that were not trained on, each eight times, and compare with the real ones.

    Args:
        generator: (grey, noise) → colour.
        held_out: Tinted images.

    Raises:
        GandiagError: If the images are not in colour.
    """
    real = held_out.samples
    grey = greyed(real)
    made = colourings(generator, grey, OUTPUTS)
    flat = made.flatten(0, 1)
    shares = HueJudge()(_coloured_once(generator, grey)).argmax(dim=1).bincount(minlength=HUE_COUNT) / len(grey)
    return ColorizeMeasures(
        relative_colourfulness=float(colourfulness(flat).mean() / colourfulness(real).mean()),
        relative_diversity=output_diversity(made) / _real_diversity(grey),
        hues=int((shares > 0.1 / HUE_COUNT).sum()),
        l1_error=float(l1_loss(made, real[:, None].expand_as(made))),
        grey_error=float(l1_loss(greyed(flat), grey.repeat_interleave(OUTPUTS, dim=0))),
    )


@torch.no_grad()
def _coloured_once(generator: nn.Module, grey: Tensor) -> Tensor:
    """Each image with noise of its own: eight vectors for all of them are too few to meet every hue."""
    noise = torch.randn(len(grey), NOISE_SIZE, generator=torch.Generator().manual_seed(0))
    coloured: Tensor = generator(grey, noise)
    return coloured


def _real_diversity(grey: Tensor) -> float:
    """Mean distance between an image in two hues that are drawn by chance, the same one at times."""
    every_hue = torch.stack([grey * hue[:, None, None] for hue in HueJudge().hues], dim=1)
    return output_diversity(every_hue) * (HUE_COUNT - 1) / HUE_COUNT
