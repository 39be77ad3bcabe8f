"""The two players of one run: networks, optimizers, and the averaged generator."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from gandiag.errors import GandiagError
from gandiag.nets import build_networks
from gandiag.regularizers import (
    InstanceNoise,
    LeCam,
    Packed,
    layer_normalised,
    spectrally_normalised,
    weight_normalised,
    with_dropout,
    with_minibatch_std,
)
from gandiag.training.config import TrainingConfig

FITTED = 4  # samples that the networks are tried on; packs of 2 and 4 divide it


@dataclass(frozen=True)
class Players:
    """What a training step changes.

    Attributes:
        generator: Noise :math:`(n, \\mathrm{noise\\_size})` → samples.
        discriminator: Samples → logits, with its regulariser built in where that is a layer.
        generator_optimizer: Steps the generator.
        discriminator_optimizer: Steps the discriminator.
        average: Exponential moving average of the generator; ``None`` if none is kept.
        noise_size: Numbers in one noise vector.
        device: Where all of it lies.
        lecam: LeCam's running means; ``None`` for every other regulariser.
    """

    generator: nn.Module
    discriminator: nn.Module
    generator_optimizer: Optimizer
    discriminator_optimizer: Optimizer
    average: AveragedModel | None
    noise_size: int
    device: torch.device
    lecam: LeCam | None = None

    def noise(self, count: int) -> Tensor:
        """Standard normal noise for ``count`` samples, from torch's global random state."""
        return torch.randn(count, self.noise_size, device=self.device)

    def set_learning_rates(self, config: TrainingConfig) -> None:
        """Give both optimizers the learning rates of a configuration; their momenta stay."""
        for optimizer, learning_rate in (
            (self.generator_optimizer, config.learning_rate_generator),
            (self.discriminator_optimizer, config.learning_rate_discriminator),
        ):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate

    def anneal_noise(self, share: float) -> None:
        """Lower the noise on the discriminator's inputs to what it shall be at a share of the run."""
        for layer in self.discriminator.modules():
            if isinstance(layer, InstanceNoise):
                layer.anneal(share)


def build_players(config: TrainingConfig, sample_shape: tuple[int, ...], device: torch.device) -> Players:
    """Fresh players for a run; draws their weights from torch's global random state.

    Raises:
        GandiagError: If the networks do not fit the data or one another.
    """
    networks = build_networks(config.model, sample_shape)
    discriminator = _restrained(networks.discriminator, config, sample_shape)
    generator, discriminator = networks.generator.to(device), discriminator.to(device)
    check_fit(generator, discriminator, networks.noise_size, sample_shape)
    decay = config.strength if config.regularizer == "weight_decay" else 0.0
    average = None
    if config.ema_decay:
        average = AveragedModel(generator, multi_avg_fn=get_ema_multi_avg_fn(config.ema_decay), use_buffers=True)
    return Players(
        generator,
        discriminator,
        _optimizer(config.optimizer_generator, generator, config.learning_rate_generator, config, 0.0),
        _optimizer(config.optimizer_discriminator, discriminator, config.learning_rate_discriminator, config, decay),
        average,
        networks.noise_size,
        device,
        LeCam().to(device) if config.regularizer == "lecam" else None,
    )


def _restrained(discriminator: nn.Module, config: TrainingConfig, sample_shape: tuple[int, ...]) -> nn.Module:
    """The discriminator with those of its restraints that are layers."""
    if config.anti_collapse == "minibatch_std":
        discriminator = with_minibatch_std(discriminator)
    if config.packing > 1:
        discriminator = Packed(discriminator, config.packing, sample_shape)
    if config.regularizer == "spectral_norm":
        discriminator = spectrally_normalised(discriminator)
    if config.regularizer == "weight_norm":
        discriminator = weight_normalised(discriminator)
    if config.regularizer == "layer_norm":
        discriminator = layer_normalised(discriminator)
    if config.regularizer == "dropout":
        discriminator = with_dropout(discriminator, config.strength)
    if config.regularizer in ("instance_noise", "instance_noise_annealed"):
        discriminator = nn.Sequential(InstanceNoise(config.strength), discriminator)
    return discriminator


def check_fit(generator: nn.Module, discriminator: nn.Module, noise_size: int, sample_shape: tuple[int, ...]) -> None:
    """Refuse a generator whose output is no sample, or that its discriminator cannot take.

    Raises:
        GandiagError: With the shapes in question.
    """
    modes = [(module, module.training) for part in (generator, discriminator) for module in part.modules()]
    device = next(generator.parameters()).device
    try:
        generator.eval(), discriminator.eval()
        with torch.no_grad():
            fake = generator(torch.zeros(FITTED, noise_size, device=device))
            if tuple(fake.shape[1:]) != tuple(sample_shape):
                raise GandiagError(
                    f"The generator makes samples of shape {tuple(fake.shape[1:])}, but the data has "
                    f"{tuple(sample_shape)}; they must be the same."
                )
            discriminator(fake)
    except RuntimeError as error:
        raise GandiagError(
            f"The generator's output of shape {tuple(sample_shape)} does not fit the discriminator ({error})."
        ) from error
    finally:
        for module, training in modes:
            module.training = training


def _optimizer(kind: str, module: nn.Module, learning_rate: float, config: TrainingConfig, decay: float) -> Optimizer:
    if kind == "sgd":
        return torch.optim.SGD(module.parameters(), lr=learning_rate, momentum=config.momentum, weight_decay=decay)
    return torch.optim.Adam(
        module.parameters(), lr=learning_rate, betas=(config.beta1, config.beta2), weight_decay=decay
    )
