"""Grids: which settings a study tries."""

import dataclasses
import itertools
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gandiag.errors import GandiagError
from gandiag.training import TrainingConfig

Setting = Mapping[str, Any]
Grid = tuple[Setting, ...]
KEYS = tuple(field.name for field in dataclasses.fields(TrainingConfig) if field.name != "seed")


class Name(str):
    """A value in a setting that only tells it apart, such as the name of a recipe; it configures nothing."""

    __slots__ = ()


@dataclass(frozen=True)
class Range:
    """Where a random search draws from, uniformly, or uniformly in the logarithm.

    Attributes:
        low: Least value.
        high: Greatest value.
        logarithmic: Draw the logarithm.
    """

    low: float
    high: float
    logarithmic: bool = False

    def __post_init__(self) -> None:
        if not self.low <= self.high or (self.logarithmic and self.low <= 0):
            raise GandiagError(
                f"A range goes from low to high, and from above 0 if logarithmic; got {self.low} to {self.high}."
            )

    def draw(self, source: random.Random) -> float:
        """One value."""
        if self.logarithmic:
            return math.exp(source.uniform(math.log(self.low), math.log(self.high)))
        return source.uniform(self.low, self.high)


def product(**choices: Sequence[Any]) -> Grid:
    """Every value of each key with every value of all others.

    Raises:
        GandiagError: If a key is no setting, or there are no choices for one.

    Examples:
        >>> product(loss=["hinge", "minimax"], n_critic=[1])
        ({'loss': 'hinge', 'n_critic': 1}, {'loss': 'minimax', 'n_critic': 1})
    """
    _check(choices)
    return tuple(dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values()))


def zipped(**choices: Sequence[Any]) -> Grid:
    """The first values of all keys together, then the second ones, and so on.

    Raises:
        GandiagError: If a key is no setting, has no choices, or not as many as the others.

    Examples:
        >>> zipped(regularizer=["none", "r1"], strength=[0.0, 1.0])
        ({'regularizer': 'none', 'strength': 0.0}, {'regularizer': 'r1', 'strength': 1.0})
    """
    _check(choices)
    lengths = {key: len(values) for key, values in choices.items()}
    if len(set(lengths.values())) > 1:
        raise GandiagError(f"Zipped keys need equally many values; got {lengths}.")
    return tuple(dict(zip(choices, values, strict=True)) for values in zip(*choices.values(), strict=True))


def random_search(count: int, seed: int = 0, **choices: Range | Sequence[Any]) -> Grid:
    """Settings drawn at random: from a range, or with equal chances from a list.

    Args:
        count: Settings to draw.
        seed: Fixes what is drawn.
        choices: Key → range or list.

    Raises:
        GandiagError: If a key is no setting, a list is empty, or ``count`` is below 1.
    """
    _check({key: [choice] if isinstance(choice, Range) else choice for key, choice in choices.items()})
    if count < 1:
        raise GandiagError(f"A random search needs at least 1 setting; got {count}.")
    source = random.Random(seed)
    return tuple({key: _draw(choice, source) for key, choice in choices.items()} for _ in range(count))


def listed(*settings: Setting) -> Grid:
    """Exactly these settings.

    Raises:
        GandiagError: If a key is no setting, or there is none.
    """
    if not settings:
        raise GandiagError("The grid is empty; give at least one setting.")
    for setting in settings:
        _check({key: [value] for key, value in configuring(setting).items()}, empty=True)
    return tuple(dict(setting) for setting in settings)


def named(key: str, settings: Mapping[str, Setting]) -> Grid:
    """Settings with a name each, by which tables and figures call them.

    Args:
        key: What the names are of, such as ``"remedy"``; it becomes a column of the tables.
        settings: Name → setting.

    Raises:
        GandiagError: If a key of a setting is none, or ``key`` is one.

    Examples:
        >>> named("remedy", {"none": {}, "R1": {"regularizer": "r1", "strength": 1.0}})[0]
        {'remedy': 'none'}
    """
    if key in KEYS:
        raise GandiagError(f"'{key}' is a setting itself, and cannot name settings; choose another word.")
    grid = listed(*settings.values())
    return tuple({key: Name(name), **setting} for name, setting in zip(settings, grid, strict=True))


def distinct(grid: Grid) -> Grid:
    """The grid without those settings whose configuration an earlier one has already, whatever their names."""
    defaults, kept = TrainingConfig().to_dict(), dict[tuple[Any, ...], Setting]()
    for setting in grid:
        kept.setdefault(tuple({**defaults, **configuring(setting)}.items()), setting)
    return tuple(kept.values())


def configuring(setting: Setting) -> dict[str, Any]:
    """A setting without its names."""
    return {key: value for key, value in setting.items() if not isinstance(value, Name)}


def names_of(setting: Setting) -> dict[str, str]:
    """Its names alone."""
    return {key: str(value) for key, value in setting.items() if isinstance(value, Name)}


def across(*grids: Grid) -> Grid:
    """Every setting of each grid with every setting of all others; where two give a key, the last one holds.

    Examples:
        >>> len(across(product(loss=["hinge", "minimax"]), zipped(regularizer=["none", "r1"], strength=[0.0, 1.0])))
        4
    """
    return tuple({key: value for part in parts for key, value in part.items()} for parts in itertools.product(*grids))


def _draw(choice: Range | Sequence[Any], source: random.Random) -> Any:
    return choice.draw(source) if isinstance(choice, Range) else source.choice(list(choice))


def _check(choices: Mapping[str, Sequence[Any]], empty: bool = False) -> None:
    for key, values in choices.items():
        if key == "seed":
            raise GandiagError("The seed is no part of a grid: every setting runs with the same seeds; give `seeds`.")
        if key not in KEYS:
            raise GandiagError(f"Unknown key '{key}' in the grid; choose among {', '.join(KEYS)}.")
        if isinstance(values, str) or not len(values):
            raise GandiagError(f"The grid's key '{key}' needs a list with at least one value; got {values!r}.")
    if not choices and not empty:
        raise GandiagError("The grid is empty; give at least one key with its values.")
