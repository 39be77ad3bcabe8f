"""The one line that people add to their training script."""

import atexit
import platform
import sys
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gandiag.errors import GandiagError
from gandiag.monitor.clock import FIRST_PROBE_SECONDS, PROBING_SHARE, Clock
from gandiag.monitor.monitor import Monitor, OnAlarm
from gandiag.monitor.networks import Modules, Network, label_networks
from gandiag.monitor.norms import Number
from gandiag.monitor.prober import Prober
from gandiag.monitor.processes import is_first, unwrapped
from gandiag.monitor.watch import GeneratorWatch
from gandiag.probes import JudgeSpec
from gandiag.recording import Recorder
from gandiag.version import VERSION

_MONITORS: "weakref.WeakKeyDictionary[nn.Module, Monitor]" = weakref.WeakKeyDictionary()
"""Keeps a monitor alive as long as its networks, so that ``attach`` alone is enough; monitors hold no module."""


def attach(
    generator: Modules,
    discriminator: Modules,
    *,
    real: Any = None,
    sample: Callable[[int], Tensor] | None = None,
    judge: JudgeSpec = None,
    every: int | None = None,
    out: str | Path | None = None,
    on_alarm: OnAlarm = "warn",
    loss: str | None = None,
    start: int = 0,
    state: Mapping[str, Any] | None = None,
    configuration: dict[str, Any] | None = None,
) -> Monitor:
    """Watch a GAN's training; the loop stays as it is, and so does every number in it.

    Attaching again to a watched network replaces the former monitor. Where several processes train together, attach in
    each of them: the norms are of the reduced gradients, and the first process (rank 0) alone probes, raises alarms
    and writes the run directory.

    Args:
        generator: The generator, or ``{name: module}`` for several.
        discriminator: The discriminator, or ``{name: module}`` for several.
        real: Real samples: a tensor, a data set or a loader; or ``{name: those}``, what each of several generators is
            to make. Left out, the real samples that the loop itself gives the discriminator are used, or the packaged
            statistics of MNIST with ``judge="mnist"``.
        sample: ``n -> samples``, in the form that the discriminator takes. Left out, the generator is replayed on
            inputs that the loop fed it.
        judge: What a sample shows: ``"mnist"`` for the packaged digit classifier; a module whose output are class
            logits (with a method ``features``, if its features are others); a module with ``num_features``, whose
            output are features; or ``None``, and samples are compared as they are.
        every: Generator steps from probe to probe. Left out, probing takes at most 5 % of the run's time, beside what
            the first probe loads, about a second.
        out: Run directory. Left out, the recording is kept in memory.
        on_alarm: What to do when a failure is found during training, from 1000 generator steps on: ``"warn"``,
            ``"stop"`` (raise :class:`TrainingStopped`), ``"ignore"``, or a function that takes the diagnosis. With
            ``every``, the run so far is judged at each probe; without, so seldom that it takes at most 0.4 % of the
            run's time.
        loss: The generator's loss: ``"minimax"``, ``"non_saturating"``, ``"least_squares"``, ``"hinge"`` or
            ``"wasserstein"``. Left out, it is told from the gradients where that is certain.
        start: Generator steps already done, when training goes on from a checkpoint: what ``out`` holds from before
            that is kept, and the rest replaced.
        state: What :meth:`Monitor.state_dict` gave when that checkpoint was written: the run is then watched as if it
            had never stopped, with the same inputs and no probe beside the others. Left out, watching begins anew.
        configuration: Settings to keep in the recording and print in the report.

    Raises:
        GandiagError: If an argument is not what it should be.

    Examples:
        >>> import torch
        >>> generator, discriminator = torch.nn.Linear(2, 2), torch.nn.Linear(2, 1)
        >>> with attach(generator, discriminator) as monitor:
        ...     pass  # the training loop
        >>> monitor.diagnose().verdict.value
        'insufficient_data'
    """
    return begin(
        label_networks(generator, discriminator),
        real=real,
        sample=sample,
        judge=judge,
        every=every,
        out=out,
        on_alarm=on_alarm,
        loss=loss,
        start=start,
        state=state,
        configuration=configuration,
    )


