"""Hooks that survive what people do with modules: deep copies, pickles, notebook cells run twice."""

import weakref
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn
from torch.autograd import Variable
from torch.nn.modules.module import register_module_forward_hook

AfterForward = Callable[[tuple[Any, ...], dict[str, Any], Any], None]


class ForwardHook:
    """Calls ``after`` once the module it was made for has run forward.

    A deep copy (an EMA generator) or an unpickled module carries a hook that does nothing.

    Args:
        module: The module to watch; held weakly.
        after: Receives the call's arguments, keyword arguments and output.
    """

    def __init__(self, module: nn.Module | None, after: AfterForward | None) -> None:
        self._module = None if module is None else weakref.ref(module)
        self._after = after

    def __call__(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        if torch.compiler.is_compiling():
            return  # inside something compiled, a hook would break the graph
        if self._after is not None and self._module is not None and self._module() is module:
            self._after(args, kwargs, output)

    def __deepcopy__(self, memo: dict[int, Any]) -> "ForwardHook":
        return ForwardHook(None, None)

    def __reduce__(self) -> tuple[type["ForwardHook"], tuple[None, None]]:
        return ForwardHook, (None, None)


def watch_forward(module: nn.Module, after: AfterForward) -> Callable[[], None]:
    """Have ``after`` called after each forward pass of ``module``.

    Returns:
        A function that removes the hook.
    """
    hook = ForwardHook(module, after)
    if isinstance(module, torch.jit.ScriptModule):  # takes no hooks of its own
        return register_module_forward_hook(hook, with_kwargs=True).remove
    return module.register_forward_hook(hook, with_kwargs=True).remove


def watch_chain(modules: Sequence[nn.Module], after: AfterForward) -> Callable[[], None]:
    """The same for modules that are called one after another: the first one's arguments, the last one's output."""
    if len(modules) == 1:
        return watch_forward(modules[0], after)
    given: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def begun(args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        given[:] = [(args, kwargs)]

    def ended(args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        if given:
            after(*given[0], output)

    removers = [watch_forward(modules[0], begun), watch_forward(modules[-1], ended)]

    def remove() -> None:
        for remover in removers:
            remover()

    return remove


def at_end_of_backward(function: Callable[[], None]) -> None:
    """Have a function called once the backward pass now running has filled all gradients."""
    Variable._execution_engine.queue_callback(function)
