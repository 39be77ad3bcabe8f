"""What a running script calls its modules."""

import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

from torch import nn


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
