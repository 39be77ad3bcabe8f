"""Who is a generator and who a discriminator, by whose outputs flow into whom."""

import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from torch import nn

from gandiag.monitor.networks import Network

Path = tuple[int, ...]
"""Modules, by their keys, through which a tensor has come, the first one first."""


@dataclass
class Candidate:
    """A module that an optimizer trains, as the script called it.

    Attributes:
        module: The outermost module that was called and that one optimizer owns; held weakly.
        owner: Which optimizer owns it.
        kind: The module's class.
        input_size: Numbers in one sample of its inputs.
        output_size: Numbers in one sample of the smallest of its outputs.
        sees_data: Whether it was called on something that no other candidate made.
        paths: The ways that its inputs had come by other candidates.
        trained_apart: Whether its optimizer stepped before it was shown what other candidates made, as that of a
            classifier does, which is trained on data alone.
    """

    module: "weakref.ref[nn.Module]"
    owner: int
    kind: str
    input_size: int = 0
    output_size: int = 0
    sees_data: bool = False
    paths: set[Path] = field(default_factory=set)
    trained_apart: bool = False


@dataclass(frozen=True)
class Player:
    """A module, and the parts of it that the script calls one after another: all of it, as a rule."""

    module: nn.Module
    parts: tuple[nn.Module, ...]

    @property
    def kind(self) -> str:
        """Its class, or those of its parts where nothing holds them together."""
        if isinstance(self.module, nn.ModuleList):
            return " and ".join(type(part).__name__ for part in self.parts)
        return type(self.module).__name__


@dataclass(frozen=True)
class Roles:
    """Who plays which part.

    Attributes:
        generators: Name in the script → player.
        discriminators: Name in the script → player.
        certain: Whether each discriminator was also seen on data that no generator made.
        provisional: Whether they may turn out to be others: nothing but the sizes of their outputs tells them apart,
            since one optimizer trains both, as it does with an encoder and a classifier before the GAN; or they are
            parts of one module that was called on data, as a discriminator's trunk and head are.
    """

    generators: dict[str, Player]
    discriminators: dict[str, Player]
    certain: bool
    provisional: bool = False

    @property
    def modules(self) -> list[nn.Module]:
        """All modules that play a part."""
        return [player.module for player in (*self.generators.values(), *self.discriminators.values())]

    @property
    def networks(self) -> list[Network]:
        """The players as networks to watch."""
        return [
            *(_network("G", "generator", self.generators, name) for name in self.generators),
            *(_network("D", "discriminator", self.discriminators, name) for name in self.discriminators),
        ]

    def __str__(self) -> str:
        def described(players: dict[str, Player]) -> str:
            return ", ".join(f"{name} ({player.kind})" for name, player in players.items())

        many = len(self.generators) > 1, len(self.discriminators) > 1
        surety = "certain" if self.certain else "likely: the discriminator was not yet seen on real data"
        return (
            f"generator{'s' * many[0]} {described(self.generators)}, "
            f"discriminator{'s' * many[1]} {described(self.discriminators)} ({surety})"
        )


def _network(
    letter: str, role: Literal["generator", "discriminator"], players: dict[str, Player], name: str
) -> Network:
    label = letter if len(players) == 1 else f"{letter}.{name}"
    return Network(label, role, players[name].module, players[name].parts)


