"""The terms that a regulariser adds to the discriminator's loss, by the names that the command line knows."""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

from torch import Tensor

from gandiag import regularizers
from gandiag.losses import Loss
from gandiag.training.config import TrainingConfig
from gandiag.training.players import Players


@dataclass(frozen=True)
class Seen:
    """What a step of the discriminator has at hand.

    Attributes:
        config: The run.
        players: The networks.
        loss: The players' losses.
        real: Real samples.
        fake: Generated samples.
        real_logits: Logits of the real ones.
        fake_logits: Logits of the generated ones.
        objective: The discriminator's loss on them.
    """

    config: TrainingConfig
    players: Players
    loss: Loss
    real: Tensor
    fake: Tensor
    real_logits: Tensor
    fake_logits: Tensor
    objective: Tensor


def _label_smoothing(seen: Seen) -> Tensor:
    sign = 1 if seen.config.real_label == 1 else -1
    return regularizers.label_smoothing(sign * seen.real_logits)


def _lecam(seen: Seen) -> Tensor:
    assert seen.players.lecam is not None
    penalty: Tensor = seen.players.lecam(seen.real_logits, seen.fake_logits)
    return penalty


def _consensus(seen: Seen) -> Tensor:
    return regularizers.consensus(
        seen.loss.generator(seen.fake_logits, seen.real_logits),
        seen.objective,
        seen.players.generator,
        seen.players.discriminator,
    )


PENALTIES: MappingProxyType[str, Callable[[Seen], Tensor]] = MappingProxyType(
    {
        "r1": lambda seen: regularizers.r1(seen.players.discriminator, seen.real),
        "r2": lambda seen: regularizers.r2(seen.players.discriminator, seen.fake),
        "r1_r2": lambda seen: regularizers.r1_r2(seen.players.discriminator, seen.real, seen.fake),
        "wgan_gp": lambda seen: regularizers.wgan_gp(seen.players.discriminator, seen.real, seen.fake),
        "dragan": lambda seen: regularizers.dragan(seen.players.discriminator, seen.real),
        "lecam": _lecam,
        "label_smoothing": _label_smoothing,
        "consensus": _consensus,
    }
)
