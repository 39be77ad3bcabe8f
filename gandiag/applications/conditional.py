"""Conditional generation: a GAN that makes the digit, or the garment, that it is told to make."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import Adam
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from gandiag.applications.session import ApplicationResult, read_session, restore_session, run_session
from gandiag.data import load_dataset
from gandiag.errors import GandiagError
from gandiag.losses import LOSSES, get_loss
from gandiag.monitor import attach
from gandiag.nets.conditional import (
    CLASS_COUNT,
    NOISE_SIZE,
    ACGANDiscriminator,
    ConditionalGenerator,
    Network,
    PlanesDiscriminator,
    ProjectionDiscriminator,
    UnconditionalDiscriminator,
)
from gandiag.training.device import available_device

MODEL = "conditional"
LabelledData = Literal["digits", "mnist", "fashion_mnist"]
Conditioning = Literal["concatenation", "embedding", "projection", "ac_gan", "ignored"]
UNPAIRED_LOSSES = tuple(name for name, loss in LOSSES.items() if not loss.paired)
SAMPLING_BATCH = 500


@dataclass(frozen=True)
class ConditionalSettings:
    """One conditional run, to the last number: equal settings on one machine give equal runs.

    Attributes:
        dataset: ``digits``, ``mnist`` or ``fashion_mnist``; the packaged judge knows no garments, so that what is
            measured with it is not known of the last.
        network: ``mlp`` for the lecture's layers, ``dcgan`` for convolutions.
        conditioning: How the players are told the label: ``concatenation`` (one-hot), ``embedding``, ``projection``
            (Miyato and Koyama, 2018) or ``ac_gan`` (Odena et al., 2017); ``ignored`` tells the generator alone, and
            shows what goes wrong then.
        loss: Name of the adversarial loss; any but a paired one.
        iterations: Generator steps.
        batch_size: Real samples, and generated samples, in a step.
        learning_rate_generator: Step size of the generator's Adam.
        learning_rate_discriminator: Step size of the discriminator's Adam.
        beta1: Adam's first decay rate, for both players.
        beta2: Adam's second decay rate, for both players.
        ema_decay: Decay a step of the averaged generator, which images are drawn from; 0 keeps none.
        seed: Fixes the initial weights, the batches and the noise.
        probe_every: Generator steps from probe to probe; ``None`` leaves 40 probes to a run.
        checkpoint_every: Generator steps from checkpoint to checkpoint.
    """

    dataset: LabelledData = "digits"
    network: Network = "dcgan"
    conditioning: Conditioning = "ac_gan"
    loss: str = "non_saturating"
    iterations: int = 12_000
    batch_size: int = 32
    learning_rate_generator: float = 1e-3
    learning_rate_discriminator: float = 1e-3
    beta1: float = 0.5
    beta2: float = 0.999
    ema_decay: float = 0.999
    seed: int = 0
    probe_every: int | None = None
    checkpoint_every: int = 1000

    def __post_init__(self) -> None:
        for name, choices in (
            ("dataset", get_args(LabelledData)),
            ("network", get_args(Network)),
            ("conditioning", get_args(Conditioning)),
            ("loss", UNPAIRED_LOSSES),
        ):
            if getattr(self, name) not in choices:
                raise GandiagError(f"Unknown {name} '{getattr(self, name)}'; choose one of {', '.join(choices)}.")
        for name, least in (("iterations", 1), ("batch_size", 2), ("checkpoint_every", 1)):
            _check(name, getattr(self, name), getattr(self, name) >= least, f"at least {least}")
        for name in ("learning_rate_generator", "learning_rate_discriminator"):
            value = getattr(self, name)
            _check(name, value, math.isfinite(value) and value > 0, "a finite number above 0")
        for name in ("beta1", "beta2", "ema_decay"):
            _check(name, getattr(self, name), 0 <= getattr(self, name) < 1, "in [0, 1)")
        _check("probe_every", self.probe_every, self.probe_every is None or self.probe_every >= 1, "at least 1")

    @property
    def probe_interval(self) -> int:
        """Generator steps from probe to probe."""
        return self.probe_every or max(1, self.iterations // 40)


def train_conditional(
    settings: ConditionalSettings,
    *,
    out: str | Path | None = None,
    data_dir: str | Path | None = None,
    device: str = "cpu",
    checkpoint: Mapping[str, Any] | None = None,
    progress: Callable[[int], None] = lambda iteration: None,
) -> ApplicationResult:
    """Train a conditional GAN and diagnose it.

    Args:
        settings: The run.
        out: Run directory for the recording and the checkpoints; left out, all stays in memory.
        data_dir: Where MNIST and Fashion-MNIST are looked for first.
        device: torch device.
        checkpoint: A state from :func:`~gandiag.applications.session.read_session` to go on from, in the same ``out``.
        progress: Called with the number of generator steps done, after each.

    Returns:
        Its networks are ``generator`` (noise and labels → images), ``discriminator`` (images and labels → logits) and,
        where one is kept, ``average``, the generator's exponential moving average.

    Raises:
        GandiagError: If the data or the device cannot be had, or ``out`` cannot be used.

    Examples:
        >>> result = train_conditional(ConditionalSettings(network="mlp", iterations=5))
        >>> sample(result.networks["generator"], torch.tensor([7, 7, 7]), seed=0).shape
        torch.Size([3, 1, 28, 28])
    """
    place = available_device(device)
    torch.manual_seed(settings.seed)
    dataset = load_dataset(settings.dataset, data_dir).to(place)
    loss = get_loss(settings.loss)
    generator, discriminator = build_generator(settings).to(place), build_discriminator(settings).to(place)
    betas = (settings.beta1, settings.beta2)
    generator_optimizer = Adam(generator.parameters(), settings.learning_rate_generator, betas)
    discriminator_optimizer = Adam(discriminator.parameters(), settings.learning_rate_discriminator, betas)
    average = build_average(generator, settings)
    networks = {"generator": generator, "discriminator": discriminator}
    if average is not None:
        networks["average"] = average
    optimizers = {"generator_optimizer": generator_optimizer, "discriminator_optimizer": discriminator_optimizer}
    start = 0 if checkpoint is None else restore_session(checkpoint, {**networks, **optimizers}, device=place)
    monitor = attach(
        generator,
        discriminator,
        real=None if settings.dataset == "mnist" else dataset.samples,  # MNIST's statistics are packaged
        judge=None if settings.dataset == "fashion_mnist" else "mnist",
        every=settings.probe_interval,
        out=out,
        on_alarm="ignore",
        loss=settings.loss,
        start=start,
        state=None if checkpoint is None else checkpoint.get("watching"),
        configuration=asdict(settings) | {"model": MODEL},
    )

    def step() -> None:
        chosen = torch.randint(len(dataset), (settings.batch_size,), device=place)
        real, labels = dataset.samples[chosen], dataset.labels[chosen]
        # The same labels for both: the discriminator is to tell images by what they show, not by how common it is.
        fake = generator(torch.randn(settings.batch_size, NOISE_SIZE, device=place), labels)

        real_logits, real_class_loss = judged(discriminator, real, labels)
        fake_logits, _ = judged(discriminator, fake.detach(), labels)
        discriminator_optimizer.zero_grad()
        (loss.discriminator(real_logits, fake_logits) + real_class_loss).backward()
        discriminator_optimizer.step()

        fake_logits, fake_class_loss = judged(discriminator, fake, labels)
        generator_optimizer.zero_grad()
        (loss.generator(fake_logits) + fake_class_loss).backward()
        generator_optimizer.step()
        if average is not None:
            average.update_parameters(generator)

    return run_session(
        MODEL,
        settings,
        networks,
        optimizers,
        step,
        monitor,
        out=None if out is None else Path(out),
        start=start,
        progress=progress,
    )


def build_generator(settings: ConditionalSettings) -> ConditionalGenerator:
    """A fresh generator; draws its weights from torch's global random state."""
    return ConditionalGenerator(settings.network, embedded=settings.conditioning in ("embedding", "projection"))


