"""What a running script calls its modules."""

import re
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

from torch import nn

CRITIC_STEPS = re.compile(
    r"((n|num)_?)?critic(_?(iters?|iterations|steps))?|((n|num)_?)?(disc|dis|d|discriminator)_?(iters?|iterations|steps)"
    r"|n_?dis|k_d",
    re.IGNORECASE,
)
MOST_CRITIC_STEPS = 100


def intended_critic_steps() -> int | None:
    """How many discriminator steps a script means to take for each of the generator's, if it has a name for that.

    Such names are ``n_critic``, ``critic_iters``, ``D_STEPS`` and the like; an integer under one of them counts, also
    as a setting among parsed arguments. ``None`` where there is none, or several that differ.
    """
    found = {
        value
        for variables in _variables_in_sight()
        for name, value in _settings(variables)
        if type(value) is int and 1 <= value <= MOST_CRITIC_STEPS and CRITIC_STEPS.fullmatch(name)
    }
    return found.pop() if len(found) == 1 else None


def _settings(variables: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Variables, and one step further what argparse and the like hold."""
    for name, value in list(variables.items()):
        yield name, value
        if type(value).__name__ in ("Namespace", "SimpleNamespace", "EasyDict", "DictConfig", "Munch"):
            yield from vars(value).items()


def modules_by_name() -> dict[str, nn.Module]:
    """Every module that a variable of the running script leads to, under the shortest such name.

    Looked at are the variables of all functions being run, and one step further: attributes of their objects and
    entries of their dictionaries.
    """
    found: dict[str, nn.Module] = {}
    for variables in _variables_in_sight():
        for name, value in list(variables.items()):
            for path, module in _modules_at(name, value):
                found.setdefault(path.removeprefix("self."), module)
    shortest: dict[int, str] = {}
    for name, module in sorted(found.items(), key=lambda item: len(item[0]), reverse=True):
        shortest[id(module)] = name
    return {name: module for name, module in found.items() if shortest[id(module)] == name}


def _variables_in_sight() -> Iterator[dict[str, Any]]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if not frame.f_globals.get("__name__", "").startswith(("gandiag.", "torch.")):
            yield frame.f_locals
        frame = frame.f_back
    yield vars(sys.modules["__main__"])


def _modules_at(name: str, value: Any) -> Iterator[tuple[str, nn.Module]]:
    if isinstance(value, nn.Module):
        yield name, value
        for child_name, child in value.named_children():
            yield f"{name}.{child_name}", child
    elif isinstance(value, dict):
        yield from ((f"{name}[{key!r}]", item) for key, item in value.items() if isinstance(item, nn.Module))
    elif not isinstance(value, type) and hasattr(value, "__dict__"):
        yield from ((f"{name}.{key}", item) for key, item in vars(value).items() if isinstance(item, nn.Module))
