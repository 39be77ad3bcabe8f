"""Finding out which modules of a running script are the generator and the discriminator."""

import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gandiag.monitor.hooks import watch_every_module
from gandiag.monitor.norms import Number, gradient_norms
from gandiag.monitor.provenance import Kind, Provenance
from gandiag.monitor.roles import Candidate, Path, Player, Roles, find_roles
from gandiag.monitor.script_names import modules_by_name
from gandiag.monitor.steps import listen_to_steps
from gandiag.monitor.tensors import logits_in, tensors_in

LOOKS = 100  # optimizer steps of looking closely, before a rest
LOOKS_AGAIN = 20


@dataclass
class _Entered:
    """A forward pass that has begun.

    Attributes:
        candidate: Key of the module, if it is a candidate.
        compiled: Whether operations in it must not be followed.
    """

    candidate: int | None = None
    compiled: bool = False


@dataclass
class Schedule:
    """When to look closely: the first steps, each step after an optimizer's first, and ever more rarely again."""

    until: int = LOOKS
    rest_until: int = 2 * LOOKS
    seen: set[int] = field(default_factory=set)

    def looks(self, step: int, optimizer: Optimizer) -> bool:
        """Whether to look closely from this step on."""
        if id(optimizer) not in self.seen:
            self.seen.add(id(optimizer))
            self.until = max(self.until, step + LOOKS)
        if step >= self.rest_until:
            self.until, self.rest_until = step + LOOKS_AGAIN, 2 * step
        return step < self.until