def build_discriminator(settings: ConditionalSettings) -> nn.Module:
    """A fresh discriminator that is told the label in the way of the settings."""
    if settings.conditioning == "projection":
        return ProjectionDiscriminator(settings.network)
    if settings.conditioning == "ac_gan":
        return ACGANDiscriminator(settings.network)
    if settings.conditioning == "ignored":
        return UnconditionalDiscriminator(settings.network)
    return PlanesDiscriminator(settings.network, embedded=settings.conditioning == "embedding")


def build_average(generator: nn.Module, settings: ConditionalSettings) -> AveragedModel | None:
    """The generator's exponential moving average, batch normalisation's statistics included; ``None`` at decay 0."""
    if settings.ema_decay == 0:
        return None
    return AveragedModel(generator, multi_avg_fn=get_ema_multi_avg_fn(settings.ema_decay), use_buffers=True)


def judged(discriminator: nn.Module, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Logits, and the loss of a discriminator's class logits: 0 where it names no class."""
    output = discriminator(images, labels)
    if isinstance(output, tuple):
        logits, class_logits = output
        return logits, cross_entropy(class_logits, labels)
    return output, output.new_zeros(())


def restore_generator(directory: Path) -> nn.Module:
    """The generator of a run as its last checkpoint has it: the averaged one, where one is kept.

    Raises:
        GandiagError: If there is no checkpoint, it cannot be read, or it is of another model.
    """
    state = read_session(directory, MODEL)
    settings = ConditionalSettings(**state["settings"])
    with torch.random.fork_rng(devices=[]):
        generator = build_generator(settings)
    average = build_average(generator, settings)
    drawn_from = {"generator": generator} if average is None else {"average": average}
    restore_session(state, drawn_from, random=False)
    return generator if average is None else average


@torch.no_grad()
def sample(generator: nn.Module, labels: Tensor, seed: int) -> Tensor:
    """Images of given classes, in evaluation mode; torch's global random state and the generator stay as they are.

    Args:
        generator: Noise and labels → images.
        labels: Classes to make, int64 with shape :math:`(n,)`, each in [0, 10).
        seed: Fixes the noise.

    Returns:
        float32 with shape :math:`(n, 1, 28, 28)` in [0, 1], on the CPU.

    Raises:
        GandiagError: If a label is no class.
    """
    outside = labels[(labels < 0) | (labels >= CLASS_COUNT)]
    if len(outside):
        raise GandiagError(f"There is no class {int(outside[0])}; the classes are 0 to {CLASS_COUNT - 1}.")
    noise = torch.randn(len(labels), NOISE_SIZE, generator=torch.Generator().manual_seed(seed))
    training, device = generator.training, next(generator.parameters()).device
    generator.eval()
    try:
        pairs = zip(noise.split(SAMPLING_BATCH), labels.split(SAMPLING_BATCH), strict=True)
        return torch.cat([generator(part.to(device), of_part.to(device)).cpu() for part, of_part in pairs])
    finally:
        generator.train(training)


def _check(name: str, value: object, holds: bool, requirement: str) -> None:
    if not holds:
        raise GandiagError(f"{name} must be {requirement}; got {value}.")
