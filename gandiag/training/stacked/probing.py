"""Probes of a stack: the samples of every member at its own fixed inputs, each measured as it would be alone."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn

from gandiag.data import Dataset
from gandiag.monitor.clock import PROBING_SHARE, Clock
from gandiag.monitor.watch import PROBE_SAMPLES
from gandiag.probes import Probe, packaged_reference, reference_from_samples, resolve_judge, take_samples
from gandiag.probes.images import as_digits, as_pictures
from gandiag.probes.judging import JudgeSpec
from gandiag.recording import Recorder


class StackProbes:
    """Measures all members with one judge against one reference.

    Args:
        dataset: The real data.
        judge: What a sample shows.
        recorders: One a member, where its rows go.
        every: Generator steps from probe to probe.
    """

    def __init__(self, dataset: Dataset, judge: JudgeSpec, recorders: Sequence[Recorder], every: int) -> None:
        self._recorders = recorders
        self._judges_digits = judge == "mnist"
        device = dataset.samples.device
        judging = resolve_judge(judge, device)
        packaged = packaged_reference("mnist") if dataset.name == "mnist" else None
        reference = packaged or reference_from_samples(self._for_judge(take_samples(dataset.samples, device)), judging)
        self._probes = [Probe(judging, reference) for _ in recorders]
        self._clock = Clock(every, PROBING_SHARE)
        self._inputs: list[Tensor] = []
        self._rows: list[list[dict[str, Any]]] = [[] for _ in recorders]
        self._seen = 0

    def see(self, noise: Tensor) -> None:
        """Keep the first 512 inputs :math:`(m, n, *)` that the generators are fed."""
        if self._seen < PROBE_SAMPLES:
            self._inputs.append(noise)
            self._seen += noise.shape[1]

    def after_generator_step(self, iteration: int, generator: nn.Module, last: bool) -> None:
        """Probe if it is due, and after the last step."""
        ready = self._seen >= PROBE_SAMPLES
        if ready and (self._clock.due(iteration) or (last and self._clock.last != iteration)):
            self._probe(iteration, generator)
            self._clock.done(iteration, 0.0)

    @torch.no_grad()
    def _probe(self, iteration: int, generator: nn.Module) -> None:
        training = generator.training
        samples = generator.eval()(torch.cat(self._inputs, dim=1)[:, :PROBE_SAMPLES])
        generator.train(training)
        for own, probe, rows, recorder in zip(samples, self._probes, self._rows, self._recorders, strict=True):
            rows.append({"iteration": iteration, "network": "G", **probe.measure(self._for_judge(own))})
            pictures = as_pictures(own)
            if pictures is not None:
                recorder.add_samples(iteration, pictures)

    def record(self) -> None:
        """Hand each member's rows to its recorder."""
        for rows, recorder in zip(self._rows, self._recorders, strict=True):
            recorder.append("probes", pd.DataFrame(rows))

    def _for_judge(self, samples: Tensor) -> Tensor:
        return as_digits(samples) if self._judges_digits else samples
