"""The regularisers' terms for every member of a stack at once, as :mod:`gandiag.regularizers` has them for one."""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor

from gandiag.losses import Loss
from gandiag.regularizers import input_gradient
from gandiag.training.config import TrainingConfig
from gandiag.training.stacked.players import StackedPlayers

SPREAD = 0.5  # of DRAGAN's noise, as of the function for one


@dataclass(frozen=True)
class Seen:
    """What a step of the discriminators has at hand.

    Attributes:
        config: What the members have in common.
        players: The networks.
        loss: The players' losses.
        real: Real samples, with shape :math:`(m, n, *)`.
        fake: Generated samples, with their graph for consensus optimisation alone.
        real_logits: Logits of the real ones, with shape :math:`(m, n, 1)`.
        fake_logits: Logits of the generated ones.
    """

    config: TrainingConfig
    players: StackedPlayers
    loss: Loss
    real: Tensor
    fake: Tensor
    real_logits: Tensor
    fake_logits: Tensor


def of_each(losses: Tensor, members: int) -> Tensor:
    """The sum of the members' losses, from the mean over all their samples: each gets the gradient of its own."""
    return members * losses


def _slopes(seen: Seen, samples: Tensor) -> Tensor:
    """Squared norm of each sample's gradient, with shape :math:`(m, n)`."""
    gradient = input_gradient(seen.players.discriminator, samples)
    squares: Tensor = gradient.unflatten(1, (samples.shape[1], -1)).square().sum(dim=2)
    return squares


def _from_slope_1(seen: Seen, samples: Tensor) -> Tensor:
    return ((_slopes(seen, samples) + 1e-12).sqrt() - 1).square().mean(dim=1)


def _wgan_gp(seen: Seen) -> Tensor:
    real, fake = seen.real, seen.fake.detach()
    weight = seen.players.streams.uniform(real.shape[1], *[1] * (real.dim() - 2))
    return _from_slope_1(seen, weight * real + (1 - weight) * fake)


def _dragan(seen: Seen) -> Tensor:
    real = seen.real
    spread = real.flatten(1).std(dim=1).view(-1, *[1] * (real.dim() - 1))
    return _from_slope_1(seen, real + SPREAD * spread * seen.players.streams.normal(*real.shape[1:]))


def _lecam(seen: Seen) -> Tensor:
    assert seen.players.lecam is not None
    return seen.players.lecam.penalty(seen.real_logits, seen.fake_logits)


def _label_smoothing(seen: Seen) -> Tensor:
    sign = 1 if seen.config.real_label == 1 else -1
    return sign * _means(seen.real_logits)


def consensus(seen: Seen) -> Tensor:
    """Half the squared length of the game's gradient field, with shape :math:`(m,)`."""
    players, members = seen.players, len(seen.real)
    losses = (
        seen.loss.generator(seen.fake_logits, seen.real_logits),
        seen.loss.discriminator(seen.real_logits, seen.fake_logits),
    )
    fields = [
        part.flatten(1).square().sum(dim=1)
        for loss, player in zip(losses, (players.generator, players.discriminator), strict=True)
        for part in torch.autograd.grad(of_each(loss, members), list(player.parameters()), create_graph=True)
    ]
    return 0.5 * torch.stack(fields).sum(dim=0)


def _means(logits: Tensor) -> Tensor:
    return logits.flatten(1).mean(dim=1)


STACKED_PENALTIES: MappingProxyType[str, Callable[[Seen], Tensor]] = MappingProxyType(
    {
        "r1": lambda seen: 0.5 * _slopes(seen, seen.real).mean(dim=1),
        "r2": lambda seen: 0.5 * _slopes(seen, seen.fake).mean(dim=1),
        "r1_r2": lambda seen: 0.5 * (_slopes(seen, seen.real) + _slopes(seen, seen.fake)).mean(dim=1),
        "wgan_gp": _wgan_gp,
        "dragan": _dragan,
        "lecam": _lecam,
        "label_smoothing": _label_smoothing,
        "consensus": consensus,
    }
)
"""Each gives one number a member, with shape :math:`(m,)`, where ``training.penalties.PENALTIES`` gives one."""
