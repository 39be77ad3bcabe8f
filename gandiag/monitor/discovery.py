"""Finding out which modules of a running script are the generator and the discriminator."""

import sys
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from torch import nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.optim import Optimizer

from gandiag.monitor.provenance import Kind, Provenance
from gandiag.monitor.steps import listen_to_steps
from gandiag.monitor.tensors import first_float, tensors_in

STEPS_UNTIL_GIVING_UP = 100


@dataclass
class Candidate:
    """A module that an optimizer trains, as the script called it.

    Attributes:
        module: The outermost module that was called and that one optimizer owns; held weakly.
        owner: Which optimizer owns it.
        kind: The module's class.
        output_size: Numbers in one sample of its output.
        sees_data: Whether it was called on something that no other candidate made.
        fed_by: The candidates whose outputs it was given.
    """

    module: "weakref.ref[nn.Module]"
    owner: int
    kind: str
    output_size: int = 0
    sees_data: bool = False
    fed_by: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class Roles:
    """Who plays which part.

    Attributes:
        generators: Name in the script → module.
        discriminators: Name in the script → module.
        certain: Whether each discriminator was also seen on data that no generator made.
    """

    generators: dict[str, nn.Module]
    discriminators: dict[str, nn.Module]
    certain: bool

    def __str__(self) -> str:
        def described(modules: dict[str, nn.Module]) -> str:
            return ", ".join(f"{name} ({type(module).__name__})" for name, module in modules.items())

        many = len(self.generators) > 1, len(self.discriminators) > 1
        surety = "certain" if self.certain else "likely: the discriminator was not yet seen on real data"
        return (
            f"generator{'s' * many[0]} {described(self.generators)}, "
            f"discriminator{'s' * many[1]} {described(self.discriminators)} ({surety})"
        )


