"""What the probes say of each generator's inputs."""

from collections.abc import Callable, Mapping, Sequence

from torch import Tensor

from gandiag.monitor.factors import Factor, find_factors, joined, labels_of
from gandiag.monitor.guard import Guard
from gandiag.monitor.replay import Call, InputReplay, first_rows
from gandiag.monitor.sensitivity import ROWS, sensitivities
from gandiag.monitor.translation import content_kept, cycle_errors, identity_distance, source_argument
from gandiag.monitor.watch import GeneratorWatch
from gandiag.probes.classes import Labels
from gandiag.probes.probe import LEAST_SAMPLES
from gandiag.recording import Recorder

NO_CLASSES = "there is no judge that names classes, so whether the samples show the labels asked for is not known"
NOT_FOLLOWED = "which of a translator's calls are on data and go to a discriminator could not be followed"


class InputProbe:
    """Looks at what generators are fed, once, and at what they make of it, at each probe.

    Errors only leave the columns in question out.

    Args:
        watches: Generator label → its watch.
        classes: The classes that samples show; ``None`` where there is no judge that names any.
        recorder: Keeps what the inputs are: ``meta["inputs"]``, generator label → name → ``kind``, ``classes``.
    """

    REMEMBERED = ("_guard", "_chosen")

    def __init__(
        self, watches: Mapping[str, GeneratorWatch], classes: Callable[[Tensor], Labels] | None, recorder: Recorder
    ) -> None:
        self._watches = watches
        self._classes = classes
        self._recorder = recorder
        self._guard = Guard(recorder)
        self._factors: dict[str, tuple[Factor, ...]] = {}
        self._chosen: dict[str, list[int]] = {}  # of the kept calls

    def calls(self, label: str) -> Sequence[Call]:
        """The calls to replay, the same at each probe: of a translator, those whose samples a discriminator judges."""
        replay = self._watches[label].replay
        if replay is None:
            return ()
        kept = replay.calls()
        if label not in self._chosen:
            judged = self._guard.run("probes.identity_distance", self._translated, label, replay) or kept
            self._chosen[label] = [index for index, call in enumerate(kept) if any(call is one for one in judged)]
        return [kept[index] for index in self._chosen[label]]

    def _translated(self, label: str, replay: InputReplay) -> Sequence[Call]:
        """A translator's calls that a discriminator judges, if there are enough to measure."""
        if source_argument(self._factors_of(label, replay)) is None:
            return ()
        judged = self._watches[label].judged_calls()
        return judged if sum(call.samples for call in judged) >= LEAST_SAMPLES else ()

    def asked(self, label: str, count: int) -> Labels | None:
        """The classes that a generator's first ``count`` replayed inputs ask for; ``None`` where they ask for none."""
        return self._guard.run("probes.label_fidelity", self._asked, label, count)

    def measure(self, label: str) -> dict[str, float]:
        """Columns of the probes table; none for a generator that is fed noise alone."""
        row = self._guard.run("probes.sensitivity", self._sensitivities, label) or {}
        return row | (self._guard.run("probes.cycle_error", self._translation, label) or {})

    def _asked(self, label: str, count: int) -> Labels | None:
        replay = self._watches[label].replay
        asked = None if replay is None else labels_of(self.calls(label), self._factors_of(label, replay))
        if asked is None:
            return None
        if self._classes is None:
            self._recorder.abstain("probes.label_fidelity", NO_CLASSES)
        return Labels(asked.classes[:count], asked.count)

    def _sensitivities(self, label: str) -> dict[str, float]:
        """How far each of a generator's inputs decides what it makes."""
        watch = self._watches[label]
        if watch.replay is None or len(factors := self._factors_of(label, watch.replay)) < 2:
            return {}
        with watch.run() as give:
            return sensitivities(give, first_rows(self.calls(label), ROWS), factors)

    def _translation(self, label: str) -> dict[str, float]:
        """Whether a translator changes anything, and whether a second one restores what it was given."""
        watch = self._watches[label]
        argument = None if watch.replay is None else source_argument(self._factors_of(label, watch.replay))
        if argument is None:
            return {}
        calls = first_rows(watch.judged_calls(), ROWS)
        given = joined(calls, argument)
        if given is None:
            self._recorder.abstain("probes.identity_distance", NOT_FOLLOWED)
            return {}
        with watch.run() as give:
            samples = give(calls)
        row = identity_distance(given, samples)
        if self._classes is not None and given.shape == samples.shape:
            row |= content_kept(self._classes(given), self._classes(samples))
        partners = [(other, kept) for other in self._watches.values() if (kept := other.calls_on(label))]
        if len(partners) != 1:
            return row
        partner, kept = partners[0]
        with partner.run() as restore:
            return row | cycle_errors(given, samples, kept[0], restore)

    def _factors_of(self, label: str, replay: InputReplay) -> tuple[Factor, ...]:
        if label not in self._factors:
            self._factors[label] = factors = find_factors(replay.calls())
            inputs = self._recorder.meta.setdefault("inputs", {})
            inputs[label] = {one.name: {"kind": one.kind, "classes": one.class_count or None} for one in factors}
        return self._factors[label]
