"""The two players of all members of a stack."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Generator, Tensor, nn
from torch.optim import SGD, Adam, Optimizer

from gandiag.training.config import TrainingConfig
from gandiag.training.players import Players, build_players
from gandiag.training.stacked.layers import StackedInstanceNoise, stacked, write_member
from gandiag.training.stacked.streams import Streams


class StackedOptimizer:
    """Steps the stacked parameters of one player; members may have their own learning rates and weight decays.

    Adam and SGD work number by number, so that one on stacked parameters is one on each member's; where settings
    differ, it holds views of the members that share them.

    Args:
        parameters: Each with the members along the first axis.
        rates: Learning rate of each member.
        decays: Weight decay of each.
        kind: ``adam`` or ``sgd``.
        config: Adam's decay rates, or the momentum.
    """

    def __init__(
        self,
        parameters: Sequence[nn.Parameter],
        rates: Sequence[float],
        decays: Sequence[float],
        kind: str,
        config: TrainingConfig,
    ) -> None:
        self._parts: list[tuple[Tensor, int, slice]] = []
        groups = []
        for (rate, decay), alike in groupby(enumerate(zip(rates, decays, strict=True)), key=lambda one: one[1]):
            at = [member for member, _ in alike]
            members = slice(at[0], at[-1] + 1)
            views = [parameter.detach()[members] for parameter in parameters]
            self._parts += [(view, index, members) for index, view in enumerate(views)]
            groups.append({"params": views, "lr": rate, "weight_decay": decay})
        self._optimizer: Optimizer = (
            SGD(groups, momentum=config.momentum, fused=True)
            if kind == "sgd"
            else Adam(groups, betas=(config.beta1, config.beta2), fused=True)
        )

    def step(self, gradients: Sequence[Tensor]) -> None:
        """Apply gradients with the parameters' shapes."""
        whole = [gradient.contiguous() for gradient in gradients]
        for view, index, members in self._parts:
            view.grad = whole[index][members]
        self._optimizer.step()


class StackedLeCam:
    """The running means of :class:`gandiag.regularizers.LeCam`, two a member."""

    def __init__(self, decay: float, members: int, device: torch.device) -> None:
        self._decay, self._anchors, self._begun = decay, torch.zeros(2, members, device=device), False

    def penalty(self, real: Tensor, fake: Tensor) -> Tensor:
        """A number a member from logits :math:`(m, n, 1)`, with shape :math:`(m,)`."""
        means = torch.stack([logits.detach().flatten(1).mean(dim=1) for logits in (real, fake)])
        self._anchors = self._anchors.to(means.dtype).lerp(means, 1 - self._decay * self._begun)
        self._begun = True
        anchor_real, anchor_fake = self._anchors.unsqueeze(-1)
        penalty: Tensor = _mean_square(real.flatten(1) - anchor_fake) + _mean_square(fake.flatten(1) - anchor_real)
        return penalty


def _mean_square(numbers: Tensor) -> Tensor:
    """Mean of the squares of each member's numbers."""
    return numbers.square().mean(dim=1)


@dataclass(frozen=True)
class StackedPlayers:
    """What a training step changes.

    Attributes:
        generator: Noise :math:`(m, n, \\mathrm{noise\\_size})` → samples :math:`(m, n, *)`.
        discriminator: Samples → logits :math:`(m, n, 1)`.
        generator_optimizer: Steps the generators.
        discriminator_optimizer: Steps the discriminators.
        members: The players one by one, as they began.
        streams: Where all random numbers of a step are from.
        lecam: LeCam's running means; ``None`` for every other regulariser.
    """

    generator: nn.Module
    discriminator: nn.Module
    generator_optimizer: StackedOptimizer
    discriminator_optimizer: StackedOptimizer
    members: Sequence[Players]
    streams: Streams
    lecam: StackedLeCam | None = None

    def noise(self, count: int) -> Tensor:
        """Standard normal noise for ``count`` samples of each member."""
        return self.streams.normal(count, self.members[0].noise_size)

    def anneal_noise(self, share: float) -> None:
        """Lower the noise on the discriminators' inputs to what it shall be at a share of the run."""
        for layer in self.discriminator.modules():
            if isinstance(layer, StackedInstanceNoise):
                layer.anneal(share)

    def write_members(self) -> None:
        """Give each of ``members`` its networks as they are now."""
        for member, players in enumerate(self.members):
            write_member(self.generator, member, players.generator)
            write_member(self.discriminator, member, players.discriminator)


def build_stack(
    configs: Sequence[TrainingConfig], sample_shape: tuple[int, ...], device: torch.device
) -> StackedPlayers:
    """Fresh players, each drawn as it would be alone; torch's global random state stays as it was.

    Raises:
        GandiagError: If the networks do not fit the data or one another, or cannot be stacked.
    """
    members, sources = [], []
    elsewhere = {} if device.type == "cpu" else {"device_type": device.type}
    with torch.random.fork_rng(devices=[device] if elsewhere else [], **elsewhere):
        for config in configs:
            torch.manual_seed(config.seed)
            members.append(build_players(config, sample_shape, torch.device("cpu")))
            sources.append(_source(config.seed, device))
    streams, first = Streams(sources, device), configs[0]
    generator = stacked([players.generator for players in members], streams).to(device)
    discriminator = stacked([players.discriminator for players in members], streams).to(device)
    return StackedPlayers(
        generator,
        discriminator,
        StackedOptimizer(
            list(generator.parameters()),
            [config.learning_rate_generator for config in configs],
            [0.0] * len(configs),
            first.optimizer_generator,
            first,
        ),
        StackedOptimizer(
            list(discriminator.parameters()),
            [config.learning_rate_discriminator for config in configs],
            [config.strength if config.regularizer == "weight_decay" else 0.0 for config in configs],
            first.optimizer_discriminator,
            first,
        ),
        members,
        streams,
        None if members[0].lecam is None else StackedLeCam(members[0].lecam.decay, len(configs), device),
    )


def _source(seed: int, device: torch.device) -> Generator:
    """The random stream that a run has once its networks are drawn."""
    if device.type != "cpu":
        return Generator(device).manual_seed(seed)
    source = Generator()
    source.set_state(torch.get_rng_state())
    return source
