"""Which of a discriminator's calls were on real samples, and which on generated ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gandiag.monitor.loss_family import is_reconstruction
from gandiag.monitor.provenance import DATA, MIXED, Kind, Origin, Provenance
from gandiag.monitor.signal import GeneratorSignal
from gandiag.monitor.tensors import judgement_in, tensors_in

MOST_CALLS = 64  # in one iteration
SEARCHES = 3  # for samples beside a condition: each makes a GPU wait


@dataclass(slots=True)
class Call:
    """One forward pass of a discriminator.

    Attributes:
        logits: The discriminator's output.
        inputs: Its floating-point inputs.
        samples: That of them which stands where generated samples do; a condition may stand beside.
        origin: What its inputs are made of, as far as this iteration tells.
        followed: Whether the origin comes from following operations, and not from memory addresses alone.
        through_generator: Whether gradients flow on from its input into a generator.
        penalised: Whether its input asks for gradients of its own, as penalties do.
        logit_gradient: ∂L/∂logit of the latest backward pass; looked at in a few iterations only.
    """

    logits: Tensor
    inputs: list[Tensor]
    samples: Tensor
    origin: Origin
    followed: bool
    through_generator: bool
    penalised: bool
    logit_gradient: Tensor | None = None


class DiscriminatorCalls:
    """Tells one discriminator's calls apart.

    While operations are followed, each call's origin is known, and an iteration with so many calls is remembered as a
    pattern: the first call is on real samples, the second on generated ones, and so on. Later iterations with as many
    calls follow the pattern. Where no pattern was ever certain, and the memory that a detached output shares with its
    original does not tell either, nothing is said.
    """

    REMEMBERED = ("_patterns", "ever_called", "ever_recognised", "puzzled", "_position", "_columns", "_searches")

    def __init__(self, generators: list[GeneratorSignal], provenance: Provenance) -> None:
        self._generators = generators
        self._provenance = provenance
        self._patterns: dict[int, tuple[Origin, ...]] = {}
        self._judged_until = 0
        self.calls: list[Call] = []
        self.ever_called = False
        self.ever_recognised = False
        self.puzzled = False
        self.reconstructs = False
        self._position: int | None = None
        self._columns: slice | None = None
        self._searches = 0

    def after_forward(self, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any, examined: bool) -> Call | None:
        """Take note of one call; of an ``examined`` one, the loss's derivatives are kept."""
        self.ever_called = True
        simple = len(args) == 1 and not kwargs and isinstance(args[0], Tensor)
        given = args if simple else tensors_in((args, kwargs))
        inputs = [tensor for tensor in given if tensor.is_floating_point() and tensor.dim()]
        logits = judgement_in(output, inputs)
        if logits is None or not inputs or not logits.dim() or len(self.calls) == MOST_CALLS:
            return None
        origin = self._origin(inputs)
        with_gradient = [tensor.grad_fn for tensor in inputs if tensor.requires_grad]
        through_generator = bool(with_gradient) and any(node is not None for node in with_gradient)
        if through_generator and (generator := self._opponent(origin)) is not None:
            behind = next(tensor for tensor in inputs if tensor.grad_fn is not None)
            generator.listen_to_head(behind, origin.forward, logits, pair=examined)
        penalised = None in with_gradient
        followed, plain = self._provenance.on, [tensor.detach() for tensor in inputs]
        self._look_where_samples_stand(inputs)
        call = Call(
            logits.detach().clone(), plain, self._samples(plain), origin, followed, through_generator, penalised
        )
        self.calls.append(call)
        return call

    def _look_where_samples_stand(self, inputs: list[Tensor]) -> None:
        """Of several inputs, the generated one shows it; of earlier calls, that is then known as well."""
        if self._position is not None or len(inputs) == 1 or not self._provenance.on:
            return
        fakes = [at for at, one in enumerate(inputs) if self._provenance.origin([one]).kind in (Kind.FAKE, Kind.ROWS)]
        if len(fakes) == 1:
            self._position = fakes[0]
            for call in self.calls:
                call.samples = self._samples(call.inputs)

    def _samples(self, inputs: list[Tensor]) -> Tensor:
        """The input that is a sample; as long as that is not known, the largest."""
        if self._position is not None and self._position < len(inputs):
            return inputs[self._position]
        return max(inputs, key=lambda tensor: tensor[:1].numel())

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

    def is_unchanged(self, samples: Tensor) -> bool:
        """Whether these are a generator's latest output itself."""
        return any(generator.made(samples) for generator in self._generators)

    def _opponent(self, origin: Origin) -> GeneratorSignal | None:
        if len(self._generators) == 1:
            return self._generators[0]
        return next((generator for generator in self._generators if generator.label == origin.generator), None)

    def before_own_step(self) -> None:
        """The discriminator is about to step: what it was called on so far was for its own loss."""
        self._judged_until = len(self.calls)

    def close_iteration(self, ahead: bool = False) -> Tensor | None:
        """Hand the generators their opponent's logits; returns real samples where they are known to be real.

        Args:
            ahead: Whether the generator's loss comes from an unrolled discriminator: then its latest judgements count,
                and not those of its own loss.
        """
        calls, judged_until = self.calls, self._judged_until
        self.forget()
        origins = self.origins_of(calls)
        # The generator's pass alone, as between the steps of a rare discriminator, is no puzzle.
        self.puzzled = origins is None and not all(call.through_generator for call in calls)
        if origins is None:
            return None
        self.ever_recognised = True
        real = self._hand_over(calls, origins, judged_until, ahead)
        return None if real is None else self._without_condition(real, calls)

    def look_for_reconstructions(self) -> None:
        """Whether the output is the input once more: what the loop makes of that, its judgement, is out of sight."""
        self.reconstructs |= any(
            call.logit_gradient is not None and is_reconstruction(call.logits, call.logit_gradient, call.samples)
            for call in self.calls
        )

    def take_back(self) -> None:
        """Outputs that were handed over and are no logits."""
        for generator in self._generators:
            generator.real_logits = generator.fake_logits = generator.head_gradient = None
            generator.head_pairs = []

    def _without_condition(self, real: Tensor, calls: list[Call]) -> Tensor:
        """The columns of real samples that are samples, where a condition stands beside them in one tensor."""
        if self._columns is None and self._searches < SEARCHES:
            judged = next((call.samples for call in reversed(calls) if call.through_generator), None)
            made = [one for generator in self._generators for one in generator.latest if _is_narrower(one, judged)]
            self._searches += bool(made)
            found = [
                columns for one in made if judged is not None and (columns := _columns_of(one, judged)) is not None
            ]
            self._columns = found[0] if found else None
        return real if self._columns is None else real[:, self._columns]

    def forget(self) -> None:
        """Begin anew."""
        self.calls, self._judged_until = [], 0

    def origins_of(self, calls: list[Call]) -> tuple[Origin, ...] | None:
        """The origin of each call of a whole iteration, or ``None`` where it is not certain."""
        followed = all(call.followed for call in calls)
        found = certain_origins(calls) if followed or not self._patterns else None
        if found is not None and followed:
            self._patterns[len(calls)] = found
        return self._patterns.get(len(calls), found)

    def _hand_over(
        self, calls: list[Call], origins: tuple[Origin, ...], judged_until: int, ahead: bool
    ) -> Tensor | None:
        """The latest logits of each kind; those of the discriminator's own loss before those of the generator's."""
        real: Tensor | None = None
        real_logits: Tensor | None = None
        fakes: dict[str | None, Call] = {}
        fake_logits: dict[str | None, Tensor] = {}
        for index, (call, origin) in enumerate(zip(calls, origins, strict=True)):
            own, label = ahead or index < judged_until, origin.generator
            if origin.kind is Kind.DATA and (own or real_logits is None):
                real, real_logits = call.samples, call.logits
            elif origin.kind is Kind.ROWS and len(origin.rows) == len(call.logits):
                real, real_logits = _rows(call.samples, origin, Kind.DATA), _rows(call.logits, origin, Kind.DATA)
                fake_logits[label] = _rows(call.logits, origin, Kind.FAKE)
            elif origin.kind is Kind.FAKE and (own or label not in fakes or _is_detached_rather(call, fakes[label])):
                fakes[label] = call
        fake_logits |= {label: call.logits for label, call in fakes.items() if label not in fake_logits}
        for label, logits in fake_logits.items():
            opponent = self._opponent(Origin(Kind.FAKE, label))
            if opponent is not None:
                opponent.fake_logits, opponent.real_logits = logits, real_logits
        return real