class Discovery:
    """Watches a script's forward passes and optimizers until the roles are clear, which is at the first step.

    A module whose output flows into another one that a different optimizer trains, and whose own output flows into
    none, makes that other one a discriminator, and itself a generator.

    Args:
        on_found: Called once with the roles, just before the first optimizer step at which they are clear.
        generator: Name of the generator in the script, which overrules what would be found.
        discriminator: The same for the discriminator.
    """

    def __init__(
        self, on_found: Callable[[Roles], None], generator: str | None = None, discriminator: str | None = None
    ) -> None:
        self._on_found = on_found
        self._names = (generator, discriminator)
        self._optimizers: list[weakref.ref[Optimizer]] = []
        self._candidates: dict[int, Candidate] = {}
        self._stack: list[int | None] = []
        self._steps = 0
        self._seen_as: dict[int, str] = {}
        self._provenance = Provenance()
        self._restore = [self._watch_optimizers(), *self._watch_modules(), listen_to_steps(weakref.ref(self))]
        self._provenance.switch_on()
        self.found: Roles | None = None
        self.error: str | None = None

    def _watch_optimizers(self) -> Callable[[], None]:
        """Hear of every optimizer as it is made."""
        original = Optimizer.__init__
        made = self._optimizers

        def init(optimizer: Optimizer, *args: Any, **kwargs: Any) -> None:
            original(optimizer, *args, **kwargs)
            made.append(weakref.ref(optimizer))

        Optimizer.__init__ = init  # type: ignore[method-assign,assignment]

        def restore() -> None:
            Optimizer.__init__ = original  # type: ignore[method-assign]

        return restore

    def _watch_modules(self) -> list[Callable[[], None]]:
        before = register_module_forward_pre_hook(self._before_forward)
        after = register_module_forward_hook(self._after_forward, with_kwargs=True, always_call=True)
        return [before.remove, after.remove]

    def stop(self) -> None:
        """Watch no longer."""
        self._provenance.switch_off()
        for restore in self._restore:
            restore()
        self._restore = []

    def _harmlessly(self, function: Callable[..., None], *args: Any) -> None:
        """An error in here must not reach the script: it ends the search instead."""
        try:
            function(*args)
        except Exception as error:
            self.error = f"{type(error).__name__}: {error}"
            self.stop()

    def _before_forward(self, module: nn.Module, args: Any) -> None:
        self._harmlessly(self._enter, module)

    def _enter(self, module: nn.Module) -> None:
        inside = any(key is not None for key in self._stack)
        self._stack.append(None if inside else self._candidate_key(module))

    def _candidate_key(self, module: nn.Module) -> int | None:
        """The module's key if exactly one optimizer trains all of it."""
        if id(module) in self._candidates:
            return id(module)
        trained = [parameter for parameter in module.parameters() if parameter.requires_grad] or list(
            module.parameters()
        )
        owners = {self._owner(id(parameter)) for parameter in trained}
        if len(owners) != 1 or None in owners:
            return None
        (owner,) = owners
        assert owner is not None
        self._candidates[id(module)] = Candidate(weakref.ref(module), owner, type(module).__name__)
        return id(module)

    def _owner(self, parameter: int) -> int | None:
        for index, reference in enumerate(self._optimizers):
            optimizer = reference()
            if optimizer is not None and any(
                id(owned) == parameter for group in optimizer.param_groups for owned in group["params"]
            ):
                return index
        return None

    def _after_forward(self, module: nn.Module, args: Any, kwargs: Any, output: Any = None) -> None:
        self._harmlessly(self._leave, args, kwargs, output)

    def _leave(self, args: Any, kwargs: Any, output: Any) -> None:
        key = self._stack.pop() if self._stack else None
        if key is None:
            return
        candidate = self._candidates[key]
        origins = [self._provenance.origin([tensor]) for tensor in tensors_in((args, kwargs))]
        sources = {int(origin.generator) for origin in origins if origin.generator is not None} - {key}
        candidate.fed_by |= sources
        candidate.sees_data |= not sources or any(origin.kind is Kind.ROWS for origin in origins)
        produced = first_float(output)
        if produced is not None and produced.dim():
            candidate.output_size = produced[0].numel()
        self._provenance.mark_generated(tensors_in(output), str(key))

    def before_step(self, optimizer: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Look whether the roles are clear by now."""
        self._harmlessly(self._look)

    def _look(self) -> None:
        self._steps += 1
        self._seen_as |= {id(module): name for name, module in modules_by_name().items()}
        roles = self._named_roles() if any(self._names) else self._find_roles()
        if roles is not None:
            self.found = roles
            self.stop()
            self._on_found(roles)
        elif self._steps >= STEPS_UNTIL_GIVING_UP:
            self.stop()

    def after_step(self, optimizer: Optimizer) -> None:
        """Nothing depends on it."""

    def _find_roles(self) -> Roles | None:
        alive = {key: candidate for key, candidate in self._candidates.items() if candidate.module() is not None}
        feeds = {(source, key) for key, candidate in alive.items() for source in candidate.fed_by if source in alive}
        rival = {(source, key) for source, key in feeds if _are_rivals(alive[source], alive[key])}
        critics = {key for _, key in rival} - {source for source, _ in rival}
        makers = {source for source, key in rival if key in critics}
        if not critics or not makers:
            return None
        names = {id(module): name for name, module in modules_by_name().items()}

        def named(keys: set[int]) -> dict[str, nn.Module]:
            modules = {key: alive[key].module() for key in alive if key in keys}
            return {names.get(key, f"{alive[key].kind}_{n}"): m for n, (key, m) in enumerate(modules.items()) if m}

        return Roles(named(makers), named(critics), certain=all(alive[key].sees_data for key in critics))

    def _named_roles(self) -> Roles | None:
        """The roles with what the user named; the other one as it is found."""
        modules, found = modules_by_name(), self._find_roles()

        def part(name: str | None, otherwise: dict[str, nn.Module]) -> dict[str, nn.Module]:
            if name is None:
                return otherwise
            return {name: modules[name]} if name in modules else {}

        generators = part(self._names[0], found.generators if found else {})
        discriminators = part(self._names[1], found.discriminators if found else {})
        return Roles(generators, discriminators, certain=True) if generators and discriminators else None

    def seen(self) -> list[str]:
        """The modules that optimizers train, by name, for a person who has to choose."""
        return [f"{self._seen_as.get(key, 'without a name')} ({c.kind})" for key, c in self._candidates.items()]


def _are_rivals(source: Candidate, target: Candidate) -> bool:
    """Whether one's output is judged by the other: trained apart, or boiled down to fewer numbers."""
    return source.owner != target.owner or 0 < target.output_size < source.output_size


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
