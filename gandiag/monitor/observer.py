"""The hooks on one run: what happens at each forward pass and at each optimizer step."""

import time
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from gandiag.monitor.calls import DiscriminatorCalls
from gandiag.monitor.gradients import GradientTap, step_has_closure
from gandiag.monitor.guard import Guard
from gandiag.monitor.hooks import watch_forward
from gandiag.monitor.loss_family import infer_loss
from gandiag.monitor.networks import Network
from gandiag.monitor.provenance import Provenance
from gandiag.monitor.signal import UNKNOWN_CALLS, GeneratorSignal
from gandiag.monitor.steps import listen_to_steps
from gandiag.monitor.tensors import tensors_in
from gandiag.monitor.watch import GeneratorWatch
from gandiag.recording import Recorder

FLUSH_SECONDS = 10  # what a killed run loses at most
FLUSH_EVERY = 1024  # steps: one transfer from the device for all of them
REAL_SAMPLES_KEPT = 512
FOLLOWED_AT_START = 3
FOLLOWED_EVERY = 500
FOLLOWED_WHEN_PUZZLED = 20  # a penalty every 16th step, as lazy regularisation has it, comes by in these
PUZZLED_AT_MOST = 4
CLOSURE = "the optimizer computes its gradients inside its step (a closure, as LBFGS takes), where no hook sees them"