class Discovery:
    """Watches a script's forward passes and optimizers until the roles are clear.

    That is once each player that was recognised has stepped, or one of them for the second time: other players may
    still come in the first round.

    Args:
        on_found: Called once with the roles, just before the optimizer step at which they are clear, and with the steps
            so far: identity of each stepped parameter → norm of its gradient.
        generator: Name of the generator in the script, which overrules what would be found.
        discriminator: The same for the discriminator.
    """

    def __init__(
        self,
        on_found: Callable[[Roles, list[dict[int, Number]]], None],
        generator: str | None = None,
        discriminator: str | None = None,
    ) -> None:
        self._on_found = on_found
        self._names = (generator, discriminator)
        self._optimizers: list[weakref.ref[Optimizer]] = []
        self._candidates: dict[int, Candidate] = {}
        self._enclosing: dict[int, weakref.ref[nn.Module]] = {}
        self._entered: list[_Entered] = []
        self._schedule = Schedule()
        self._steps = 0
        self._stepped: list[int] = []
        self._earlier: list[dict[int, Number]] = []
        self._seen_as: dict[int, str] = {}
        self._provenance = Provenance()
        self._ends = [self._watch_optimizers(), listen_to_steps(weakref.ref(self))]
        self._stop_looking: Callable[[], None] | None = None
        self._look_closely()
        self.found: Roles | None = None
        self.error: str | None = None
        self._watched: set[int] = set()
        self.optimizers_unwatched = 0

    def _watch_optimizers(self) -> Callable[[], None]:
        """Hear of every optimizer as it is made."""
        original = Optimizer.__init__

        def init(optimizer: Optimizer, *args: Any, **kwargs: Any) -> None:
            original(optimizer, *args, **kwargs)
            self._optimizers.append(weakref.ref(optimizer))
            if self._watched and self._watched.isdisjoint(map(id, _parameters(optimizer))):
                self.optimizers_unwatched += 1

        Optimizer.__init__ = init  # type: ignore[method-assign,assignment]

        def restore() -> None:
            Optimizer.__init__ = original  # type: ignore[method-assign]

        return restore

    def _look_closely(self) -> None:
        self._stop_looking = watch_every_module(self._before_forward, self._after_forward)
        self._entered = []
        self._earlier = []
        self._provenance.switch_on()

    def _look_away(self) -> None:
        self._provenance.switch_off()
        if self._stop_looking is not None:
            self._stop_looking()
            self._stop_looking = None

    def _look_no_more(self) -> None:
        """Hear of optimizers alone, in case another GAN is trained after this one."""
        self._look_away()
        self._ends.pop()()

    def stop(self) -> None:
        """Watch no longer."""
        self._look_away()
        for end in self._ends:
            end()
        self._ends = []

    @property
    def heard_of_optimizers(self) -> bool:
        """Whether any optimizer was made in this process."""
        return bool(self._optimizers)

    def _harmlessly(self, function: Callable[..., None], *args: Any) -> None:
        """An error in here must not reach the script: it ends the search instead."""
        try:
            function(*args)
        except Exception as error:
            self.error = f"{type(error).__name__}: {error}"
            self.stop()

    def _before_forward(self, module: nn.Module, args: Any) -> None:
        if not torch.compiler.is_compiling():
            self._harmlessly(self._enter, module)

    def _enter(self, module: nn.Module) -> None:
        entered = _Entered(compiled=self._provenance.on and type(module).__name__ == "OptimizedModule")
        if all(outer.candidate is None for outer in self._entered):
            entered.candidate = self._candidate_key(module)
        if entered.compiled:
            self._provenance.pause()
        self._entered.append(entered)

    def _candidate_key(self, module: nn.Module) -> int | None:
        """The module's key if just one optimizer trains it; one that several train encloses candidates."""
        if id(module) in self._candidates:
            return id(module)
        owners = self._owners(module)
        if len(owners) > 1:
            self._enclosing[id(module)] = weakref.ref(module)
        if len(owners) != 1:
            return None
        (owner,) = owners
        self._candidates[id(module)] = Candidate(weakref.ref(module), owner, type(module).__name__)
        return id(module)

    def _owners(self, module: nn.Module) -> set[int]:
        """Who trains a module's parameters: of several optimizers of one parameter, that of the fewest numbers.

        The others train more than one player, as for the sake of a code that a head of the discriminator recovers.
        """
        owner: dict[int, int] = {}
        own = {id(parameter) for parameter in module.parameters()}
        alive = {index: optimizer for index, one in enumerate(self._optimizers) if (optimizer := one()) is not None}
        trained = {index: _parameters(optimizer) for index, optimizer in alive.items()}
        for index in sorted(trained, key=lambda index: sum(map(torch.numel, trained[index])), reverse=True):
            owner |= {id(parameter): index for parameter in trained[index] if id(parameter) in own}
        return set(owner.values())

    def _after_forward(self, module: nn.Module, args: Any, kwargs: Any, output: Any = None) -> None:
        if not torch.compiler.is_compiling():
            self._harmlessly(self._leave, args, kwargs, output)

    def _leave(self, args: Any, kwargs: Any, output: Any) -> None:
        entered = self._entered.pop() if self._entered else _Entered()
        if entered.compiled:
            self._provenance.resume()
        if entered.candidate is None:
            return
        candidate = self._candidates[entered.candidate]
        inputs = [tensor for tensor in tensors_in((args, kwargs)) if tensor.is_floating_point()]
        origins = [self._provenance.origin([tensor]) for tensor in inputs]
        paths = {_path(origin.generator) for origin in origins if origin.generator is not None}
        paths = {path for path in paths if entered.candidate not in path}
        candidate.paths |= paths
        candidate.sees_data |= not paths or any(origin.kind is Kind.ROWS for origin in origins)
        candidate.input_size = sum(tensor[:1].numel() for tensor in inputs if tensor.dim())
        produced = logits_in(output)
        if produced is not None and produced.dim():
            candidate.output_size = produced[:1].numel()
        way = (*max(paths, key=len, default=()), entered.candidate)
        self._provenance.mark_generated(tensors_in(output), " ".join(map(str, way)))

    def before_step(self, optimizer: Optimizer, loss_scale: Tensor | None) -> None:
        """Look whether the roles are clear by now."""
        self._harmlessly(self._look, optimizer)

    def _look(self, optimizer: Optimizer) -> None:
        looks = self._schedule.looks(self._steps, optimizer)
        self._steps += 1
        if looks and self._stop_looking is None:
            self._look_closely()
        elif not looks:
            if self._stop_looking is not None:
                self._look_away()
            return
        self._seen_as |= {id(module): name for name, module in modules_by_name().items()}
        roles = self._named_roles() if any(self._names) else self._find_roles()
        if roles is not None and self._is_complete(roles, optimizer):
            self._found_them(roles)
            if not roles.provisional:
                return
        if id(optimizer) not in self._stepped:
            self._note_first_step(optimizer)
        self._stepped.append(id(optimizer))
        self._earlier.append(_applied_norms(optimizer))

    def _found_them(self, roles: Roles) -> None:
        """Tell of them once; those that were found provisionally give way to others that are found surely."""
        former = self.found
        if former is None or (not roles.provisional and _identities(former) != _identities(roles)):
            self.found = roles
            if not roles.provisional:
                self._look_no_more()
                self._watched = _identities(roles)
            self._on_found(roles, self._earlier)
        elif not roles.provisional:
            self._look_no_more()

    def _note_first_step(self, optimizer: Optimizer) -> None:
        """Whom it trains without their having seen anything that another one made."""
        for candidate in self._candidates.values():
            if self._optimizers[candidate.owner]() is optimizer:
                candidate.trained_apart = not candidate.paths

    def _is_complete(self, roles: Roles, optimizer: Optimizer) -> bool:
        """Whether no other player is to be expected."""
        if id(optimizer) in self._stepped:
            return True
        moving = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
        moving |= {parameter for norms in self._earlier for parameter in norms}
        return all(any(id(parameter) in moving for parameter in module.parameters()) for module in roles.modules)

    def after_step(self, optimizer: Optimizer) -> None:
        """Nothing depends on it."""

    def skipped_step(self, optimizer: Optimizer) -> None:
        """Nothing depends on it."""

    def _find_roles(self) -> Roles | None:
        enclosing = [module for reference in self._enclosing.values() if (module := reference()) is not None]
        return find_roles(self._candidates, enclosing, modules_by_name())

    def _named_roles(self) -> Roles | None:
        """The roles with what the user named; the other one as it is found."""
        modules, found = modules_by_name(), self._find_roles()

        def part(name: str | None, otherwise: dict[str, Player]) -> dict[str, Player]:
            if name is None:
                return otherwise
            return {name: Player(modules[name], (modules[name],))} if name in modules else {}

        generators = part(self._names[0], found.generators if found else {})
        discriminators = part(self._names[1], found.discriminators if found else {})
        return Roles(generators, discriminators, certain=True) if generators and discriminators else None

    def seen(self) -> list[str]:
        """The modules that optimizers train, by name, for a person who has to choose."""
        return [f"{self._seen_as.get(key, 'without a name')} ({c.kind})" for key, c in self._candidates.items()]


def _identities(roles: Roles) -> set[int]:
    return {id(parameter) for module in roles.modules for parameter in module.parameters()}


def _path(label: str) -> Path:
    """The way that a tensor has come, from what it was marked with."""
    return tuple(map(int, label.split()))


def _parameters(optimizer: Optimizer) -> list[nn.Parameter]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def _applied_norms(optimizer: Optimizer) -> dict[int, Number]:
    """Identity of each parameter that an optimizer is about to step → norm of its gradient."""
    parameters = [parameter for parameter in _parameters(optimizer) if parameter.grad is not None]
    norms = gradient_norms([parameter.grad for parameter in parameters if parameter.grad is not None])
    divisor = getattr(optimizer, "grad_scale", None)  # a fused optimizer unscales inside its step
    return {id(p): norm if divisor is None else norm / divisor for p, norm in zip(parameters, norms, strict=True)}
