"""torch.compile beside hooks: what is compiled must not be followed, and its wrapper is what the loop calls."""

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

OnCompiled = Callable[[object, object], object]
_listeners: list[Callable[[], OnCompiled | None]] = []
_installed: list[bool] = []


def hear_of_compilation(listener: "weakref.WeakMethod[Any]") -> Callable[[], None]:
    """Have a listener hear of each call of ``torch.compile``: what was given to it, what it is about to give back.

    The listener returns what is given back instead.

    Returns:
        A function that ends it.
    """
    if not _installed:
        _installed.append(True)
        _wrap_compile()
    _listeners.append(listener)

    def end() -> None:
        if listener in _listeners:
            _listeners.remove(listener)

    return end


def _wrap_compile() -> None:
    original = torch.compile

    def compile(model: Any = None, *args: Any, **kwargs: Any) -> Any:
        result: Any = original(model, *args, **kwargs)
        for listener in list(_listeners):
            if (alive := listener()) is not None:
                result = alive(model, result)
        return result

    compile.__doc__ = original.__doc__
    torch.compile = compile


def is_wrapper(module: nn.Module) -> bool:
    """Whether this is what torch.compile puts around a module."""
    return type(module).__name__ == "OptimizedModule"


def is_compiled(module: nn.Module) -> bool:
    """Whether a module, or a part of it, is compiled."""
    return any(is_wrapper(part) or getattr(part, "_compiled_call_impl", None) is not None for part in module.modules())
