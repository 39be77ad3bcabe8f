"""Everything that defines one training run."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_type_hints

import numpy as np

from gandiag.data.catalogue import DATASETS
from gandiag.errors import GandiagError
from gandiag.losses import LOSSES
from gandiag.nets.catalogue import MODELS

Optimizer = Literal["adam", "sgd"]
Regularizer = Literal[
    "none",
    "weight_decay",
    "weight_clipping",
    "spectral_norm",
    "weight_norm",
    "layer_norm",
    "r1",
    "r2",
    "r1_r2",
    "wgan_gp",
    "dragan",
    "lecam",
    "dropout",
    "label_smoothing",
    "instance_noise",
    "instance_noise_annealed",
    "consensus",
]
WITHOUT_STRENGTH = ("none", "spectral_norm", "weight_norm", "layer_norm")
AntiCollapse = Literal["none", "minibatch_std", "pacgan2", "pacgan4", "unrolled1", "unrolled5", "unrolled10"]


@dataclass(frozen=True)
class TrainingConfig:
    """One run, to the last number: equal configurations on one machine give equal runs.

    NumPy's numbers become Python's, so that equal configurations are equal in JSON too.

    Attributes:
        dataset: Name of the data set.
        model: Name of the generator and discriminator pair.
        loss: Name of the adversarial loss.
        regularizer: What restrains the discriminator.
        strength: Its strength: weight decay, the limit of clipped weights, the penalty's weight γ or λ, the share of
            dropped units, ε of smoothed labels, or the noise's standard deviation; ignored by ``none``,
            ``spectral_norm``, ``weight_norm`` and ``layer_norm``.
        anti_collapse: What shows a lack of variety: the batch's spread to the discriminator, packs of 2 or 4 samples to
            it, or its next 1, 5 or 10 steps to the generator.
        iterations: Generator steps.
        batch_size: Real samples, and generated samples, in a step.
        n_critic: Discriminator steps before each generator step, or before each group of them.
        n_generator: Generator steps in a group.
        pretraining: Discriminator steps before the first generator step.
        learning_rate_generator: Step size of the generator's optimizer.
        learning_rate_discriminator: Step size of the discriminator's optimizer.
        optimizer_generator: ``adam`` or ``sgd``.
        optimizer_discriminator: ``adam`` or ``sgd``.
        beta1: Adam's first decay rate, for both players.
        beta2: Adam's second decay rate, for both players.
        momentum: Of ``sgd``, for both players.
        real_label: 1 gives real samples the high logit, as the field does; 0 the low one, as the lecture does.
        ema_decay: Decay a step of the averaged generator; 0 keeps none.
        seed: Fixes the initial weights, the batches and the noise.
        probe_every: Generator steps from probe to probe; ``None`` leaves 40 probes to a run.
        checkpoint_every: Generator steps from checkpoint to checkpoint.
    """

    dataset: str = "digits"
    model: str = "lecture"
    loss: str = "non_saturating"
    regularizer: Regularizer = "none"
    strength: float = 0.0
    anti_collapse: AntiCollapse = "none"
    iterations: int = 5000
    batch_size: int = 64
    n_critic: int = 1
    n_generator: int = 1
    pretraining: int = 0
    learning_rate_generator: float = 2e-4
    learning_rate_discriminator: float = 2e-4
    optimizer_generator: Optimizer = "adam"
    optimizer_discriminator: Optimizer = "adam"
    beta1: float = 0.5
    beta2: float = 0.999
    momentum: float = 0.0
    real_label: int = 1
    ema_decay: float = 0.0
    seed: int = 0
    probe_every: int | None = None
    checkpoint_every: int = 1000

    def __post_init__(self) -> None:
        self._check_kinds()
        _check_choice("dataset", self.dataset, DATASETS)
        _check_choice("model", self.model, tuple(MODELS))
        _check_choice("loss", self.loss, tuple(LOSSES))
        _check_choice("regularizer", self.regularizer, get_args(Regularizer))
        _check_choice("anti_collapse", self.anti_collapse, get_args(AntiCollapse))
        _check_choice("optimizer_generator", self.optimizer_generator, get_args(Optimizer))
        _check_choice("optimizer_discriminator", self.optimizer_discriminator, get_args(Optimizer))
        for name in ("iterations", "batch_size", "n_critic", "n_generator", "checkpoint_every"):
            _check(name, getattr(self, name), getattr(self, name) >= 1, "at least 1")
        for name in ("pretraining", "strength"):
            _check(name, getattr(self, name), getattr(self, name) >= 0, "at least 0")
        for name in ("learning_rate_generator", "learning_rate_discriminator"):
            _check(name, getattr(self, name), getattr(self, name) > 0, "a finite number above 0")
        for name in ("beta1", "beta2", "momentum", "ema_decay"):
            _check(name, getattr(self, name), 0 <= getattr(self, name) < 1, "in [0, 1)")
        _check("real_label", self.real_label, self.real_label in (0, 1), "0 or 1")
        _check("probe_every", self.probe_every, self.probe_every is None or self.probe_every >= 1, "at least 1")
        self._check_regularizer()
        _check("batch_size", self.batch_size, self.batch_size % self.packing == 0, f"a multiple of {self.packing}")

    def _check_kinds(self) -> None:
        for name, kind in KINDS.items():
            value = getattr(self, name)
            if isinstance(value, np.generic):
                value = value.item()
                object.__setattr__(self, name, value)
            whole = isinstance(value, int) and not isinstance(value, bool)
            if kind is int:
                _check(name, value, whole or (name == "probe_every" and value is None), "a whole number")
            if kind is float:
                _check(name, value, whole or (isinstance(value, float) and math.isfinite(value)), "a finite number")

    def _check_regularizer(self) -> None:
        if self.regularizer not in WITHOUT_STRENGTH and self.strength == 0:
            raise GandiagError(f"The regularizer '{self.regularizer}' needs a strength above 0; give --strength.")
        if self.regularizer in ("dropout", "label_smoothing"):
            _check("strength", self.strength, self.strength < 1, f"below 1 for {self.regularizer}")
        if self.regularizer == "label_smoothing" and self.loss not in ("minimax", "non_saturating"):
            raise GandiagError(f"Labels are smoothed for minimax and non_saturating alone; got the loss '{self.loss}'.")

    @property
    def packing(self) -> int:
        """Samples that the discriminator sees at once."""
        return int(self.anti_collapse.removeprefix("pacgan")) if self.anti_collapse.startswith("pacgan") else 1

    @property
    def unrolling(self) -> int:
        """Steps of the discriminator that the generator looks ahead."""
        return int(self.anti_collapse.removeprefix("unrolled")) if self.anti_collapse.startswith("unrolled") else 0

    @property
    def probe_interval(self) -> int:
        """Generator steps from probe to probe."""
        return self.probe_every or max(1, self.iterations // 40)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "TrainingConfig":
        """The configuration that :meth:`to_dict` wrote.

        Raises:
            GandiagError: If there is an unknown option among the values, or a bad value.
        """
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise GandiagError(f"Unknown training option {unknown[0]!r}; choose among {', '.join(sorted(known))}.")
        return cls(**values)


KINDS: dict[str, type] = {
    name: next((kind for kind in (int, float) if hint in (kind, kind | None)), str)
    for name, hint in get_type_hints(TrainingConfig).items()
}
"""Option → ``int``, ``float`` or ``str``."""


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise GandiagError(f"Unknown {name} '{value}'; choose one of {', '.join(choices)}.")


def _check(name: str, value: object, holds: bool, requirement: str) -> None:
    if not holds:
        raise GandiagError(f"{name} must be {requirement}; got {value!r}.")
