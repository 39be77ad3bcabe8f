"""Which of a discriminator's calls were on real samples, and which on generated ones."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from gandiag.monitor.provenance import DATA, MIXED, Kind, Origin, Provenance
from gandiag.monitor.signal import GeneratorSignal
from gandiag.monitor.tensors import first_float, tensors_in

MOST_CALLS = 64  # in one iteration


class Call(NamedTuple):
    """One forward pass of a discriminator.

    Attributes:
        logits: The discriminator's output.
        samples: Its first input.
        origin: What its inputs are made of, as far as this iteration tells.
        followed: Whether the origin comes from following operations, and not from memory addresses alone.
        through_generator: Whether gradients flow on from its input into a generator.
        penalised: Whether its input asks for gradients of its own, as penalties do.
    """

    logits: Tensor
    samples: Tensor
    origin: Origin
    followed: bool
    through_generator: bool
    penalised: bool


class DiscriminatorCalls:
    """Tells one discriminator's calls apart.

    While operations are followed, each call's origin is known, and an iteration with so many calls is remembered as a
    pattern: the first call is on real samples, the second on generated ones, and so on. Later iterations with as many
    calls follow the pattern. Where no pattern was ever certain, and the memory that a detached output shares with its
    original does not tell either, nothing is said.
    """

    def __init__(self, generators: list[GeneratorSignal], provenance: Provenance) -> None:
        self._generators = generators
        self._provenance = provenance
        self._patterns: dict[int, tuple[Origin, ...]] = {}
        self._calls: list[Call] = []
        self.ever_recognised = False
        self.puzzled = False

    def after_forward(self, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        """Take note of one call."""
        logits = first_float(output)
        given = args if not kwargs and all(isinstance(item, Tensor) for item in args) else tensors_in((args, kwargs))
        inputs = [tensor for tensor in given if tensor.is_floating_point() and tensor.dim() > 0]
        if logits is None or not inputs or logits.dim() == 0 or len(self._calls) == MOST_CALLS:
            return
        origin = self._origin(inputs)
        through_generator = any(tensor.requires_grad and tensor.grad_fn is not None for tensor in inputs)
        if through_generator and (generator := self._opponent(origin)) is not None:
            generator.listen_to_head(logits)
        penalised = any(tensor.requires_grad and tensor.grad_fn is None for tensor in inputs)
        call = Call(
            logits.detach().clone(), inputs[0].detach(), origin, self._provenance.on, through_generator, penalised
        )
        self._calls.append(call)

    def _origin(self, inputs: list[Tensor]) -> Origin:
        """Generated where that was followed, or where an input shares its memory with a generator's latest output."""
        if self._provenance.on:
            return self._provenance.origin(inputs)
        if self._patterns and len(self._generators) == 1:
            return DATA  # the pattern will tell
        for generator in self._generators:
            if any(generator.made(tensor) for tensor in inputs):
                return Origin(Kind.FAKE, generator.label)
        return DATA

    def _opponent(self, origin: Origin) -> GeneratorSignal | None:
        if len(self._generators) == 1:
            return self._generators[0]
        return next((generator for generator in self._generators if generator.label == origin.generator), None)

    def close_iteration(self) -> Tensor | None:
        """Hand the generators their opponent's logits; returns real samples where they are known to be real."""
        calls, self._calls = self._calls, []
        origins = self._origins_of(calls)
        self.puzzled = bool(calls) and origins is None
        if origins is None:
            return None
        self.ever_recognised = True
        return self._hand_over(calls, origins)

    def _origins_of(self, calls: list[Call]) -> tuple[Origin, ...] | None:
        """The origin of each call, or ``None`` where it is not certain."""
        followed = all(call.followed for call in calls)
        found = certain_origins(calls) if followed or not self._patterns else None
        if found is not None and followed:
            self._patterns[len(calls)] = found
        return self._patterns.get(len(calls), found)

    def _hand_over(self, calls: list[Call], origins: tuple[Origin, ...]) -> Tensor | None:
        real: Tensor | None = None
        real_logits: Tensor | None = None
        fake_logits: dict[str | None, Tensor] = {}
        for call, origin in zip(calls, origins, strict=True):
            if origin.kind is Kind.DATA:
                real, real_logits = call.samples, call.logits
            elif origin.kind is Kind.ROWS and len(origin.rows) == len(call.logits):
                real, real_logits = _rows(call.samples, origin, Kind.DATA), _rows(call.logits, origin, Kind.DATA)
                fake_logits[origin.generator] = _rows(call.logits, origin, Kind.FAKE)
            elif origin.kind is Kind.FAKE and not (call.through_generator and origin.generator in fake_logits):
                fake_logits[origin.generator] = call.logits
        for label, logits in fake_logits.items():
            opponent = self._opponent(Origin(Kind.FAKE, label))
            if opponent is not None:
                opponent.fake_logits, opponent.real_logits = logits, real_logits
        return real


def _rows(batch: Tensor, origin: Origin, kind: Kind) -> Tensor:
    """The samples of one kind in a joint batch."""
    indices = [index for index, row in enumerate(origin.rows) if row is kind]
    first, count = indices[0], len(indices)
    if indices[-1] - first + 1 == count:
        return batch[first : first + count]  # on a GPU, an index list would make it wait
    return batch[torch.tensor(indices, device=batch.device)]


def certain_origins(calls: list[Call]) -> tuple[Origin, ...] | None:
    """The origins of an iteration's calls if they make sense together; calls for a penalty's sake become ``MIXED``.

    Generated samples may reach the discriminator by ways that nobody can follow (NumPy, a file); such a call would pass
    for one on data. It would leave more calls on data than on generated samples, which no training loop has: hence such
    an iteration is not certain. Nor is one with real and generated samples in one batch beside a batch of data alone: a
    pool of older generated samples looks like that.
    """
    plain = {call.origin.kind for call in calls if not call.penalised and not call.through_generator}
    origins = [MIXED if call.penalised and call.origin.kind in plain else call.origin for call in calls]
    kinds = [origin.kind for origin in origins]
    if Kind.ROWS in kinds:
        return None if Kind.DATA in kinds else tuple(origins)
    if all(call.followed for call in calls):
        enough = kinds.count(Kind.FAKE) >= kinds.count(Kind.DATA)
    else:
        # Addresses tell a detached output only where it comes unchanged; then every call on data has one beside it.
        unchanged = [call for call in calls if call.origin.kind is Kind.FAKE and not call.through_generator]
        enough = kinds.count(Kind.DATA) <= len(unchanged)
    return tuple(origins) if enough and Kind.DATA in kinds and Kind.FAKE in kinds else None
