"""Who is a generator and who a discriminator, by whose outputs flow into whom."""

import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import nn


@dataclass
class Candidate:
    """A module that an optimizer trains, as the script called it.

    Attributes:
        module: The outermost module that was called and that one optimizer owns; held weakly.
        owner: Which optimizer owns it.
        kind: The module's class.
        input_size: Numbers in one sample of its inputs.
        output_size: Numbers in one sample of its output.
        sees_data: Whether it was called on something that no other candidate made.
        fed_by: The candidates whose outputs it was given.
    """

    module: "weakref.ref[nn.Module]"
    owner: int
    kind: str
    input_size: int = 0
    output_size: int = 0
    sees_data: bool = False
    fed_by: set[int] = field(default_factory=set)

    @property
    def expands(self) -> bool:
        """Whether it makes more of its input, as decoders do and judges do not."""
        return self.output_size > self.input_size


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


def find_roles(
    candidates: Mapping[int, Candidate], enclosing: Mapping[int, "weakref.ref[nn.Module]"], names: Mapping[int, str]
) -> Roles | None:
    """The roles, or ``None`` where nothing yet flows from one rival into another.

    A module whose output flows into another one that a different optimizer trains, and whose own output flows into
    none, makes that other one a discriminator, and itself a generator.

    Args:
        candidates: Identity of a module → what was seen of it.
        enclosing: Modules that were called and that several optimizers train.
        names: Identity of a module → its name in the script.
    """
    alive = {key: candidate for key, candidate in candidates.items() if candidate.module() is not None}
    feeds = {(source, key) for key, candidate in alive.items() for source in candidate.fed_by if source in alive}
    rival = {(source, key) for source, key in feeds if _are_rivals(alive[source], alive[key])}
    critics = {key for _, key in rival} - {source for source, _ in rival}
    critics = {key for key in critics if not alive[key].expands} or critics
    makers = {source for source, key in rival if key in critics}
    if not critics or not makers:
        return None
    outer = [module for reference in enclosing.values() if (module := reference()) is not None]
    generators, discriminators = _modules(alive, makers), _modules(alive, critics)
    generators, discriminators = (
        [_outermost(module, outer, discriminators) for module in generators],
        [_outermost(module, outer, generators) for module in discriminators],
    )
    return Roles(
        _named(generators, names), _named(discriminators, names), certain=all(alive[key].sees_data for key in critics)
    )


def _are_rivals(source: Candidate, target: Candidate) -> bool:
    """Whether one's output is judged by the other: trained apart, or boiled down to fewer numbers."""
    return source.owner != target.owner or 0 < target.output_size < source.output_size


def _modules(candidates: Mapping[int, Candidate], keys: set[int]) -> list[nn.Module]:
    return [m for key, candidate in candidates.items() if key in keys and (m := candidate.module()) is not None]


def _outermost(module: nn.Module, enclosing: list[nn.Module], rivals: list[nn.Module]) -> nn.Module:
    """The largest module around a player that holds no part of a rival: one that several optimizers train."""
    own = _identities(module)
    foreign = {identity for rival in rivals for identity in _identities(rival)}
    around = [outer for outer in enclosing if own <= _identities(outer) and not foreign & _identities(outer)]
    return max([module, *around], key=lambda outer: len(_identities(outer)))


def _identities(module: nn.Module) -> set[int]:
    return {id(parameter) for parameter in module.parameters()}


def _named(modules: list[nn.Module], names: Mapping[int, str]) -> dict[str, nn.Module]:
    unique = {id(module): module for module in modules}
    return {
        names.get(key, f"{type(module).__name__}_{number}"): module
        for number, (key, module) in enumerate(unique.items())
    }
