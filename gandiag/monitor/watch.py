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

PROBE_SAMPLES = 512


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

    def see(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Take note of inputs that the loop feeds."""
        self._replay.see(args, kwargs)
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
                if self._sample is not None:
                    # A fixed seed: movement between probes is then the generator's and not the noise's.
                    torch.manual_seed(0)
                    return self._sample(PROBE_SAMPLES).detach()
                outputs = [first_float(module(*args, **kwargs)) for args, kwargs in self._replay.calls()]
        finally:
            GeneratorWatch.sampling = False
        found = [output for output in outputs if output is not None]
        return torch.cat(found)[:PROBE_SAMPLES].detach()
