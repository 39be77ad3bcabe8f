"""One pair of optimizer hooks for all of gandiag, whatever listens behind it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor
from torch.amp.grad_scaler import GradScaler
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook


class StepListener(Protocol):
    """Hears of every optimizer step in the process."""

    def before_step(self, optimizer: Optimizer, loss_scale: Tensor | None) -> None:
        """The gradients are as the optimizer will apply them.

        Args:
            optimizer: The optimizer about to step.
            loss_scale: What mixed precision multiplied the loss by; ``None`` without.
        """

    def after_step(self, optimizer: Optimizer) -> None:
        """The parameters have moved."""

    def skipped_step(self, optimizer: Optimizer) -> None:
        """Mixed precision has left a step out, because the gradients overflowed."""


@dataclass
class _ScaledStep:
    """A step that a GradScaler has begun."""

    loss_scale: Tensor | None
    taken: bool = False


Listener = Callable[[], StepListener | None]
_listeners: list[Listener] = []
_installed: list[Any] = []
_scaled: list[_ScaledStep] = []


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
        _hear_of_scaled_steps()
    _listeners.append(listener)

    def end() -> None:
        if listener in _listeners:
            _listeners.remove(listener)

    return end


def _hear_of_scaled_steps() -> None:
    """A GradScaler does not call the optimizer where gradients overflowed: only from around it is that seen."""
    original = GradScaler.step

    def step(self: GradScaler, optimizer: Optimizer, *args: Any, **kwargs: Any) -> Any:
        scaled = _ScaledStep(getattr(self, "_scale", None))  # one that is switched off has none
        _scaled.append(scaled)
        try:
            result = original(self, optimizer, *args, **kwargs)
        finally:
            _scaled.remove(scaled)
        if not scaled.taken:
            for listener in _alive():
                listener.skipped_step(optimizer)
        return result

    GradScaler.step = step  # type: ignore[method-assign]


def _alive() -> list[StepListener]:
    return [alive for listener in list(_listeners) if (alive := listener()) is not None]


def _before_step(optimizer: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Tell the listeners; where the step takes a closure, once that has computed the gradients."""
    closure = args[1] if len(args) > 1 else kwargs.get("closure")
    if not callable(closure):
        _tell_before(optimizer)
        return None
    evaluations = 0

    def evaluate(*closure_args: Any, **closure_kwargs: Any) -> Any:
        nonlocal evaluations
        loss = closure(*closure_args, **closure_kwargs)
        evaluations += 1
        if evaluations == 1:
            _tell_before(optimizer)
        return loss

    if len(args) > 1:
        return (args[0], evaluate, *args[2:]), kwargs
    return args, {**kwargs, "closure": evaluate}


def _tell_before(optimizer: Optimizer) -> None:
    loss_scale = None
    if _scaled:
        _scaled[-1].taken = True
        loss_scale = _scaled[-1].loss_scale
    heard: list[Callable[[], StepListener | None]] = []
    while unheard := [listener for listener in _listeners if listener not in heard]:
        heard.append(unheard[0])
        if (alive := unheard[0]()) is not None:
            alive.before_step(optimizer, loss_scale)


def _after_step(optimizer: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    for listener in _alive():
        listener.after_step(optimizer)
