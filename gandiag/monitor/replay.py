"""Inputs of the kind that the loop feeds its generator, kept so that the generator can be sampled at fixed inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from gandiag.monitor.tensors import map_tensors, tensors_in

LARGEST_MEMORY = 64 * 2**20  # bytes
Argument = int | str
"""Position or keyword of a call's argument."""


@dataclass(frozen=True)
class Call:
    """One call of a generator.

    Attributes:
        args: Its positional arguments.
        kwargs: Its keyword arguments.
        samples: How many samples it gave.
        forward: Which of the generator's forward passes in an iteration it was; ``None`` where that is not known.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    samples: int
    forward: int | None = None

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """Positions and keywords of the arguments."""
        return (*range(len(self.args)), *self.kwargs)

    def rows_of(self, argument: Argument) -> Tensor | None:
        """An argument that is a tensor with a row for each sample; ``None`` if it is not."""
        if isinstance(argument, int):
            value = self.args[argument] if argument < len(self.args) else None
        else:
            value = self.kwargs.get(argument)
        return value if isinstance(value, Tensor) and value.dim() and len(value) == self.samples else None

    def replaced(self, values: Mapping[Argument, Tensor]) -> "Call":
        """The same call with some arguments replaced."""
        args = tuple(values.get(position, value) for position, value in enumerate(self.args))
        return replace(self, args=args, kwargs={name: values.get(name, value) for name, value in self.kwargs.items()})

    def first(self, count: int) -> "Call":
        """The same call for its first samples only."""
        if count >= self.samples:
            return self

        def cut(tensor: Tensor) -> Tensor:
            return tensor[:count] if tensor.dim() and len(tensor) == self.samples else tensor

        return Call(map_tensors(cut, self.args), map_tensors(cut, self.kwargs), count, self.forward)


class InputReplay:
    """Keeps copies of the first inputs that a generator is called with.

    Replaying what the loop itself fed needs no guess about the kind, shape or distribution of the noise, nor about
    labels or images that go with it; and draws no random number.

    Args:
        wanted: Samples to keep; fewer if they would take more than 64 MB.
    """

    REMEMBERED = ("_calls", "_samples", "_bytes")

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._calls: list[Call] = []
        self._samples = 0
        self._bytes = 0

    @property
    def complete(self) -> bool:
        """Whether enough inputs were seen."""
        return self._samples >= self._wanted or self._bytes >= LARGEST_MEMORY

    def see(self, args: tuple[Any, ...], kwargs: dict[str, Any], samples: int, forward: int | None = None) -> None:
        """Keep a copy of one call's inputs, which gave so many samples, unless there are enough."""
        if self.complete:
            return
        self._calls.append(Call(map_tensors(_copy, args), map_tensors(_copy, kwargs), samples, forward))
        self._samples += samples
        self._bytes += sum(tensor.nelement() * tensor.element_size() for tensor in tensors_in((args, kwargs)))

    def calls(self) -> list[Call]:
        """The kept calls."""
        return self._calls


def first_rows(calls: Sequence[Call], count: int) -> list[Call]:
    """Calls for the first so many samples."""
    found: list[Call] = []
    for call in calls:
        if count <= 0:
            break
        found.append(call.first(count))
        count -= call.samples
    return found


def _copy(tensor: Tensor) -> Tensor:
    return tensor.detach().clone()
