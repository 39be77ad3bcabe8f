"""One pair of optimizer hooks for all of gandiag, whatever listens behind it."""

from collections.abc import Callable
from typing import Any, Protocol

from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook


class StepListener(Protocol):
    """Hears of every optimizer step in the process."""

    def before_step(self, optimizer: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """The gradients are as the optimizer will apply them."""

    def after_step(self, optimizer: Optimizer) -> None:
        """The parameters have moved."""


_listeners: list[Callable[[], StepListener | None]] = []
_installed: list[Any] = []


def listen_to_steps(listener: Callable[[], StepListener | None]) -> Callable[[], None]:
    """Have a listener hear of optimizer steps.

    torch forbids to add or remove a global hook while one runs; behind this one, a listener may come and go at any
    time, and one that comes during a step still hears of that step.

    Args:
        listener: A weak reference to the listener.

    Returns:
        A function that ends it.
    """
    if not _installed:
        _installed.append(register_optimizer_step_pre_hook(_before_step))
        _installed.append(register_optimizer_step_post_hook(_after_step))
    _listeners.append(listener)

    def end() -> None:
        if listener in _listeners:
            _listeners.remove(listener)

    return end


def _before_step(optimizer: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    heard: list[Callable[[], StepListener | None]] = []
    while unheard := [listener for listener in _listeners if listener not in heard]:
        heard.append(unheard[0])
        if (alive := unheard[0]()) is not None:
            alive.before_step(optimizer, args, kwargs)


def _after_step(optimizer: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    for listener in list(_listeners):
        if (alive := listener()) is not None:
            alive.after_step(optimizer)