def find_roles(
    candidates: Mapping[int, Candidate],
    enclosing: Sequence[nn.Module],
    in_sight: Mapping[str, nn.Module],
) -> Roles | None:
    """The roles, or ``None`` where nothing yet flows from one rival into another.

    Along the way that a tensor takes, neighbours that one optimizer trains belong together. The last of them judge what
    those before have made, unless they make something themselves that others judge, or more of it than they were given,
    as decoders do, or are trained together with a maker.

    Args:
        candidates: Key of a module → what was seen of it.
        enclosing: Modules that were called and that several optimizers train.
        in_sight: Name in the script → module.
    """
    alive = {key: candidate for key, candidate in candidates.items() if candidate.module() is not None}
    ways = [(*path, key) for key, candidate in alive.items() for path in candidate.paths if set(path) <= alive.keys()]
    pairs = [pair for way in ways if (pair := _rivals(way, alive)) is not None]
    provisional = not pairs
    if provisional:  # one optimizer for both: whatever boils the other's output down to fewer numbers
        pairs = [((way[-2],), way[-1:]) for way in ways if 0 < alive[way[-1]].output_size < alive[way[-2]].output_size]
    pairs = _without_heads(pairs, alive)
    makers = {maker[-1] for maker, _ in pairs}
    judges = _longest(judge for _, judge in pairs if not makers & set(judge))
    judges = {judge for judge in judges if alive[judge[-1]].output_size <= alive[judge[0]].input_size}
    judges = {judge for judge in judges if not alive[judge[0]].trained_apart} or judges
    judges = _without_readers(judges, pairs, alive)
    runs = [maker for maker, judge in pairs if any(one[0] == judge[0] for one in judges)]
    if not judges or not runs:
        return None
    generators = [_together([alive[key] for key in run], in_sight) for run in _shortest(runs, alive)]
    discriminators = [_together([alive[key] for key in judge], in_sight) for judge in sorted(judges, key=_order(alive))]
    return Roles(
        _named([_outermost(player, enclosing, discriminators) for player in generators], in_sight),
        _named([_outermost(player, enclosing, generators) for player in discriminators], in_sight),
        certain=all(alive[judge[0]].sees_data for judge in judges),
        provisional=provisional or _is_one_module(judges, runs, alive, enclosing),
    )


def _rivals(way: Path, candidates: Mapping[int, Candidate]) -> tuple[Path, Path] | None:
    """The last neighbours on a way that one optimizer trains, and those before them."""
    judge = _last_run(way, candidates)
    before = way[: len(way) - len(judge)]
    if not before or candidates[judge[0]].owner in {candidates[key].owner for key in before}:
        return None
    return _last_run(before, candidates), judge


def _without_heads(pairs: Sequence[tuple[Path, Path]], candidates: Mapping[int, Candidate]) -> list[tuple[Path, Path]]:
    """Pairs without those of a discriminator and a head on it that another optimizer trains, as InfoGAN's Q may be.

    Such a discriminator is shown what a rival made, and judges it: by one number, or by another head, which is trained
    with its trunk and whose output nobody judges. The trunk may be called by itself as well, or within a network of its
    own; as a part of a judge it is neither a maker nor another judge.
    """
    makers = {maker[-1] for maker, _ in pairs}
    ends = {judge[-1] for _, judge in pairs if judge[-1] not in makers}
    trunks = {key for _, judge in pairs if judge[-1] in ends for key in judge[:-1]}
    trunks |= {judge[-1] for _, judge in pairs if _is_a_judgement(candidates[judge[-1]])}
    parts = {key for key in candidates for end in ends if _is_part(candidates[key], candidates[end])}
    return [(maker, judge) for maker, judge in pairs if maker[-1] not in trunks | parts and judge[-1] not in parts]


def _is_a_judgement(candidate: Candidate) -> bool:
    return candidate.output_size == 1 < candidate.input_size


def _is_part(candidate: Candidate, whole: Candidate) -> bool:
    """Whether a module is a part of another one."""
    inner, outer = candidate.module(), whole.module()
    return inner is not None and outer is not None and _identities(inner) < _identities(outer)


def _last_run(way: Path, candidates: Mapping[int, Candidate]) -> Path:
    start = len(way) - 1
    while start and candidates[way[start - 1]].owner == candidates[way[-1]].owner:
        start -= 1
    return way[start:]


def _is_one_module(
    judges: Iterable[Path], makers: Iterable[Path], candidates: Mapping[int, Candidate], enclosing: Sequence[nn.Module]
) -> bool:
    """Whether one module holds all players, and what passes for the discriminator saw nothing but the other's output.

    A discriminator with heads in several optimizers looks like that before it is shown the first generated sample.
    """
    modules = [module for run in (*judges, *makers) for key in run if (module := candidates[key].module()) is not None]
    own = set().union(*map(_identities, modules))
    together = any(own <= _identities(outer) for outer in enclosing)
    return together and not any(candidates[judge[0]].sees_data for judge in judges)


