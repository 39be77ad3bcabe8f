"""Probes during a run: samples of each generator, measured, into the recorder."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from gandiag.monitor.factors import Factor, find_factors, joined, labels_of
from gandiag.monitor.guard import Guard
from gandiag.monitor.replay import InputReplay, first_rows
from gandiag.monitor.sensitivity import ROWS, sensitivities
from gandiag.monitor.translation import cycle_errors, identity_distance, source_argument
from gandiag.monitor.watch import GeneratorWatch
from gandiag.probes import Probe, Reference, reference_from_samples, resolve_judge, take_samples
from gandiag.probes import packaged_reference as packaged
from gandiag.probes.classes import Labels
from gandiag.probes.images import as_digits, as_pictures
from gandiag.probes.judging import JudgeSpec
from gandiag.recording import Recorder

NO_CLASSES = "there is no judge that names classes, so whether the samples show the labels asked for is not known"
NO_REFERENCE = "there are no real samples to compare with: none were given, and the loop's could not be recognised"


class Prober:
    """Measures all watched generators with one judge against one reference.

    Args:
        watches: Generator label → its watch.
        judge: What a sample shows, as :func:`gandiag.attach` takes it.
        real: Real samples, as :func:`gandiag.attach` takes them.
        device: Where samples will be.
        recorder: Where rows go.
    """

    def __init__(
        self,
        watches: Mapping[str, GeneratorWatch],
        judge: JudgeSpec,
        real: Any,
        device: torch.device,
        recorder: Recorder,
    ) -> None:
        self._watches = watches
        self._recorder = recorder
        self._judges_digits = judge == "mnist"
        self._judging = resolve_judge(judge, device)
        reference = None
        if real is not None:
            reference = self.reference_from(take_samples(real, device))
        elif self._judges_digits:
            reference = packaged("mnist")
        self._guard = Guard(recorder)
        self._factors: dict[str, tuple[Factor, ...]] = {}
        self._probes = {label: Probe(self._judging, reference) for label in watches}

    def reference_from(self, samples: Tensor) -> Reference:
        """The real data as the judge sees it."""
        return reference_from_samples(self._for_judge(samples), self._judging)

    def _for_judge(self, samples: Tensor) -> Tensor:
        return as_digits(samples) if self._judges_digits else samples

    def _asked(self, label: str, count: int) -> Labels | None:
        """The classes that a generator's replayed inputs ask for."""
        replay = self._watches[label].replay
        if replay is None:
            return None
        asked = labels_of(replay.calls(), self._factors_of(label, replay))
        if asked is None:
            return None
        if not self._judging.gives_classes:
            self._recorder.abstain("probes.label_fidelity", NO_CLASSES)
        return Labels(asked.classes[:count], asked.count)

    def _sensitivities(self, label: str) -> dict[str, float]:
        """How far each of a generator's inputs decides what it makes."""
        watch = self._watches[label]
        if watch.replay is None or len(factors := self._factors_of(label, watch.replay)) < 2:
            return {}
        with watch.run() as give:
            return sensitivities(give, first_rows(watch.replay.calls(), ROWS), factors)

    def _translation(self, label: str) -> dict[str, float]:
        """Whether a translator changes anything, and whether a second one restores what it was given."""
        watch = self._watches[label]
        argument = None if watch.replay is None else source_argument(self._factors_of(label, watch.replay))
        calls = first_rows(watch.judged_calls(), ROWS)
        given = joined(calls, argument) if calls and argument is not None else None
        if given is None:
            return {}
        with watch.run() as give:
            samples = give(calls)
        row = identity_distance(given, samples)
        partners = [(other, kept) for other in self._watches.values() if (kept := other.calls_on(label))]
        if len(partners) != 1:
            return row
        partner, kept = partners[0]
        with partner.run() as restore:
            return row | cycle_errors(given, samples, kept[0], restore)

    def _factors_of(self, label: str, replay: InputReplay) -> tuple[Factor, ...]:
        """What a generator's inputs consist of, looked at once."""
        if label not in self._factors:
            self._factors[label] = factors = find_factors(replay.calls())
            inputs = self._recorder.meta.setdefault("inputs", {})
            inputs[label] = {one.name: {"kind": one.kind, "classes": one.class_count or None} for one in factors}
        return self._factors[label]

    @property
    def ready(self) -> bool:
        """Whether all generators can be sampled."""
        return all(watch.ready for watch in self._watches.values())

    def run(self, iteration: int, real_samples: Callable[[], list[Tensor]]) -> None:
        """Probe all generators.

        Args:
            iteration: Generator steps done.
            real_samples: The real samples that the loop itself used, the reference of last resort.
        """
        for label, watch in self._watches.items():
            probe = self._probes[label]
            if probe.reference is None and (seen := real_samples()):
                probe.reference = self.reference_from(torch.cat(seen))
            if probe.reference is None:
                self._recorder.abstain("probes.diversity", NO_REFERENCE)
            samples = watch.samples()
            asked = self._guard.run("probes.label_fidelity", self._asked, label, len(samples))
            row = probe.measure(self._for_judge(samples), asked)
            row |= self._guard.run("probes.sensitivity", self._sensitivities, label) or {}
            row |= self._guard.run("probes.cycle_error", self._translation, label) or {}
            columns = {"iteration": iteration, "network": label, **row}
            self._recorder.append("probes", pd.DataFrame({name: [value] for name, value in columns.items()}))
            pictures = as_pictures(samples)
            if pictures is not None and label == next(iter(self._watches)):
                self._recorder.add_samples(iteration, pictures)
