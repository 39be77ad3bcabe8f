"""Where a tensor comes from: generated, data, both, or neither."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode, _get_current_function_mode_stack, _pop_mode, _push_mode
from torch.utils.weak import WeakIdKeyDictionary

from gandiag.monitor.tensors import storage_of, tensors_in


class Kind(Enum):
    """What a tensor is made of."""

    NEUTRAL = "neutral"  # constants and random numbers: noise takes on the kind of what it is added to
    DATA = "data"  # anything from outside
    FAKE = "fake"  # a generator's output, or made of it and neutral things
    MIXED = "mixed"  # generated and data in every sample, as a gradient penalty's interpolates
    ROWS = "rows"  # some samples generated and others data


@dataclass(frozen=True)
class Origin:
    """What is known of one tensor.

    Attributes:
        kind: What it is made of.
        generator: Label of the generator whose output is in it; ``None`` if there is none, or several.
        rows: For ``ROWS``, the kind of each sample.
        forward: Which of the generator's forward passes made it, as :meth:`Provenance.mark_generated` was told.
    """

    kind: Kind
    generator: str | None = None
    rows: tuple[Kind, ...] = ()
    forward: int | None = None


DATA, NEUTRAL, MIXED = Origin(Kind.DATA), Origin(Kind.NEUTRAL), Origin(Kind.MIXED)
KEEPS_ROWS = frozenset(
    [
        "add",
        "add_",
        "sub",
        "sub_",
        "rsub",
        "mul",
        "mul_",
        "div",
        "div_",
        "true_divide",
        "clamp",
        "clamp_",
        "clip",
        "tanh",
        "sigmoid",
        "view",
        "reshape",
        "flatten",
        "unsqueeze",
        "to",
        "float",
        "half",
        "bfloat16",
        "cuda",
        "cpu",
        "type",
        "type_as",
        "detach",
        "detach_",
        "clone",
        "contiguous",
        "requires_grad_",
        "where",
        "masked_fill",
        "pad",
        "interpolate",
        "normalize",
        "dropout",
        "conv2d",
        "avg_pool2d",
        "__add__",
        "__radd__",
        "__iadd__",
        "__sub__",
        "__rsub__",
        "__mul__",
        "__rmul__",
        "__truediv__",
        "__neg__",
        "__get__",
    ]
)
"""Operations after which sample i is still sample i; after any other, who is where in a joint batch is not known."""

MAKES_NEUTRAL = frozenset(
    [
        "randn_like",
        "rand_like",
        "randint_like",
        "zeros_like",
        "ones_like",
        "full_like",
        "empty_like",
        "new_zeros",
        "new_ones",
        "new_full",
        "new_empty",
        "zero_",
        "fill_",
        "normal_",
        "uniform_",
        "bernoulli_",
        "random_",
        "exponential_",
    ]
)
"""Operations that take a tensor for its shape alone."""

HOLDS_FAKES = (Kind.FAKE, Kind.MIXED, Kind.ROWS)
JOINS = {torch.cat, torch.concat, torch.concatenate, torch.vstack}


class Provenance(TorchFunctionMode):
    """Follows generated samples through everything that Python code does with them, while it is switched on.

    Noise, augmentation, clones, concatenation and detaching hide from a hook that the discriminator is looking at
    generated samples. Followed from operation to operation, they do not. Following slows the loop down while it is on,
    so it is on for a few iterations only.
    """

    def __init__(self) -> None:
        super().__init__()
        self._origins = WeakIdKeyDictionary()
        self._generated_at: dict[int, tuple[StorageWeakRef, Origin]] = {}
        self.on = False
        self._paused = False

    def switch_on(self) -> None:
        """Begin to follow; nothing if it is on already."""
        if not self.on:
            self.on = True
            _push_mode(self)

    def switch_off(self) -> None:
        """Stop following, unless somebody's context that began since is still open: then at the next call."""
        if self.on and _get_current_function_mode_stack()[-1:] == [self]:
            _pop_mode()
            self.on = False
            self._origins = WeakIdKeyDictionary()
            self._generated_at = {}

    def pause(self) -> None:
        """Follow nothing for now, and forget nothing: what comes next is compiled."""
        if self.on and _get_current_function_mode_stack()[-1:] == [self]:
            _pop_mode()
            self._paused = True

    def resume(self) -> None:
        """Follow again after a pause."""
        if self._paused:
            self._paused = False
            _push_mode(self)

    def mark_generated(self, tensors: Iterable[Tensor], generator: str, forward: int | None = None) -> None:
        """These tensors are the output of one of a generator's forward passes."""
        for tensor in tensors:
            self._note(tensor, Origin(Kind.FAKE, generator, forward=forward))

    def _note(self, tensor: Tensor, origin: Origin) -> None:
        self._origins[tensor] = origin
        if origin.kind is Kind.FAKE and (address := _address(tensor)) is not None:
            self._generated_at[address] = StorageWeakRef(tensor.untyped_storage()), origin

    def origin(self, tensors: Iterable[Tensor]) -> Origin:
        """What the inputs of one call are made of: generated, if any of them is; a condition may stand beside.

        Random numbers that nothing was added to are data: real samples, drawn from a known distribution.
        """
        origins = [self._of(tensor) for tensor in tensors]
        for kind in (Kind.MIXED, Kind.ROWS, Kind.FAKE):
            found = [origin for origin in origins if origin.kind is kind]
            if found:
                return found[0]
        return DATA

    def _of(self, tensor: Tensor) -> Origin:
        """What was noted; or, of a tensor that came by a way not followed (Variable), what its memory tells."""
        origin: Origin | None = self._origins.get(tensor)
        if origin is not None:
            return origin
        address = _address(tensor) if self._generated_at else None
        there = None if address is None else self._generated_at.get(address)
        return DATA if there is None or there[0].expired() else there[1]

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if torch.compiler.is_compiling() or torch.jit.is_tracing():  # type: ignore[attr-defined, no-untyped-call]
            return function(*args, **kwargs)
        result = function(*args, **kwargs)
        inputs = list(tensors_in((args, kwargs)))
        if getattr(function, "__name__", "") == "__setitem__" and isinstance(args[2], Tensor):
            self._assign(args[0], args[2])
        for output in tensors_in(result):
            if output.is_floating_point():
                self._note(output, self._derived(function, args, kwargs, inputs, output))
        return result

    def _assign(self, target: Tensor, part: Tensor) -> None:
        """A part of a tensor is overwritten: who is where in it is not known any more."""
        kinds = [self._of(target).kind, self._of(part).kind]
        if any(kind in HOLDS_FAKES for kind in kinds) and kinds not in ([Kind.FAKE] * 2, [Kind.FAKE, Kind.NEUTRAL]):
            self._origins[target] = MIXED

    def _derived(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        inputs: list[Tensor],
        output: Tensor,
    ) -> Origin:
        name = getattr(function, "__name__", "")
        if name in MAKES_NEUTRAL:
            return NEUTRAL
        origins = [self._of(tensor) for tensor in inputs if tensor.is_floating_point()]
        if function in JOINS:
            along_samples = function is torch.vstack or _dimension(args, kwargs) in (0, -output.dim())
            return _joined(inputs, origins) if along_samples else _side_by_side(origins)
        return _combined(origins, len(output) if output.dim() and name in KEEPS_ROWS else 0)


