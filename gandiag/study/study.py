"""What a study is, and what tells its runs apart."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Any

from gandiag.errors import GandiagError
from gandiag.study.grids import Grid, Name, Setting, configuring, distinct, names_of
from gandiag.training import TrainingConfig, check_census
from gandiag.version import VERSION

MEASURES = ("fid_judge", "modes", "diversity")
SMOKE_ITERATIONS, SMOKE_SETTINGS, SMOKE_SEEDS = 30, 4, 2


@dataclass(frozen=True)
class Run:
    """One setting with one seed.

    Attributes:
        setting: What sets it apart in the grid.
        config: The whole configuration, seed and budget included.
        census: Samples of the trained generator whose modes are counted; 0 counts none.
    """

    setting: Setting
    config: TrainingConfig
    census: int = 0

    @property
    def identity(self) -> str:
        """Hash of the configuration and the versions that decide what it leads to."""
        counted = [{"census": self.census}] if self.census else []
        told = json.dumps([self.config.to_dict(), versions(), *counted], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Study:
    """A question, and the runs that answer it.

    Attributes:
        name: Short, for folders and the command line.
        question: What is asked, in one sentence.
        base: What all runs have in common, the budget (``iterations``) included.
        grid: Settings: what is laid over ``base``.
        baseline: What makes a setting its own baseline: each is compared with the one that has these values and is
            otherwise equal, over the same seeds.
        seeds: How many; every setting runs with seeds 0 to ``seeds`` − 1.
        measures: Columns of the probes table, or of the census, that are compared, the most important first.
        matrix: Two keys of the grid, such as failure and remedy, whose cells say how many of the runs that fail with
            the baseline are healthy with the remedy.
        published: What others found, with its source; it stands beneath the answer.
        published_values: A setting's label → measure → what others found, to stand beside what was found here.
        census: Data set → samples of the generator, drawn at the end of each run on it, whose modes are counted by
            :func:`gandiag.training.census`; the columns ``census_…`` of the run's row.
    """

    name: str
    question: str
    base: TrainingConfig
    grid: Grid
    baseline: Mapping[str, Any] = field(default_factory=dict)
    seeds: int = 5
    measures: tuple[str, ...] = MEASURES
    matrix: tuple[str, str] | None = None
    published: str = ""
    published_values: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    census: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.grid:
            raise GandiagError(f"The grid of the study '{self.name}' is empty; give at least one setting.")
        if self.seeds < 1:
            raise GandiagError(f"The study '{self.name}' needs at least 1 seed; got {self.seeds}.")
        for dataset, count in self.census.items():
            check_census(dataset, count)
        seen: set[str] = set()
        for setting in self.grid:
            one = json.dumps(self.configured(setting, 0).to_dict(), sort_keys=True)
            if one in seen:
                raise GandiagError(f"The study '{self.name}' holds the run '{label(setting)}' twice; name it once.")
            seen.add(one)

    def configured(self, setting: Setting, seed: int) -> TrainingConfig:
        """One run's configuration.

        Raises:
            GandiagError: If a key or a value is none.
        """
        return TrainingConfig.from_dict({**self.base.to_dict(), **configuring(setting), "seed": seed})

    @property
    def runs(self) -> list[Run]:
        """All runs, one seed of every setting before the next seed, so that what is done by then covers all."""
        return [self._run(setting, seed) for seed in range(self.seeds) for setting in self.grid]

    def _run(self, setting: Setting, seed: int) -> Run:
        config = self.configured(setting, seed)
        return Run(setting, config, self.census.get(config.dataset, 0))

    def baseline_of(self, setting: Setting) -> str | None:
        """Label of the setting that this one is compared with; ``None`` for a baseline or where there is none."""
        own = {key: value for key, value in self.baseline.items() if key in setting}
        own = {key: Name(value) if isinstance(setting[key], Name) else value for key, value in own.items()}
        other = label({**setting, **own})
        known = {label(one) for one in self.grid}
        return other if self.baseline and other in known and other != label(setting) else None

    def smoke(self) -> "Study":
        """The same study in small: a few settings, two seeds, 30 iterations; its numbers mean nothing."""
        base = replace(self.base, iterations=SMOKE_ITERATIONS, probe_every=10, pretraining=0)
        grid = [dict(setting) for setting in self.grid[:: max(1, len(self.grid) // SMOKE_SETTINGS)][:SMOKE_SETTINGS]]
        kept = [{k: v for k, v in one.items() if k not in ("iterations", "pretraining", "probe_every")} for one in grid]
        return replace(self, name=f"{self.name}-smoke", base=base, grid=distinct(tuple(kept)), seeds=SMOKE_SEEDS)


def label(setting: Setting) -> str:
    """A setting in words: its names, where it has any.

    Examples:
        >>> label({"loss": "hinge", "strength": 1.0})
        'loss=hinge, strength=1'
    """
    names = names_of(setting)
    if names:
        return ", ".join(names.values())
    words = {key: f"{value:g}" if isinstance(value, float) else str(value) for key, value in setting.items()}
    return ", ".join(f"{key}={word}" for key, word in words.items())


def versions() -> dict[str, str]:
    """What decides a run's outcome beside its configuration."""
    return {"gandiag": VERSION, "torch": version("torch"), "numpy": version("numpy")}
