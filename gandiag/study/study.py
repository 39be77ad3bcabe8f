"""What a study is, and what tells its runs apart."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Any

from gandiag.errors import GandiagError
from gandiag.recording.tables import PROBES
from gandiag.study.grids import Grid, Name, Setting, configuring, distinct, telling
from gandiag.training import TrainingConfig, check_census
from gandiag.version import VERSION

JUDGED = "kind"
MEASURES = ("fid_judge", "modes", "diversity")
MEASURABLE = (
    *(column for column in PROBES if column not in ("iteration", "network")),
    "census_samples",
    "census_modes",
    "census_coverage",
    "census_high_quality_share",
    "census_kl_to_real",
    "census_kl_null",
    "census_corrected_modes",
    "census_unsure_share",
    "onset",
    "seconds",
)
NUMBERED = ("diversity_class_", "sensitivity_", "fidelity_class_", "judged_as_class_")
"""How columns begin of which there is one a class or an input of the generator."""

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
        matrix: Two keys of the grid, such as loss and regularizer, whose cells say how many of the runs that fail with
            the baseline are healthy with the remedy. The first may be ``"kind"``: that of the baseline run's failure,
            as it is judged.
        published: What others found, with its source; it stands beneath the answer.
        published_values: A setting's label → measure → what others found, to stand beside what was found here.
        census: Data set → samples of the generator, drawn at the end of each run on it, whose modes are counted by
            :func:`gandiag.training.census`; the columns ``census_…`` of the run's row.

    Raises:
        GandiagError: If settings are equal or called the same, or if anything names what the grid or the results do not
            have.
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
        self._check_grid()
        self._check_baseline()
        self._check_columns()

    def _check_grid(self) -> None:
        seen: set[str] = set()
        for setting in self.grid:
            one = json.dumps(self.configured(setting, 0).to_dict(), sort_keys=True)
            if one in seen:
                raise GandiagError(f"The study '{self.name}' holds the run '{label(setting)}' twice; name it once.")
            seen.add(one)
        called, count = Counter(label(setting) for setting in self.grid).most_common(1)[0]
        if count > 1:
            raise GandiagError(f"{count} settings of the study '{self.name}' are called '{called}'; name them apart.")

    def _check_baseline(self) -> None:
        told = [telling(setting) for setting in self.grid]
        for key, value in self.baseline.items():
            if not any(key in one and one[key] == value for one in told):
                keys = dict.fromkeys(key for one in told for key in one)
                values = dict.fromkeys(_word(one[key]) for one in told if key in one)
                raise GandiagError(
                    f"No setting of the study '{self.name}' is told apart by the baseline's {key}={_word(value)}; "
                    f"choose one of {', '.join(values or keys)}."
                )

    def _check_columns(self) -> None:
        labels = [label(setting) for setting in self.grid]
        for called in self.published_values:
            if called not in labels:
                raise GandiagError(
                    f"No setting of the study '{self.name}' is called '{called}', of which values are published; "
                    f"choose one of {'; '.join(labels)}."
                )
        for measure in (*self.measures, *(one for values in self.published_values.values() for one in values)):
            if measure not in MEASURABLE and not measure.startswith(NUMBERED):
                raise GandiagError(f"Nothing measures '{measure}'; choose one of {', '.join(MEASURABLE)}.")
        for key in self.matrix or ():
            if key != JUDGED and not all(key in setting for setting in self.grid):
                raise GandiagError(
                    f"The matrix of the study '{self.name}' is by '{key}', which its settings do not all have; "
                    "choose keys that they have."
                )

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
        own = telling(setting)
        wanted = own | {key: value for key, value in self.baseline.items() if key in own}
        if wanted == own:
            return None
        return next((label(one) for one in self.grid if telling(one) == wanted), None)

    def smoke(self) -> "Study":
        """The same study in small: a few settings, two seeds, 30 iterations; its numbers mean nothing."""
        base = replace(self.base, iterations=SMOKE_ITERATIONS, probe_every=10, pretraining=0)
        few = self.grid[:: max(1, len(self.grid) // SMOKE_SETTINGS)][:SMOKE_SETTINGS]
        grid = distinct(_without(few, "iterations", "pretraining", "probe_every"), base)
        return replace(self._over(base, grid), name=f"{self.name}-smoke", seeds=SMOKE_SEEDS)

    def budgeted(self, iterations: int) -> "Study":
        """The same study with one budget for all runs, those included whose setting has its own.

        Raises:
            GandiagError: If settings differ in nothing but their budgets.
        """
        base, grid = replace(self.base, iterations=iterations), _without(self.grid, "iterations")
        if len(distinct(grid, base)) < len(grid):
            raise GandiagError(
                f"Settings of the study '{self.name}' differ in their iterations alone; leave --iterations out."
            )
        return self._over(base, grid)

    def _over(self, base: TrainingConfig, grid: Grid) -> "Study":
        """Another base and a smaller grid, with what of the rest is about them."""
        told, labels = [telling(setting) for setting in grid], [label(setting) for setting in grid]
        return replace(
            self,
            base=base,
            grid=grid,
            baseline={key: value for key, value in self.baseline.items() if any(one.get(key) == value for one in told)},
            matrix=self.matrix
            if all(key == JUDGED or key in setting for key in self.matrix or () for setting in grid)
            else None,
            published_values={one: values for one, values in self.published_values.items() if one in labels},
        )


def label(setting: Setting) -> str:
    """A setting in words: its names, where it has any, and what no name stands for.

    Examples:
        >>> label({"loss": "hinge", "strength": 1.0})
        'loss=hinge, strength=1'
    """
    return ", ".join(
        str(value) if isinstance(value, Name) else f"{key}={_word(value)}" for key, value in telling(setting).items()
    )


def _word(value: object) -> str:
    """A value, with more than six digits where fewer would be another value."""
    if not isinstance(value, float):
        return str(value)
    short = f"{value:g}"
    return short if float(short) == value else repr(float(value))


def _without(grid: Grid, *keys: str) -> Grid:
    return tuple({key: value for key, value in setting.items() if key not in keys} for setting in grid)


def versions() -> dict[str, str]:
    """What decides a run's outcome beside its configuration."""
    return {"gandiag": VERSION, "torch": version("torch"), "numpy": version("numpy")}
