"""A recipe that fails, or works, for a known reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from gandiag.training import TrainingConfig

Split = Literal["calibration", "hold_out"]
HEALTHY, AMBIGUOUS = "healthy", "ambiguous"
KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "vanishing_gradients": ("saturated_discriminator", "dead_discriminator", "lost_in_depth"),
        "mode_collapse": ("total", "partial", "within_class", "cycling"),
        "non_convergence": ("oscillation", "divergence", "stagnation"),
    }
)


@dataclass(frozen=True)
class Scenario:
    """One recipe; its runs differ in the seed alone.

    Attributes:
        name: Unique, for file names and the command line.
        shows: What it is there to show, in one sentence.
        config: The run, with seed 0.
        expected: The failure that the recipe is known for, or ``healthy``; the label is what the oracle finds.
        kind: The kind of it; ``None`` for ``healthy``.
        twin: Name of the nearest recipe that works; of a healthy one, its own.
        split: Part of the benchmark that all its seeds belong to.
        changes: Generator steps done → settings that change there.
        near_miss: Whether it looks like a failure that it is not.
    """

    name: str
    shows: str
    config: TrainingConfig
    expected: str
    kind: str | None
    twin: str
    split: Split
    changes: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    near_miss: bool = False

    @property
    def combination(self) -> tuple[str, str, str]:
        """Data, architecture and loss."""
        return self.config.dataset, self.config.model, self.config.loss

    def configured(self, seed: int) -> TrainingConfig:
        """The run with a seed."""
        return replace(self.config, seed=seed)

    def schedule(self, seed: int) -> dict[int, TrainingConfig]:
        """What changes during the run, as the training loop takes it."""
        config, schedule = self.configured(seed), {}
        for at in sorted(self.changes):
            config = replace(config, **self.changes[at])  # type: ignore[arg-type]
            schedule[at] = config
        return schedule