def _is_narrower(made: Tensor, judged: Tensor | None) -> bool:
    """Whether samples have fewer columns than what was judged, and are like it otherwise."""
    if judged is None or made.dim() != judged.dim() or made.dim() < 2 or made.shape[0] != judged.shape[0]:
        return False
    return made.shape[1] < judged.shape[1] and made.shape[2:] == judged.shape[2:]


def _columns_of(made: Tensor, judged: Tensor) -> slice | None:
    """Where in what was judged the generated samples stand as they are."""
    width = made.shape[1]
    for first in range(judged.shape[1] - width + 1):
        if torch.equal(judged[:, first : first + width], made):
            return slice(first, first + width)
    return None


def _is_detached_rather(call: Call, former: Call) -> bool:
    """Whether of two calls on generated samples only the first can be for the discriminator's own loss."""
    return former.through_generator and not call.through_generator


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
    kinds = _without_unread(calls, kinds_of(calls))
    origins = [call.origin if call.origin.kind is kind else MIXED for call, kind in zip(calls, kinds, strict=True)]
    if Kind.ROWS in kinds:
        return None if Kind.DATA in kinds else tuple(origins)
    if all(call.followed for call in calls):
        enough = kinds.count(Kind.FAKE) >= kinds.count(Kind.DATA)
    else:
        # Addresses tell a detached output only where it comes unchanged; then every call on data has one beside it.
        unchanged = [call for call in calls if call.origin.kind is Kind.FAKE and not call.through_generator]
        enough = kinds.count(Kind.DATA) <= len(unchanged)
    return tuple(origins) if enough and Kind.DATA in kinds and Kind.FAKE in kinds else None


def _without_unread(calls: Sequence[Call], kinds: Sequence[Kind]) -> list[Kind]:
    """``MIXED`` for calls whose judgement no loss asked for, beside one on the like whose judgement one did.

    Such are those for another head: of images turned about, whose turn is to be told, or for a look at the logits.
    """
    read = {kind for call, kind in zip(calls, kinds, strict=True) if call.logit_gradient is not None}
    return [
        Kind.MIXED if call.logit_gradient is None and kind in read else kind
        for call, kind in zip(calls, kinds, strict=True)
    ]


def kinds_of(calls: Sequence[Call], generator_passes: int = 1) -> list[Kind]:
    """What each call was on; a call for a penalty's sake, beside one for the loss on the like, is ``MIXED``.

    Args:
        calls: Some calls of one iteration.
        generator_passes: How many of those that gradients flow through are for the generator's loss.
    """
    plain = {call.origin.kind for call in calls if not call.penalised and not call.through_generator}
    if sum(call.through_generator for call in calls) > generator_passes:
        plain.add(Kind.FAKE)
    return [Kind.MIXED if call.penalised and call.origin.kind in plain else call.origin.kind for call in calls]
