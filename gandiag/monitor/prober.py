"""Probes during a run: samples of each generator, measured, into the recorder."""

import importlib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from gandiag.errors import GandiagError
from gandiag.monitor.inputs import InputProbe
from gandiag.monitor.watch import GeneratorWatch
from gandiag.probes import Probe, Reference, reference_from_samples, resolve_judge, take_samples
from gandiag.probes import packaged_reference as packaged
from gandiag.probes.classes import Labels
from gandiag.probes.images import as_digits, as_pictures
from gandiag.probes.judging import JudgeSpec
from gandiag.recording import Recorder

NO_REFERENCE = (
    "there are no real samples to compare with: none were given, and the loop's could not be recognised, or are not of "
    "the size of generated ones, or are all the same; give some as 'real'"
)


class Prober:
    """Measures all watched generators with one judge against one reference.

    Args:
        watches: Generator label → its watch.
        judge: What a sample shows, as :func:`gandiag.attach` takes it.
        real: Real samples, as :func:`gandiag.attach` takes them.
        device: Where samples will be.
        recorder: Where rows go.
    """

    REMEMBERED = ("_watches", "_inputs", "_probes", "_borrowing")

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
        if not self._judging.gives_classes:
            # Clusters need it. In the loop its second would pass for what a probe takes, and put off the next.
            importlib.import_module("sklearn.cluster")
        self._inputs = InputProbe(watches, self._classes if self._judging.gives_classes else None, recorder)
        self._probes = {
            label: Probe(self._judging, reference) for label, reference in self._references(real, device).items()
        }
        self._borrowing = {label: 0 for label, probe in self._probes.items() if probe.reference is None}

    def _references(self, real: Any, device: torch.device) -> dict[str, Reference | None]:
        """Generator label → the real data that it is measured against."""
        if isinstance(real, Mapping):
            names = {label: label.removeprefix("G.") for label in self._watches}
            if set(real) != set(names.values()):
                raise GandiagError(
                    f"'real' by names needs one entry for each generator ({', '.join(names.values())}); got "
                    f"{', '.join(map(str, real))}."
                )
            return {label: self.reference_from(take_samples(real[name], device)) for label, name in names.items()}
        reference = None
        if real is not None:
            reference = self.reference_from(take_samples(real, device))
        elif self._judges_digits:
            reference = packaged("mnist")
        return dict.fromkeys(self._watches, reference)

    def _borrow(self, label: str, samples: Tensor, seen: Sequence[Tensor]) -> None:
        """Compare with what the loop gave the discriminator as real, if that is of the samples' size.

        At the first probe these are few; as soon as they are twice as many, they are looked at again. A run that goes
        on looks at those of before.
        """
        count = sum(map(len, seen))
        if count >= 2 * max(1, self._borrowing[label]):
            self._borrowing[label] = count
        elif self._probes[label].reference is not None or not self._borrowing[label]:
            return
        real = torch.cat(list(seen))[: self._borrowing[label]]
        if real[0].numel() == samples[0].numel():
            self._probes[label].reference = self.reference_from(real)

    @property
    def borrows(self) -> bool:
        """Whether the loop's own real samples are what it compares with."""
        return bool(self._borrowing)

    def reference_from(self, samples: Tensor) -> Reference | None:
        """The real data as the judge sees it; ``None`` where that is one point over and over, which is no yardstick."""
        reference = reference_from_samples(self._for_judge(samples), self._judging)
        return reference if reference.pairwise_distance > 0 else None

    def _classes(self, samples: Tensor) -> Labels:
        judged = self._judging(self._for_judge(samples)).probabilities
        assert judged is not None
        return Labels(judged.argmax(dim=1), judged.shape[1])

    def _for_judge(self, samples: Tensor) -> Tensor:
        return as_digits(samples) if self._judges_digits else samples

    @property
    def ready(self) -> bool:
        """Whether all generators can be sampled."""
        return all(watch.ready for watch in self._watches.values())

    def run(self, iteration: int, real_samples: Callable[[Collection[str]], list[Tensor]]) -> None:
        """Probe all generators.

        Args:
            iteration: Generator steps done.
            real_samples: Labels of discriminators → the real samples that the loop gave them, the reference of last
                resort.
        """
        for label, watch in self._watches.items():
            probe = self._probes[label]
            samples = watch.samples(self._inputs.calls(label))
            if label in self._borrowing:
                self._borrow(label, samples, real_samples(watch.judges))
            if probe.reference is None:
                self._recorder.abstain("probes.diversity", NO_REFERENCE)
            asked = self._inputs.asked(label, len(samples))
            row = probe.measure(self._for_judge(samples), asked) | self._inputs.measure(label)
            columns = {"iteration": iteration, "network": label, **row}
            self._recorder.append("probes", pd.DataFrame({name: [value] for name, value in columns.items()}))
            pictures = as_pictures(samples)
            if pictures is not None and label == next(iter(self._watches)):
                self._recorder.add_samples(iteration, pictures)
