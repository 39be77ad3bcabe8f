"""Grids: which settings a study tries."""

import dataclasses
import functools
import itertools
import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from gandiag.errors import GandiagError
from gandiag.training import TrainingConfig

Setting = Mapping[str, Any]
Grid = tuple[Setting, ...]
KEYS = tuple(field.name for field in dataclasses.fields(TrainingConfig) if field.name != "seed")

COLUMNS = ("run", "setting", "seed", "verdict", "kind", "onset", "error", "seconds", "stacked")
"""Columns of a study's runs that no names may take the place of."""


class Name(str):
    """A value in a setting that only tells it apart, such as the name of a recipe; it configures nothing.

    Attributes:
        stands_for: The setting that has this name.
    """

    stands_for: Setting

    def __new__(cls, text: str, stands_for: Setting = MappingProxyType({})) -> "Name":
        name = super().__new__(cls, text)
        name.stands_for = dict(stands_for)
        return name


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


def product(**choices: Iterable[Any]) -> Grid:
    """Every value of each key with every value of all others.

    Raises:
        GandiagError: If a key is no setting, or there are no choices for one.

    Examples:
        >>> product(loss=["hinge", "minimax"], n_critic=[1])
        ({'loss': 'hinge', 'n_critic': 1}, {'loss': 'minimax', 'n_critic': 1})
    """
    lists = _lists(choices)
    return tuple(dict(zip(lists, values, strict=True)) for values in itertools.product(*lists.values()))


def zipped(**choices: Iterable[Any]) -> Grid:
    """The first values of all keys together, then the second ones, and so on.

    Raises:
        GandiagError: If a key is no setting, has no choices, or not as many as the others.

    Examples:
        >>> zipped(regularizer=["none", "r1"], strength=[0.0, 1.0])
        ({'regularizer': 'none', 'strength': 0.0}, {'regularizer': 'r1', 'strength': 1.0})
    """
    lists = _lists(choices)
    lengths = {key: len(values) for key, values in lists.items()}
    if len(set(lengths.values())) > 1:
        raise GandiagError(f"Zipped keys need equally many values; got {lengths}.")
    return tuple(dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True))


def random_search(count: int, seed: int = 0, **choices: Range | Iterable[Any]) -> Grid:
    """Distinct settings drawn at random: from a range, or with equal chances from a list.

    Args:
        count: Settings to draw.
        seed: Fixes what is drawn.
        choices: Key → range or list.

    Raises:
        GandiagError: If a key is no setting, a list is empty, or ``count`` is below 1 or above the number of settings
            that there are.
    """
    lists = _lists({key: [choice] if isinstance(choice, Range) else choice for key, choice in choices.items()})
    if count < 1:
        raise GandiagError(f"A random search needs at least 1 setting; got {count}.")
    drawn_from = {key: choice if isinstance(choice, Range) else lists[key] for key, choice in choices.items()}
    there_are = math.prod(_number_of_values(choice) for choice in drawn_from.values())
    if there_are < count:
        raise GandiagError(f"A random search for {count} settings finds only {there_are}; ask for at most as many.")
    source, found = random.Random(seed), list[Setting]()
    while len(found) < count:
        setting = {key: _draw(choice, source) for key, choice in drawn_from.items()}
        if setting not in found:
            found.append(setting)
    return tuple(found)


def listed(*settings: Setting) -> Grid:
    """Exactly these settings.

    Raises:
        GandiagError: If a key is no setting, or there is none.
    """
    if not settings:
        raise GandiagError("The grid is empty; give at least one setting.")
    for setting in settings:
        if not isinstance(setting, Mapping):
            raise GandiagError(f"A setting gives keys their values, such as {{'loss': 'hinge'}}; got {setting!r}.")
        for key in configuring(setting):
            _check_key(key)
    return tuple({key: _plain(value) for key, value in setting.items()} for setting in settings)


