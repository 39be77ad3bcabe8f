"""Hooks that survive what people do with modules: deep copies, pickles, notebook cells run twice."""

import weakref
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn
from torch.autograd import Variable
from torch.nn.modules import module as torch_module
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

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


class CompiledCall:
    """Stands in for the compiled call of a module that was compiled in place, and calls ``after`` each time.

    A hook of the module's own would be compiled with it. Neither a deep copy nor a pickle of the module takes it along.

    Args:
        module: The module; held weakly.
        compiled: Its compiled call.
        after: As a forward hook's.
    """

    def __init__(self, module: nn.Module, compiled: Callable[..., Any], after: AfterForward) -> None:
        self._module = weakref.ref(module)
        self._compiled = compiled
        self._after: AfterForward | None = after

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        output = self._compiled(*args, **kwargs)
        if self._after is not None and not torch.compiler.is_compiling():
            self._after(args, kwargs, output)
        return output

    def stop(self) -> None:
        """Leave the module as it was."""
        self._after = None
        if (module := self._module()) is not None and module._compiled_call_impl is self:
            module._compiled_call_impl = self._compiled


def watch_forward(module: nn.Module, after: AfterForward) -> Callable[[], None]:
    """Have ``after`` called after each forward pass of ``module``.

    Returns:
        A function that removes the hook.
    """
    compiled = module._compiled_call_impl
    if compiled is not None:
        module._compiled_call_impl = call = CompiledCall(module, compiled, after)
        return call.stop
    hook = ForwardHook(module, after)
    if isinstance(module, torch.jit.ScriptModule):  # takes no hooks of its own
        return _watch_every_forward(hook)
    return module.register_forward_hook(hook, with_kwargs=True).remove


def _watch_every_forward(hook: Callable[..., None], always_call: bool = False) -> Callable[[], None]:
    handle = register_module_forward_hook(hook, with_kwargs=True, always_call=always_call)

    def remove() -> None:
        handle.remove()
        torch_module._global_forward_hooks_with_kwargs.pop(handle.id, None)  # which the handle forgets

    return remove


def watch_every_module(before: Callable[..., None], after: Callable[..., None]) -> Callable[[], None]:
    """Have two functions called before and after each forward pass of whatever module; a failed one's too.

    torch warns, at each call of something compiled, of hooks of this kind. What is compiled is passed over by ours; of
    hooks that others set it goes on to warn.

    Returns:
        A function that removes the hooks.
    """
    others: Callable[[], Any] = torch_module._has_any_global_hook
    answer = bool(others())  # it returns the live dictionaries
    removers = [register_module_forward_pre_hook(before).remove, _watch_every_forward(after, always_call=True)]
    torch_module._has_any_global_hook = lambda: answer

    def remove() -> None:
        torch_module._has_any_global_hook = others
        for remover in removers:
            remover()

    return remove


def watch_compiled(
    module: nn.Module | None, given: object, compiled: Any, after: AfterForward
) -> tuple[object, Callable[[], None]] | None:
    """Watch a module that torch.compile was just given, at what the loop will call.

    Args:
        module: The watched module.
        given: What torch.compile was given.
        compiled: What it gave back.
        after: As a forward hook's.

    Returns:
        What torch.compile is to give back, and a function that ends the watching; ``None`` if ``given`` is something
        else than the module.
    """
    if module is None:
        return None
    if given is module and isinstance(compiled, nn.Module) and compiled is not given:
        return compiled, watch_forward(compiled, after)
    if getattr(given, "__self__", 0) is module and getattr(given, "__name__", "") == "_call_impl":
        call = CompiledCall(module, compiled, after)
        return call, call.stop
    return None


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
