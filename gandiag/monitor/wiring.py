"""How a training loop is wired: plain facts, gathered in a few iterations, which the detectors judge."""

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gandiag.metrics.features import double
from gandiag.monitor.attribution import Attributed
from gandiag.monitor.calls import Call, DiscriminatorCalls
from gandiag.monitor.gradients import GradientTap
from gandiag.monitor.networks import Network
from gandiag.monitor.provenance import Kind

Bounds = tuple[float, float]
BOUNDED_BY = {"TanhBackward0": (-1.0, 1.0), "SigmoidBackward0": (0.0, 1.0), "SoftmaxBackward0": (0.0, 1.0)}
SHAPE_ONLY = ("View", "Reshape", "Unsafe", "Squeeze", "Unsqueeze", "Permute", "Transpose", "Alias", "Clone", "ToCopy")
NAMES_SHOWN = 5
COPY_DISTANCE = 0.5  # relative; networks that began apart are about 1.4 from one another


@dataclass
class RangeNote:
    """Of real and of generated samples as the discriminator sees them: least, greatest, share out of bounds."""

    real: Tensor
    generated: Tensor


@dataclass
class Frozen:
    """Own steps of a network that were looked at, and those at which each parameter asked for no gradient."""

    steps: int = 0
    times: dict[str, int] = field(default_factory=dict)


class Wiring:
    """Takes notes; :meth:`facts` makes them plain.

    Args:
        networks: The watched networks; their modules are held weakly.
    """

    # Optimizers are noted anew at their first step.
    REMEMBERED = ("_beside", "_stepped", "_bounds", "_range", "_undetached", "_joint", "_frozen", "_double_sigmoid")

    def __init__(self, networks: Sequence[Network]) -> None:
        self._modules = {network.label: weakref.ref(network.module) for network in networks}
        self._optimizers: list[tuple[dict[str, Any], dict[str, frozenset[int]]]] = []
        self._beside: dict[str, frozenset[int]] = {}
        self._stepped: dict[str, set[int]] = {network.label: set() for network in networks}
        self._bounds: Bounds | None = None
        self._range: RangeNote | None = None
        self._undetached: dict[str, list[int]] = {}
        self._joint: dict[str, dict[str, int]] = {}
        self._frozen: dict[str, Frozen] = {}
        self._double_sigmoid: list[float] | None = None

    def saw_optimizer(
        self, optimizer: Optimizer, owned: Sequence[tuple[GradientTap, tuple[int, ...]]], iteration: int
    ) -> None:
        """An optimizer steps for the first time, or with more parameters than before."""
        watched = {id(tap.parameters[index]) for tap, indices in owned for index in indices}
        theirs = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        others = [parameter for parameter in theirs if id(parameter) not in watched]
        for tap, indices in owned:
            self._stepped[tap.label] |= set(indices)
        note = {"kind": type(optimizer).__name__, "networks": [tap.label for tap, _ in owned], "others": len(others)}
        twin = self._generator_like(others)
        if owned or twin:
            stepped = {tap.label: frozenset(indices) for tap, indices in owned}
            note["in_part"] = [tap.label for tap, indices in owned if len(indices) < len(tap.parameters)]
            self._optimizers.append((note | ({"copy_of": twin, "since": iteration} if twin else {}), stepped))

    def _generator_like(self, parameters: Sequence[Tensor]) -> str | None:
        """The generator that these are a copy of: of the same shapes, and nearer to it than another beginning is."""
        shapes = [parameter.shape for parameter in parameters]
        for label, reference in self._modules.items():
            module = reference()
            own = [] if module is None or not label.startswith("G") else list(module.parameters())
            if own and [parameter.shape for parameter in own] == shapes and _distance(own, parameters) < COPY_DISTANCE:
                return label
        return None

    def saw_beside(self, label: str, parameters: frozenset[int]) -> None:
        """These parameters of a discriminator judge nothing: whoever steps them alone does not step the player."""
        self._beside[label] = parameters

    def saw_generated(self, samples: Tensor) -> None:
        """Samples as the generator made them."""
        self._bounds = output_bounds(samples) or self._bounds

    def saw_call(self, label: str, call: Call) -> None:
        """The discriminator was called."""
        if call.origin.kind is Kind.ROWS and (layers := self._batch_norms(label)):
            rows = call.origin.rows
            counts = {"real": rows.count(Kind.DATA), "generated": rows.count(Kind.FAKE)}
            self._joint[label] = {**counts, "layers": layers}

    def _batch_norms(self, label: str) -> int:
        module = self._modules[label]()
        parts = [] if module is None else module.modules()
        return sum(isinstance(part, nn.modules.batchnorm._BatchNorm) and part.training for part in parts)

    def saw_own_step(self, tap: GradientTap, owned: tuple[int, ...], attributed: Attributed | None = None) -> None:
        """A network is about to step."""
        frozen = self._frozen.setdefault(tap.label, Frozen())
        frozen.steps += 1
        for index in owned:
            if not tap.parameters[index].requires_grad:
                frozen.times[tap.names[index]] = frozen.times.get(tap.names[index], 0) + 1
        if attributed is not None and attributed.fake is not None:
            seen = self._undetached.setdefault(tap.label, [0, 0])
            seen[0] += attributed.undetached
            seen[1] += 1

    def saw_iteration(self, calls: DiscriminatorCalls) -> None:
        """An iteration is over: compare the ranges, unless noise or augmentation came between."""
        origins = calls.origins_of(calls.calls)
        if origins is None or self._bounds is None:
            return
        seen = {origin.kind: call.samples for call, origin in zip(calls.calls, origins, strict=True)}
        if Kind.DATA in seen and Kind.FAKE in seen and calls.is_unchanged(seen[Kind.FAKE]):
            self._range = RangeNote(*(_range_of(seen[kind], self._bounds) for kind in (Kind.DATA, Kind.FAKE)))

    def saw_double_sigmoid(self, probabilities: Tensor) -> None:
        """A loss that squashes the discriminator's output was given one that is squashed already."""
        self._double_sigmoid = [float(probabilities.min()), float(probabilities.max())]

    def facts(self, taps: Sequence[GradientTap]) -> dict[str, Any]:
        """All notes as plain data; those that say nothing are left out."""
        found: dict[str, Any] = {
            "optimizers": [note for note in self._optimizer_notes() if self._trains_beside(note, taps)],
            "without_optimizer": _by_label((tap.label, self._unstepped(tap)) for tap in taps),
            "frozen": _by_label((label, _mostly_frozen(frozen)) for label, frozen in self._frozen.items()),
            "steps_without_gradient": _by_label((tap.label, tap.empty_steps) for tap in taps),
            "skipped_steps": _by_label((tap.label, tap.skipped_steps) for tap in taps),
            "undetached": {label: counts for label, counts in self._undetached.items() if counts[0]},
            "joint_batches": self._joint,
            "double_sigmoid": self._double_sigmoid,
            "ranges": self._ranges(),
        }
        return {name: fact for name, fact in found.items() if fact}

    def _optimizer_notes(self) -> list[dict[str, Any]]:
        """What was noted of each optimizer; heads that judge nothing are not the player that they are a part of."""
        return [
            {**note, "networks": [label for label in stepped if not stepped[label] <= self._beside.get(label, set())]}
            for note, stepped in self._optimizers
        ]

    def _trains_beside(self, optimizer: Mapping[str, Any], taps: Sequence[GradientTap]) -> bool:
        """Whether an optimizer belongs to this training, and not to another one after it."""
        steps = max(tap.steps for tap in taps if tap.role == "generator")
        return "copy_of" not in optimizer or bool(optimizer["networks"]) or steps > optimizer["since"] + 1

    def _unstepped(self, tap: GradientTap) -> dict[str, Any] | None:
        """Parameters that gradients reach and no optimizer steps."""
        names = [
            name
            for index, (name, parameter) in enumerate(zip(tap.names, tap.parameters, strict=True))
            if index not in self._stepped[tap.label] and parameter.requires_grad and parameter.grad is not None
        ]
        return {"count": len(names), "names": names[:NAMES_SHOWN]} if names else None

    def _ranges(self) -> dict[str, Any] | None:
        if self._range is None or self._bounds is None:
            return None
        described = {}
        for name, numbers in (("real", self._range.real), ("generated", self._range.generated)):
            least, greatest, outside = numbers.tolist()
            described[name] = {"least": least, "greatest": greatest, "outside": outside}
        return {"bounds": list(self._bounds), **described}