class Observer:
    """Sorts what the hooks see into the recorder's tables.

    Args:
        networks: The watched modules; only their parameters are held, so that the modules can go.
        watches: Generator label → the watch that collects its inputs.
        recorder: Where rows go.
        guard: Keeps errors from the training loop.
        after_generator_step: Called with the number of generator steps done, after each.
        start: Generator steps done before.
    """

    def __init__(
        self,
        networks: list[Network],
        watches: Mapping[str, GeneratorWatch],
        recorder: Recorder,
        guard: Guard,
        after_generator_step: Callable[[int], None],
        start: int = 0,
    ) -> None:
        self._recorder = recorder
        self._guard = guard
        self._after_generator_step = after_generator_step
        self._taps = [GradientTap(network, start) for network in networks]
        self._owned: weakref.WeakKeyDictionary[Optimizer, tuple[int, list[GradientTap]]] = weakref.WeakKeyDictionary()
        generators = [network for network in networks if network.role == "generator"]
        self._signals = [GeneratorSignal(network.label) for network in generators]
        self._provenance = Provenance()
        self._calls = [
            DiscriminatorCalls(self._signals, self._provenance) for n in networks if n.role == "discriminator"
        ]
        self._follows = not any(is_compiled(network.module) for network in networks)
        self._follow_until = start + FOLLOWED_AT_START
        self._puzzled = 0
        if self._follows:
            self._provenance.switch_on()
        self._stepping = False
        self._flushed = time.perf_counter()
        self.real_samples: list[Tensor] = []
        self._remove = self._watch_modules(networks, watches)

    def _watch_modules(
        self, networks: list[Network], watches: Mapping[str, GeneratorWatch]
    ) -> list[Callable[[], None]]:
        removers = []
        signals, calls = iter(self._signals), iter(self._calls)
        for network in networks:
            if network.role == "generator":
                after = self._generator_hook(network.module, next(signals), watches[network.label])
            else:
                after = self._discriminator_hook(next(calls), list(watches.values()))
            removers.append(watch_forward(network.module, after))
        return [*removers, listen_to_steps(weakref.ref(self))]

    def before_step(self, optimizer: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """An optimizer, anybody's, is about to step."""
        self._guard.run("steps", self._before_step, optimizer, args, kwargs)

    def _generator_hook(self, module: nn.Module, signal: GeneratorSignal, watch: GeneratorWatch) -> Callable[..., None]:
        generator = weakref.ref(module)

        def after(args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
            if watch.sampling:
                return
            self._guard.run("signal", self._after_generator, signal, output)
            alive = generator()
            if alive is not None and alive.training:
                self._guard.run("probes", watch.see, args, kwargs)

        return after

    def _after_generator(self, signal: GeneratorSignal, output: Any) -> None:
        signal.after_forward(output)
        if self._provenance.on:
            self._provenance.mark_generated(tensors_in(output), signal.label)

    def _discriminator_hook(self, calls: DiscriminatorCalls, watches: list[GeneratorWatch]) -> Callable[..., None]:
        def after(args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
            if not any(watch.sampling for watch in watches):
                self._guard.run("signal", calls.after_forward, args, kwargs, output)

        return after

    @property
    def iteration(self) -> int:
        """Generator steps done."""
        return max(tap.steps for tap in self._taps if tap.role == "generator")

    def _stepped(self, optimizer: Optimizer) -> list[GradientTap]:
        """The watched networks that an optimizer steps; looked up anew when it is given more parameters."""
        size = sum(len(group["params"]) for group in optimizer.param_groups)
        known = self._owned.get(optimizer)
        if known is None or known[0] != size:
            known = self._owned[optimizer] = size, [tap for tap in self._taps if tap.owned(optimizer)]
        return known[1]

    def _before_step(self, optimizer: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        taps = self._stepped(optimizer)
        if not taps:
            return
        if step_has_closure(args, kwargs):
            self._recorder.abstain("steps", CLOSURE)
            return
        iteration = self.iteration
        own = {tap.label: tap.steps if tap.role == "generator" else iteration for tap in taps}
        recorded = {tap.label for tap in taps if tap.before_step(optimizer, own[tap.label])}
        stepping = [signal for signal in self._signals if signal.label in recorded]
        self._stepping = bool(stepping)
        if stepping:
            self._guard.run("signal", self._close_iteration, stepping, own)
        if any(len(tap.steps_taken) >= FLUSH_EVERY for tap in taps):
            self.flush()

    def _close_iteration(self, stepping: list[GeneratorSignal], iterations: dict[str, int]) -> None:
        for calls in self._calls:
            real = calls.close_iteration()
            if real is not None and sum(map(len, self.real_samples)) < REAL_SAMPLES_KEPT:
                self.real_samples.append(real.clone())
        for signal in stepping:
            signal.close_iteration(iterations[signal.label])
        self._follow_or_not(max(iterations.values()))

    def _follow_or_not(self, iteration: int) -> None:
        """Follow operations for the first iterations, one in many later, and the next where calls puzzle."""
        if not self._follows:
            return
        if any(calls.puzzled for calls in self._calls) and self._puzzled < PUZZLED_AT_MOST:
            self._puzzled += iteration >= self._follow_until
            self._follow_until = max(self._follow_until, iteration + 1 + FOLLOWED_WHEN_PUZZLED)
        if iteration + 1 < self._follow_until or (iteration + 1) % FOLLOWED_EVERY == 0:
            self._provenance.switch_on()
        else:
            self._provenance.switch_off()

    def after_step(self, optimizer: Optimizer) -> None:
        """An optimizer, anybody's, has stepped."""
        for tap in self._stepped(optimizer):
            self._guard.run("steps", tap.after_step)
        if self._stepping:
            self._stepping = False
            self._after_generator_step(self.iteration)
            if time.perf_counter() - self._flushed > FLUSH_SECONDS:
                self._guard.run("steps", self.flush)

    def flush(self) -> None:
        """Hand everything measured so far to the recorder."""
        self._flushed = time.perf_counter()
        for tap in self._taps:
            steps, layers = tap.drain()
            self._recorder.append("steps", steps)
            self._recorder.append("layers", layers)
        for signal in self._signals:
            self._recorder.append("signal", signal.drain())
        self._infer_loss()
        if self.iteration and not any(calls.ever_recognised for calls in self._calls):
            self._recorder.abstain("signal.logit_real", UNKNOWN_CALLS)
        self._recorder.flush()

    def _infer_loss(self) -> None:
        """Name the loss family from the first observed derivatives, unless the user did."""
        if self._recorder.meta.get("loss") is not None:
            return
        names = {infer_loss(*pair) for signal in self._signals for pair in signal.head_pairs}
        if len(names) == 1:
            self._recorder.meta["loss"] = names.pop()

    def close(self) -> None:
        """Remove all hooks and hand over what is left."""
        self._provenance.switch_off()
        for remove in self._remove:
            remove()
        self._remove = []
        self._guard.run("steps", self.flush)


def is_compiled(module: nn.Module) -> bool:
    """Whether torch.compile is in play: following operations would make it compile anew."""
    return any(
        type(part).__name__ == "OptimizedModule" or getattr(part, "_compiled_call_impl", None) is not None
        for part in module.modules()
    )
