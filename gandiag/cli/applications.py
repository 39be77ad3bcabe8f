"""The models of ``gandiag train`` that are applications: each has its own settings and its own loop."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, get_args, get_type_hints

from gandiag.applications import (
    ApplicationResult,
    ColorizeSettings,
    ConditionalSettings,
    CycleGANSettings,
    train_colorize,
    train_conditional,
    train_cyclegan,
)
from gandiag.applications.session import Settings
from gandiag.errors import GandiagError


@dataclass(frozen=True)
class Application:
    """How a model is configured and trained.

    Attributes:
        settings: A frozen dataclass, its fields documented under ``Attributes:``; each is an option.
        train: ``(settings, *, out, data_dir, device, checkpoint, progress)`` → what the run left behind.
    """

    settings: Callable[..., Settings]
    train: Callable[..., ApplicationResult]


APPLICATIONS = MappingProxyType(
    {
        "conditional": Application(ConditionalSettings, train_conditional),
        "colorize": Application(ColorizeSettings, train_colorize),
        "cyclegan": Application(CycleGANSettings, train_cyclegan),
    }
)


def check_options(model: str, known: list[str], given: list[str]) -> None:
    """Refuse options that a model does not have.

    Raises:
        GandiagError: With the options that it has.
    """
    unknown = [name for name in given if name not in known]
    if unknown:
        raise GandiagError(
            f"The model '{model}' has no option {option(unknown[0])}; it has {', '.join(map(option, known))}."
        )


def field_names(settings: Any) -> list[str]:
    """The names of a settings class's fields."""
    return [field.name for field in dataclasses.fields(settings)]


def run_name(model: str, settings: Any) -> str:
    """What sets a run apart, in words: the model, its settings that are names, and the seed."""
    hints = get_type_hints(type(settings))
    names = [getattr(settings, name) for name in field_names(settings) if hints[name] is str or _is_choice(hints[name])]
    return "-".join([model, *names, f"seed{settings.seed}"])


def option(name: str) -> str:
    """A field as it is written on the command line."""
    return "--" + name.replace("_", "-")


def _is_choice(hint: Any) -> bool:
    return bool(get_args(hint)) and all(isinstance(one, str) for one in get_args(hint))