def named(key: str, settings: Mapping[str, Setting]) -> Grid:
    """Settings with a name each, by which tables and figures call them.

    Args:
        key: What the names are of, such as ``"remedy"``; it becomes a column of the tables.
        settings: Name → setting.

    Raises:
        GandiagError: If a key of a setting is none, or ``key`` is one, or a column that results have.

    Examples:
        >>> named("remedy", {"none": {}, "R1": {"regularizer": "r1", "strength": 1.0}})[0]
        {'remedy': 'none'}
    """
    if key in KEYS:
        raise GandiagError(f"'{key}' is a setting itself, and cannot name settings; choose another word.")
    if key in COLUMNS:
        raise GandiagError(f"'{key}' is a column of the results, and cannot name settings; choose another word.")
    grid = listed(*settings.values())
    return tuple({key: Name(name, setting), **setting} for name, setting in zip(settings, grid, strict=True))


def distinct(grid: Grid, base: TrainingConfig | None = None) -> Grid:
    """The grid without those settings whose configuration an earlier one has already, whatever their names.

    Args:
        grid: Settings.
        base: What they are laid over; left out, the defaults.
    """
    defaults, kept = (base or TrainingConfig()).to_dict(), dict[tuple[Any, ...], Setting]()
    for setting in grid:
        kept.setdefault(tuple({**defaults, **configuring(setting)}.items()), setting)
    return tuple(kept.values())


def configuring(setting: Setting) -> dict[str, Any]:
    """A setting without its names."""
    return {key: value for key, value in setting.items() if not isinstance(value, Name)}


def names_of(setting: Setting) -> dict[str, str]:
    """Its names alone."""
    return {key: str(value) for key, value in setting.items() if isinstance(value, Name)}


def telling(setting: Setting) -> dict[str, Any]:
    """What tells a setting apart: its names, and the keys whose values no name stands for.

    Examples:
        >>> r1 = named("remedy", {"R1": {"regularizer": "r1", "strength": 1.0}})
        >>> telling(across(r1, product(loss=["hinge"], strength=[10.0]))[0])
        {'remedy': 'R1', 'strength': 10.0, 'loss': 'hinge'}
    """
    told = {key: value for name in setting.values() if isinstance(name, Name) for key, value in name.stands_for.items()}
    return {
        key: value for key, value in setting.items() if isinstance(value, Name) or key not in told or told[key] != value
    }


def across(*grids: Grid) -> Grid:
    """Every setting of each grid with every setting of all others; where two give a key, the last one holds.

    Examples:
        >>> len(across(product(loss=["hinge", "minimax"]), zipped(regularizer=["none", "r1"], strength=[0.0, 1.0])))
        4
    """
    return tuple(functools.reduce(_laid_over, parts, {}) for parts in itertools.product(*grids))


def _laid_over(first: Setting, then: Setting) -> Setting:
    """Both, where the first one's names no longer stand for what the other one gives."""
    kept = dict(first)
    for key, name in first.items():
        if isinstance(name, Name):
            kept[key] = Name(name, {one: value for one, value in name.stands_for.items() if one not in then})
    return {**kept, **then}


def _draw(choice: Range | list[Any], source: random.Random) -> Any:
    return choice.draw(source) if isinstance(choice, Range) else source.choice(choice)


def _number_of_values(choice: Range | list[Any]) -> float:
    if isinstance(choice, Range):
        return math.inf if choice.low < choice.high else 1
    return sum(value not in choice[:index] for index, value in enumerate(choice))


def _lists(choices: Mapping[str, Iterable[Any]]) -> dict[str, list[Any]]:
    """The values of each key, which may come from a generator, as a list."""
    if not choices:
        raise GandiagError("The grid is empty; give at least one key with its values.")
    lists = {}
    for key, values in choices.items():
        _check_key(key)
        several = isinstance(values, Iterable) and not isinstance(values, str)
        lists[key] = [_plain(value) for value in values] if several else []
        if not lists[key]:
            raise GandiagError(f"The grid's key '{key}' needs a list with at least one value; got {values!r}.")
    return lists


def _plain(value: Any) -> Any:
    """NumPy's numbers as Python's, by which they are called."""
    return value.item() if isinstance(value, np.generic) else value


def _check_key(key: str) -> None:
    if key == "seed":
        raise GandiagError("The seed is no part of a grid: every setting runs with the same seeds; give `seeds`.")
    if key not in KEYS:
        raise GandiagError(f"Unknown key '{key}' in the grid; choose among {', '.join(KEYS)}.")