def _longest(runs: Iterable[Path]) -> set[Path]:
    """Of runs with the same beginning, the longest: a trunk and its head judge together."""
    longest: dict[int, Path] = {}
    for run in runs:
        longest[run[0]] = max(longest.get(run[0], ()), run, key=len)
    return set(longest.values())


def _without_readers(
    judges: set[Path], pairs: Sequence[tuple[Path, Path]], candidates: Mapping[int, Candidate]
) -> set[Path]:
    """Judges without those that see generated samples alone, where another one of the same maker sees data too.

    Such are InfoGAN's Q, which reads the code, and the way back of a cycle.
    """
    sees = {judge[0]: candidates[judge[0]].sees_data for judge in judges}
    makers = {key: {maker[-1] for maker, judge in pairs if judge[0] == key} for key in sees}
    sure = {maker for key, seen in sees.items() if seen for maker in makers[key]}
    return {judge for judge in judges if sees[judge[0]] or not makers[judge[0]] & sure}


def _shortest(runs: Sequence[Path], candidates: Mapping[int, Candidate]) -> list[Path]:
    """Of runs with the same end, the shortest: a decoder that is fed by an encoder now and then makes samples alone.

    What makes samples of its own does not belong to what comes after it.
    """
    ends = {run[-1] for run in runs}
    shortest: dict[int, Path] = {}
    for run in runs:
        begin = max((at + 1 for at, key in enumerate(run[:-1]) if key in ends), default=0)
        shortest[run[-1]] = min(shortest.get(run[-1], run), run[begin:], key=len)
    return sorted(shortest.values(), key=_order(candidates))


def _order(candidates: Mapping[int, Candidate]) -> Callable[[Path], int]:
    """The order in which they were first called."""
    called = list(candidates)
    return lambda run: called.index(run[0])


def _together(run: Sequence[Candidate], in_sight: Mapping[str, nn.Module]) -> Player:
    """Modules that are called one after another, as one player: the smallest module in sight that holds them all."""
    parts = tuple(module for candidate in run if (module := candidate.module()) is not None)
    if len(parts) == 1:
        return Player(parts[0], parts)
    wanted = set().union(*map(_identities, parts))
    around = [module for module in in_sight.values() if wanted <= _identities(module)]
    owned = [module for module in around if len(_identities(module)) <= 2 * len(wanted)]
    return Player(min(owned, key=lambda module: len(_identities(module)), default=nn.ModuleList(parts)), parts)


def _outermost(player: Player, enclosing: Sequence[nn.Module], rivals: Sequence[Player]) -> Player:
    """The largest module around a player that was called and holds no part of a rival: several optimizers train it."""
    own = _identities(player.module)
    foreign = {identity for rival in rivals for identity in _identities(rival.module)}
    around = [outer for outer in enclosing if own <= _identities(outer) and not foreign & _identities(outer)]
    if not around:
        return player
    outermost = max(around, key=lambda outer: len(_identities(outer)))
    return Player(outermost, (outermost,))


def _identities(module: nn.Module) -> set[int]:
    return {id(parameter) for parameter in module.parameters()}


def _named(players: Sequence[Player], in_sight: Mapping[str, nn.Module]) -> dict[str, Player]:
    names = {id(module): name for name, module in in_sight.items()}
    unique = {id(player.module): player for player in players}

    def name(number: int, player: Player) -> str:
        if id(player.module) in names:
            return names[id(player.module)]
        if isinstance(player.module, nn.ModuleList):
            return "+".join(names.get(id(part), type(part).__name__) for part in player.parts)
        return f"{type(player.module).__name__}_{number}"

    return {name(number, player): player for number, player in enumerate(unique.values())}