def _address(tensor: Tensor) -> int | None:
    """Where a tensor's numbers lie; ``None`` for those that lie nowhere, as torch.func's, or in several places."""
    try:
        return storage_of(tensor)
    except (RuntimeError, NotImplementedError):
        return None


def _dimension(args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    return int(kwargs.get("dim", kwargs.get("axis", args[1] if len(args) > 1 else 0)))


def _generated(kind: Kind, origins: list[Origin], rows: tuple[Kind, ...] = ()) -> Origin:
    """An origin with the generator and the forward pass that those given have in common."""
    sources = {(origin.generator, origin.forward) for origin in origins if origin.generator is not None}
    labels = {label for label, _ in sources}
    return Origin(
        kind,
        generator=labels.pop() if len(labels) == 1 else None,
        rows=rows,
        forward=next(iter(sources))[1] if len(sources) == 1 else None,
    )


def _combined(origins: list[Origin], rows: int) -> Origin:
    """An operation on several tensors, sample by sample."""
    kinds = {origin.kind for origin in origins} - {Kind.NEUTRAL}
    if not kinds:
        return NEUTRAL
    if len(kinds) > 1 or Kind.MIXED in kinds:
        return MIXED
    (kind,) = kinds
    if kind is Kind.ROWS:
        kept = [origin for origin in origins if origin.kind is Kind.ROWS]
        return kept[0] if len({origin.rows for origin in kept}) == 1 and len(kept[0].rows) == rows else MIXED
    return _generated(kind, origins)


def _joined(inputs: list[Tensor], origins: list[Origin]) -> Origin:
    """Batches one after another; random numbers beside generated samples are real ones."""
    rows: list[Kind] = []
    for tensor, origin in zip((t for t in inputs if t.is_floating_point()), origins, strict=True):
        rows += origin.rows if origin.kind is Kind.ROWS else [origin.kind] * len(tensor)
    if Kind.FAKE in rows:
        rows = [Kind.DATA if kind is Kind.NEUTRAL else kind for kind in rows]
    kinds = set(rows)
    if len(kinds) == 1:
        return _generated(kinds.pop(), origins)
    return _generated(Kind.ROWS, origins, tuple(rows)) if kinds == {Kind.FAKE, Kind.DATA} else MIXED


def _side_by_side(origins: list[Origin]) -> Origin:
    """Channels beside one another, as a condition beside the sample: generated if any of it is."""
    kinds = {origin.kind for origin in origins}
    if Kind.ROWS in kinds or Kind.MIXED in kinds:
        return MIXED
    if Kind.FAKE in kinds:
        return _generated(Kind.FAKE, origins)
    return DATA if Kind.DATA in kinds else NEUTRAL