@torch.no_grad()
def _distance(own: Sequence[Tensor], others: Sequence[Tensor]) -> float:
    apart = sum(
        float(double(one - other.to(one.device)).square().sum()) for one, other in zip(own, others, strict=True)
    )
    size = sum(float(double(one).square().sum()) for one in own)
    return (apart / size) ** 0.5 if size else 0.0


def _by_label(items: Any) -> dict[str, Any]:
    return {label: value for label, value in items if value}


def _mostly_frozen(frozen: Frozen) -> dict[str, Any] | None:
    names = [name for name, times in frozen.times.items() if times > frozen.steps / 2]
    return {"count": len(names), "names": names[:NAMES_SHOWN], "steps": frozen.steps} if names else None


def output_bounds(samples: Tensor) -> Bounds | None:
    """Between which numbers the last operation holds a network's output; ``None`` where it does not.

    Examples:
        >>> output_bounds(torch.zeros(2, 4, requires_grad=True).tanh().view(2, 2, 2))
        (-1.0, 1.0)
    """
    node = samples.grad_fn
    while node is not None and node.name().startswith(SHAPE_ONLY):
        node = node.next_functions[0][0]
    return None if node is None else BOUNDED_BY.get(node.name())


def _range_of(samples: Tensor, bounds: Bounds) -> Tensor:
    """Least, greatest and share out of bounds by a hundredth, on the device, with shape :math:`(3,)`."""
    numbers = samples.detach().float()
    outside = (numbers < bounds[0] - 0.01) | (numbers > bounds[1] + 0.01)
    return torch.stack([numbers.min(), numbers.max(), outside.float().mean()])