def begin(
    networks: list[Network],
    *,
    real: Any = None,
    sample: Callable[[int], Tensor] | None = None,
    judge: JudgeSpec = None,
    every: int | None = None,
    out: str | Path | None = None,
    on_alarm: OnAlarm = "warn",
    loss: str | None = None,
    start: int = 0,
    state: Mapping[str, Any] | None = None,
    configuration: dict[str, Any] | None = None,
    earlier: Sequence[Mapping[int, Number]] = (),
) -> Monitor:
    """What :func:`attach` does, for networks that have their labels; ``earlier`` are steps measured before."""
    _check(every, start, on_alarm, sample, sum(network.role == "generator" for network in networks))
    _check_state(state, start, [network.label for network in networks])
    for network in networks:
        if network.module in _MONITORS:
            _MONITORS[network.module].close()
    device = next(networks[0].module.parameters()).device
    first = is_first()
    if not first:
        out, on_alarm = None, "ignore"
    metadata = run_metadata(loss, configuration, [network.label for network in networks], torch.initial_seed())
    recorder = Recorder(out, metadata, keep_until=start, probes_until=_last_probe(state))
    watches = {n.label: GeneratorWatch(unwrapped(n.module), sample) for n in networks if n.role == "generator"}
    prober = Prober(watches, judge, real, device, recorder)
    monitor = Monitor(
        networks,
        watches,
        prober,
        recorder,
        Clock(every, PROBING_SHARE, first, first_counts=FIRST_PROBE_SECONDS),
        on_alarm,
        start,
        earlier,
    )
    if state is not None:
        monitor.go_on(state, device)
    for network in networks:
        _MONITORS[network.module] = monitor
    _close_at_exit(monitor)
    return monitor


def is_watched(module: nn.Module) -> bool:
    """Whether a monitor is attached to a module, and not closed."""
    monitor = _MONITORS.get(module)
    return monitor is not None and not monitor.closed


def _check(every: int | None, start: int, on_alarm: OnAlarm, sample: object, generators: int) -> None:
    if every is not None and every < 1:
        raise GandiagError(f"'every' must be at least 1 generator step; got {every}.")
    if start < 0:
        raise GandiagError(f"'start' must be at least 0 generator steps; got {start}.")
    if on_alarm not in ("warn", "stop", "ignore") and not callable(on_alarm):
        raise GandiagError(f"Unknown on_alarm {on_alarm!r}; give 'warn', 'stop', 'ignore' or a function.")
    if sample is not None and generators > 1:
        raise GandiagError("'sample' gives one generator's samples, but there are several generators; leave it out.")


def _check_state(state: Mapping[str, Any] | None, start: int, labels: list[str]) -> None:
    if state is not None and (state["networks"], state["iterations"]) != (labels, start):
        raise GandiagError(
            f"'state' is of the networks {', '.join(state['networks'])} after {state['iterations']} generator steps; "
            f"these are {', '.join(labels)} after {start}. Give the one that was saved with the checkpoint."
        )


def _last_probe(state: Mapping[str, Any] | None) -> int | None:
    """The last probe at a checkpoint, 0 where there was none; ``None`` where it is not known."""
    return None if state is None or "clock" not in state else state["clock"]["last"] or 0


def run_metadata(
    loss: str | None, configuration: dict[str, Any] | None, labels: list[str], seed: int
) -> dict[str, Any]:
    """What a recording begins with, besides the layout's version."""
    return {
        "status": "running",
        "loss": loss,
        "networks": labels,
        "configuration": configuration or {},
        "versions": {
            "gandiag": VERSION,
            "torch": torch.__version__,
            "python": platform.python_version(),
            "platform": sys.platform,
        },
        "seed": seed,
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def _close_at_exit(monitor: Monitor) -> None:
    """Leave a complete run directory also when the script just ends."""
    alive = weakref.ref(monitor)

    def close() -> None:
        if (still := alive()) is not None:
            still.close()

    atexit.register(close)
