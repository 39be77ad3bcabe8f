"""Digits from one style or data set to another and back, without one example of a pair: CycleGAN."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss
from torch.optim import Adam

from gandiag.applications.image_pool import ImagePool
from gandiag.applications.session import ApplicationResult, Stateful, restore_session, run_session
from gandiag.applications.translation import check_settings, probe_interval, split_images
from gandiag.data.dataset import Dataset
from gandiag.data.domains import STYLES, Domains, framed, outlines, unpaired_domains
from gandiag.errors import GandiagError
from gandiag.losses import least_squares_discriminator
from gandiag.monitor import attach
from gandiag.nets.cyclegan import CycleGANDiscriminator, CycleGANGenerator
from gandiag.nets.polarity_judge import PolarityJudge
from gandiag.training.device import available_device

MODEL = "cyclegan"
BETAS = (0.5, 0.999)
DIGIT_SETS = ("digits", "mnist")
FASHION_OUTLINES = "fashion_outlines"
DOMAINS_B = (*STYLES, *DIGIT_SETS, FASHION_OUTLINES)


@dataclass(frozen=True)
class CycleGANSettings:
    """One run, to the last number: equal settings on one machine give equal runs.

    Attributes:
        dataset: Domain A: ``digits`` or ``mnist``.
        style: Domain B: other images of the set, ``inverted``, ``slanted`` or ``bold``; or another set, ``digits``,
            ``mnist`` or ``fashion_outlines`` (of Fashion-MNIST).
        adversarial_weight: Of the least-squares loss of both directions.
        cycle_weight: λ of Zhu et al. (2017), Eq. 3.
        identity_weight: Of the loss that asks a translator to leave images of its target domain as they are; the paper
            has 0.5 λ for paintings (Section 5.2). It keeps white white, which is wrong for ``inverted``.
        iterations: Steps of both generators; the discriminators take as many.
        batch_size: Images of each domain in a step.
        learning_rate: Adam's step size, for all players.
        seed: Fixes initial weights, batches and the pools' draws.
        probe_every: Generator steps from probe to probe; ``None`` leaves 40 probes to a run.
        checkpoint_every: Generator steps from checkpoint to checkpoint.

    Raises:
        GandiagError: If a value is not in its range, all weights are 0, or domain B is unknown or domain A itself.
    """

    dataset: str = "digits"
    style: str = "inverted"
    adversarial_weight: float = 1.0
    cycle_weight: float = 5.0
    identity_weight: float = 0.0
    iterations: int = 600
    batch_size: int = 8
    learning_rate: float = 1e-3
    seed: int = 0
    probe_every: int | None = None
    checkpoint_every: int = 200

    def __post_init__(self) -> None:
        check_settings(self, DIGIT_SETS, losses=("adversarial_weight", "cycle_weight", "identity_weight"))
        others = [name for name in DOMAINS_B if name != self.dataset]
        if self.style not in others:
            raise GandiagError(f"Unknown style '{self.style}' of '{self.dataset}'; choose one of {', '.join(others)}.")


@dataclass(frozen=True)
class Translated:
    """One pass of both translators over a batch of each domain.

    Attributes:
        real_a: Images of domain A, with shape :math:`(n, 1, 28, 28)`.
        real_b: Images of domain B.
        fake_b: A translated to B.
        fake_a: B translated to A.
    """

    real_a: Tensor
    real_b: Tensor
    fake_b: Tensor
    fake_a: Tensor


@dataclass(frozen=True)
class CycleGANPlayers:
    """Two translators, two discriminators, their optimizers and pools.

    Attributes:
        a_to_b: Images of domain A → domain B.
        b_to_a: Images of domain B → domain A.
        discriminator_a: Judges images of domain A.
        discriminator_b: Judges images of domain B.
        generator_optimizer: Steps both translators.
        discriminator_optimizer: Steps both discriminators.
        pool_a: Earlier translations to domain A, for its discriminator.
        pool_b: The same for domain B.
    """

    a_to_b: CycleGANGenerator
    b_to_a: CycleGANGenerator
    discriminator_a: CycleGANDiscriminator
    discriminator_b: CycleGANDiscriminator
    generator_optimizer: Adam
    discriminator_optimizer: Adam
    pool_a: ImagePool = field(default_factory=ImagePool)
    pool_b: ImagePool = field(default_factory=ImagePool)

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """Name → network."""
        return {
            "a_to_b": self.a_to_b,
            "b_to_a": self.b_to_a,
            "discriminator_a": self.discriminator_a,
            "discriminator_b": self.discriminator_b,
        }

    @property
    def optimizers(self) -> Mapping[str, Stateful]:
        """Name → whatever else a checkpoint must hold."""
        return {
            "generator_optimizer": self.generator_optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
            "pool_a": self.pool_a,
            "pool_b": self.pool_b,
        }


def train_cyclegan(
    settings: CycleGANSettings,
    *,
    out: str | Path | None = None,
    data_dir: str | Path | None = None,
    device: str = "cpu",
    checkpoint: Mapping[str, Any] | None = None,
    progress: Callable[[int], None] = lambda iteration: None,
) -> ApplicationResult:
    """Train two translators and diagnose them.

    Args:
        settings: The run.
        out: Run directory; left out, all stays in memory.
        data_dir: Folder that holds MNIST and Fashion-MNIST, in torchvision's layout.
        device: torch device.
        checkpoint: A state from :func:`gandiag.applications.session.read_session` to go on from, in the same ``out``.
        progress: Called with the number of generator steps done, after each.

    Raises:
        GandiagError: If the data or the device cannot be had, or the checkpoint is of another model.

    Examples:
        >>> train_cyclegan(CycleGANSettings(iterations=2)).iterations
        2
    """
    place = available_device(device)
    torch.manual_seed(settings.seed)
    domains = cyclegan_data(settings, data_dir)[0].to(place)
    players = build_players(settings, place)
    parts = {**players.networks, **players.optimizers}
    judge = None if settings.style == FASHION_OUTLINES else PolarityJudge().to(place)
    start = 0 if checkpoint is None else restore_session(checkpoint, parts, device=place)
    monitor = attach(
        {"AB": players.a_to_b, "BA": players.b_to_a},
        {"A": players.discriminator_a, "B": players.discriminator_b},
        real={"AB": domains.b, "BA": domains.a},
        judge=judge,
        every=probe_interval(settings),
        out=out,
        on_alarm="ignore",
        loss="least_squares",
        start=start,
        state=None if checkpoint is None else checkpoint.get("watching"),
        configuration={"model": MODEL, **asdict(settings)},
    )
    return run_session(
        MODEL,
        settings,
        players.networks,
        players.optimizers,
        lambda: cyclegan_step(settings, players, domains),
        monitor,
        out=None if out is None else Path(out),
        start=start,
        progress=progress,
    )


def cyclegan_data(settings: CycleGANSettings, data_dir: str | Path | None = None) -> tuple[Domains, Domains]:
    """Two domains to train on, and two of other images to measure on."""
    train, held_out = split_images(settings.dataset, data_dir)
    if settings.style in STYLES:
        return unpaired_domains(train, settings.style), unpaired_domains(held_out, settings.style)
    others = split_images("fashion_mnist" if settings.style == FASHION_OUTLINES else settings.style, data_dir)
    train_b, held_out_b = (between_sets(other) for other in others)
    return Domains(between_sets(train), train_b), Domains(between_sets(held_out), held_out_b)


def between_sets(images: Dataset) -> Tensor:
    """A set's images as they are translated to and from another set's: white strokes on black, in one frame."""
    if images.name == "fashion_mnist":
        return outlines(images.samples)
    return framed(images.samples) if images.name == "digits" else images.samples


def build_players(settings: CycleGANSettings, device: torch.device | str = "cpu") -> CycleGANPlayers:
    """Fresh players; draws their weights from torch's global random state."""
    a_to_b, b_to_a = CycleGANGenerator().to(device), CycleGANGenerator().to(device)
    discriminator_a, discriminator_b = CycleGANDiscriminator().to(device), CycleGANDiscriminator().to(device)
    generator_weights = [*a_to_b.parameters(), *b_to_a.parameters()]
    discriminator_weights = [*discriminator_a.parameters(), *discriminator_b.parameters()]
    return CycleGANPlayers(
        a_to_b,
        b_to_a,
        discriminator_a,
        discriminator_b,
        Adam(generator_weights, lr=settings.learning_rate, betas=BETAS),
        Adam(discriminator_weights, lr=settings.learning_rate, betas=BETAS),
    )


