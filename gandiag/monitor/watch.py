"""The generator's side of probing: which inputs to replay, and the samples they give."""

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from gandiag.errors import GandiagError
from gandiag.monitor.replay import InputReplay
from gandiag.monitor.tensors import first_float
from gandiag.monitor.undisturbed import undisturbed
from gandiag.probes import Probe
from gandiag.probes.probe import LEAST_SAMPLES

PROBE_SAMPLES = 512
MOST_NUMBERS = 2**24  # 64 MB in single precision


class GeneratorWatch:
    """Samples one generator at fixed inputs without leaving a trace.

    Args:
        module: The generator; held weakly.
        sample: ``n -> samples``; ``None`` replays the inputs that the loop itself fed.

    Attributes:
        sampling: Whether any generator is being sampled just now, so that its forward passes are none of the loop's.
        wanting: Whether more of the loop's inputs are wanted.
    """

    sampling = False

    def __init__(self, module: nn.Module, sample: Callable[[int], Tensor] | None) -> None:
        self._module = weakref.ref(module)
        self._sample = sample
        self._replay = InputReplay(PROBE_SAMPLES)
        self.wanting = True
        self.probe: Probe | None = None

    def see(self, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        """Take note of inputs that the loop feeds, and what they gave."""
        made = first_float(output)
        if made is not None and made.dim():
            self._replay.see(args, kwargs, len(made))
        self.wanting = not self._replay.complete

    @property
    def ready(self) -> bool:
        """Whether there is something to sample from."""
        return self._module() is not None and (self._sample is not None or self._replay.complete)

    def samples(self) -> Tensor:
        """512 samples, or as many as the replayed inputs give."""
        module = self._module()
        if module is None:
            raise GandiagError("The generator no longer exists.")
        GeneratorWatch.sampling = True
        try:
            with undisturbed(module):
                # A fixed seed: movement between probes is then the generator's and not that of noise drawn inside it.
                torch.manual_seed(0)
                found = [self._sample(PROBE_SAMPLES)] if self._sample is not None else self._replayed(module)
        finally:
            GeneratorWatch.sampling = False
        return torch.cat(found)[:PROBE_SAMPLES].detach()

    def _replayed(self, module: nn.Module) -> list[Tensor]:
        """What the kept inputs give, as far as it takes less than 64 MB or a probe needs it."""
        found: list[Tensor] = []
        for args, kwargs in self._replay.calls():
            output = first_float(module(*args, **kwargs))
            if output is not None:
                found.append(output if output.dim() > 1 else output.unsqueeze(1))
            if sum(map(len, found)) >= LEAST_SAMPLES and sum(map(Tensor.nelement, found)) >= MOST_NUMBERS:
                break
        return found
