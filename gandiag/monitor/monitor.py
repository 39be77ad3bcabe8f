"""The handle on a watched training run."""

import time
import warnings
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import torch

from gandiag.detect import Diagnosis, diagnose
from gandiag.detect.alarm import ALARM_FROM, Alarm
from gandiag.errors import GandiagWarning
from gandiag.monitor.clock import JUDGING_SECONDS, JUDGING_SHARE, Clock
from gandiag.monitor.guard import Guard
from gandiag.monitor.memory import remembered, take_up
from gandiag.monitor.networks import Network
from gandiag.monitor.norms import Number
from gandiag.monitor.observer import Observer
from gandiag.monitor.prober import Prober
from gandiag.monitor.watch import GeneratorWatch
from gandiag.recording import Recorder, Recording
from gandiag.report import write_report

META_KEPT = ("abstentions", "inputs", "loss")

OnAlarm = Literal["warn", "stop", "ignore"] | Callable[[Diagnosis], None]


class TrainingStopped(Exception):  # noqa: N818 - no error of anybody's: the user asked for it
    """Raised in the training loop by ``on_alarm="stop"``; ``diagnosis`` says why."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        super().__init__(str(diagnosis))
        self.diagnosis = diagnosis


class Monitor:
    """Watches a run from :func:`gandiag.attach` on, until it is closed or its networks are gone.

    A context manager: ``with gandiag.attach(generator, discriminator) as monitor:`` closes it at the end.
    """

    def __init__(
        self,
        networks: list[Network],
        watches: dict[str, GeneratorWatch],
        prober: Prober,
        recorder: Recorder,
        clock: Clock,
        on_alarm: OnAlarm,
        start: int = 0,
        earlier: Sequence[Mapping[int, Number]] = (),
    ) -> None:
        self._networks = [network.label for network in networks]
        self._recorder = recorder
        self._prober = prober
        self._clock = clock
        self._on_alarm = on_alarm
        # At probes that the user has fixed, the alarm is as repeatable as they are.
        self._judging = Clock(clock.every, JUDGING_SHARE, on_alarm != "ignore", JUDGING_SECONDS)
        self._alarm = Alarm(ALARM_FROM)
        self._guard = Guard(recorder)
        monitor = weakref.ref(self)

        def after_generator_step(iteration: int) -> None:
            if (alive := monitor()) is not None:
                alive._after_generator_step(iteration)

        self._observer = Observer(networks, watches, recorder, self._guard, after_generator_step, start, earlier)
        self._closed = False

    @property
    def recording(self) -> Recording:
        """Everything recorded so far."""
        if not self._closed:
            self._guard.run("steps", self._observer.flush)
        return self._recorder.recording()

    @property
    def iterations(self) -> int:
        """Generator steps done."""
        return self._observer.iteration

    @property
    def closed(self) -> bool:
        """Whether it watches no longer."""
        return self._closed

    @property
    def write_error(self) -> str | None:
        """Why the run directory can no longer be written; ``None`` while it can, or if there is none."""
        return self._recorder.write_error

    def diagnose(self) -> Diagnosis:
        """The verdict on the run so far, at any time."""
        return diagnose(self.recording)

    def report(self, path: str | Path) -> Path:
        """Write the report on the run so far: one HTML file that works offline."""
        recording = self.recording
        return write_report(recording, diagnose(recording), path)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint must hold for the run to go on being watched as if it had never stopped.

        Inputs that are replayed, the samples of the last probe, what is known of the loop; plain tensors, numbers and
        text, which ``torch.load(weights_only=True)`` reads. To be taken between two steps. The run directory is brought
        up to date with it, so that nothing from before is lost if the run is killed after.
        """
        self._guard.run("steps", self._observer.flush)
        state = {
            "networks": self._networks,
            "iterations": self.iterations,
            "meta": remembered({name: self._recorder.meta.get(name) for name in META_KEPT}),
            "guard": remembered(self._guard),
            "observer": remembered(self._observer),
        }
        if not self._prober.borrows:
            del state["observer"]["_real_samples"]
        try:
            return state | {"prober": remembered(self._prober), "clock": remembered(self._clock)}
        except TypeError:  # inputs that only the loop itself can make again
            return state

    def go_on(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Take up the state of the run that training goes on from."""
        parts = {"guard": self._guard, "observer": self._observer, "prober": self._prober, "clock": self._clock}
        for name, part in parts.items():
            if name in state:
                take_up(part, state[name], device)
        self._observer.go_on()
        for name, value in state["meta"].items():
            if value is not None and not self._recorder.meta.get(name):
                self._recorder.meta[name] = take_up(None, value, device)

    def close(self) -> None:
        """Probe a last time, remove all hooks and bring the run directory up to date. A second call does nothing."""
        if self._closed:
            return
        iteration = self._observer.iteration
        if self._prober.ready and iteration and self._clock.last != iteration and self._clock.ever:
            self._guard.run("probes", self._probe, iteration)
        self._recorder.meta["status"] = "finished"
        self._observer.close()
        self._closed = True

    def __enter__(self) -> "Monitor":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _after_generator_step(self, iteration: int) -> None:
        if not self._prober.ready or not self._clock.due(iteration):
            return
        started = time.perf_counter()
        self._guard.run("probes", self._probe, iteration)
        watchful = self._judging.due(iteration) and self._alarm.listens(iteration)
        diagnosis = self._guard.run("alarm", self._diagnose_in_passing, iteration) if watchful else None
        self._clock.done(iteration, time.perf_counter() - started)
        if diagnosis is not None:
            self._raise_alarm(diagnosis)

    def _diagnose_in_passing(self, iteration: int) -> Diagnosis:
        """The verdict from what is in memory: an evenly spread selection, if the run is long."""
        started = time.perf_counter()
        self._observer.drain()
        diagnosis = diagnose(self._recorder.recording(thinned=True))
        self._judging.done(iteration, time.perf_counter() - started)
        return diagnosis

    def _probe(self, iteration: int) -> None:
        self._prober.run(iteration, self._observer.real_samples)

    def _raise_alarm(self, diagnosis: Diagnosis) -> None:
        """Say a failure once, in the way the user asked for."""
        if not self._alarm.is_raised_by(diagnosis.verdict):
            return
        if callable(self._on_alarm):
            self._on_alarm(diagnosis)
        elif self._on_alarm == "stop":
            self.close()
            raise TrainingStopped(diagnosis)
        else:
            warnings.warn(f"At iteration {diagnosis.iterations}:\n{diagnosis}", GandiagWarning, stacklevel=2)
