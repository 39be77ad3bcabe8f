"""Inputs of the kind that the loop feeds its generator, kept so that the generator can be sampled at fixed inputs."""

from typing import Any

from torch import Tensor

from gandiag.monitor.tensors import map_tensors, tensors_in

LARGEST_MEMORY = 64 * 2**20  # bytes


class InputReplay:
    """Keeps copies of the first inputs that a generator is called with.

    Replaying what the loop itself fed needs no guess about the kind, shape or distribution of the noise, nor about
    labels or images that go with it; and draws no random number.

    Args:
        wanted: Samples to keep; fewer if they would take more than 64 MB.
    """

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
        self._samples = 0
        self._bytes = 0

    @property
    def complete(self) -> bool:
        """Whether enough inputs were seen."""
        return self._samples >= self._wanted or self._bytes >= LARGEST_MEMORY

    def see(self, args: tuple[Any, ...], kwargs: dict[str, Any], samples: int) -> None:
        """Keep a copy of one call's inputs, which gave so many samples, unless there are enough."""
        if self.complete:
            return
        self._calls.append((map_tensors(_copy, args), map_tensors(_copy, kwargs)))
        self._samples += samples
        self._bytes += sum(tensor.nelement() * tensor.element_size() for tensor in tensors_in((args, kwargs)))

    def calls(self) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
        """The kept calls: positional and keyword arguments of each."""
        return self._calls


def _copy(tensor: Tensor) -> Tensor:
    return tensor.detach().clone()