def cyclegan_step(settings: CycleGANSettings, players: CycleGANPlayers, domains: Domains) -> None:
    """One step of both translators, then one of both discriminators on images from the pools."""
    real_a, real_b = _batch(domains.a, settings.batch_size), _batch(domains.b, settings.batch_size)
    seen = Translated(real_a, real_b, fake_b=players.a_to_b(real_a), fake_a=players.b_to_a(real_b))
    players.generator_optimizer.zero_grad()
    generator_loss(settings, players, seen).backward()
    players.generator_optimizer.step()
    players.discriminator_optimizer.zero_grad()
    for discriminator, pool, real, fake in (
        (players.discriminator_a, players.pool_a, real_a, seen.fake_a),
        (players.discriminator_b, players.pool_b, real_b, seen.fake_b),
    ):
        least_squares_discriminator(discriminator(real), discriminator(pool.exchange(fake))).backward()
    players.discriminator_optimizer.step()


def _batch(images: Tensor, size: int) -> Tensor:
    return images[torch.randint(len(images), (size,), device=images.device)]


def generator_loss(settings: CycleGANSettings, players: CycleGANPlayers, seen: Translated) -> Tensor:
    r"""Least squares, cycle and identity, each summed over the two directions.

    .. math:: w (D_B(G(a)) - 1)^2 + \lambda |F(G(a)) - a|_1 + \lambda_{id} |G(b) - b|_1

    and the same from B to A. Each term is the mean over patches or pixels; one with weight 0 is not computed.

    Args:
        settings: Give the weights w, λ and λ_id.
        players: G is ``a_to_b``, F is ``b_to_a``.
        seen: A batch of each domain, translated.

    References:
        | Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks (Zhu et al., 2017), Eq. 3, 4.1
        | https://arxiv.org/abs/1703.10593
    """
    loss = torch.zeros((), device=seen.real_a.device)
    if settings.adversarial_weight:
        for discriminator, fake in ((players.discriminator_b, seen.fake_b), (players.discriminator_a, seen.fake_a)):
            loss = loss + settings.adversarial_weight * (discriminator(fake) - 1).square().mean()
    if settings.cycle_weight:
        cycles = l1_loss(players.b_to_a(seen.fake_b), seen.real_a) + l1_loss(players.a_to_b(seen.fake_a), seen.real_b)
        loss = loss + settings.cycle_weight * cycles
    if settings.identity_weight:
        kept = l1_loss(players.a_to_b(seen.real_b), seen.real_b) + l1_loss(players.b_to_a(seen.real_a), seen.real_a)
        loss = loss + settings.identity_weight * kept
    return loss
