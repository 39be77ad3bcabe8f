"""The generator's side of probing: which inputs to replay, and the samples they give."""

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from gandiag.errors import GandiagError
from gandiag.monitor.replay import Call, InputReplay
from gandiag.monitor.tensors import first_float
from gandiag.monitor.undisturbed import undisturbed
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
        sources: Forward pass in an iteration → the generators whose output it was fed, ``None`` for anything else; as
            far as operations were followed.
        shown: The forward passes whose samples a discriminator was shown, as far as that was followed.
        judges: The discriminators that they were shown to.
    """

    sampling = False
    REMEMBERED = ("_replay", "sources", "shown", "judges")

    def __init__(self, module: nn.Module, sample: Callable[[int], Tensor] | None) -> None:
        self._module = weakref.ref(module)
        self._sample = sample
        self._replay = InputReplay(PROBE_SAMPLES)
        self.wanting = True
        self.sources: dict[int, set[str | None]] = {}
        self.shown: set[int] = set()
        self.judges: set[str] = set()

    def see(self, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any, forward: int | None = None) -> None:
        """Take note of inputs that the loop feeds, and what they gave."""
        made = first_float(output)
        if made is not None and made.dim():
            self._replay.see(args, kwargs, len(made), forward)
        self.wanting = not self._replay.complete

    @property
    def ready(self) -> bool:
        """Whether there is something to sample from."""
        return self._module() is not None and (self._sample is not None or self._replay.complete)

    @contextmanager
    def run(self) -> Iterator[Callable[[Sequence[Call]], Tensor]]:
        """Have the generator give samples without leaving a trace.

        Yields:
            A function from calls to their samples; equal calls get equal samples, noise drawn inside included.
        """
        module = self._module()
        if module is None:
            raise GandiagError("The generator no longer exists.")
        GeneratorWatch.sampling = True
        try:
            with undisturbed(module):
                yield lambda calls: _give(module, calls)
        finally:
            GeneratorWatch.sampling = False

    @property
    def replay(self) -> InputReplay | None:
        """The loop's own inputs; ``None`` where samples come from a function of the user's."""
        return None if self._sample is not None else self._replay

    def judged_calls(self) -> list[Call]:
        """Kept calls on inputs from outside whose samples go to a discriminator: no cycles, no identities."""
        return [call for call in self.calls_on(None) if call.forward in self.shown]

    def calls_on(self, source: str | None) -> list[Call]:
        """Kept calls on one generator's output, or on nothing of the kind."""
        calls = [] if self.replay is None else self.replay.calls()
        return [call for call in calls if call.forward is not None and self.sources.get(call.forward) == {source}]

    def samples(self, calls: Sequence[Call]) -> Tensor:
        """512 samples, or as many as the calls give; the user's function comes before them."""
        with self.run() as give:
            if self._sample is not None:
                torch.manual_seed(0)
                return self._sample(PROBE_SAMPLES).detach()[:PROBE_SAMPLES]
            return give(calls)[:PROBE_SAMPLES]


def _give(module: nn.Module, calls: Sequence[Call]) -> Tensor:
    """What the calls give, as far as it takes less than 64 MB or a probe needs it."""
    # A fixed seed: movement between probes is then the generator's and not that of noise drawn inside it.
    torch.manual_seed(0)
    found: list[Tensor] = []
    for call in calls:
        output = first_float(module(*call.args, **call.kwargs))
        if output is not None:
            found.append(output.detach() if output.dim() > 1 else output.detach().unsqueeze(1))
        if sum(map(len, found)) >= LEAST_SAMPLES and sum(map(Tensor.nelement, found)) >= MOST_NUMBERS:
            break
    return torch.cat(found)
