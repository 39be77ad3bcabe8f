"""The two players as they are watched: what the hooks see of each, gathered until a step."""

import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from gandiag.monitor.ahead import Ahead
from gandiag.monitor.attribution import Attribution, parameters_beside
from gandiag.monitor.calls import DiscriminatorCalls
from gandiag.monitor.gradients import GradientTap
from gandiag.monitor.guard import Guard
from gandiag.monitor.hooks import watch_chain, watch_compiled
from gandiag.monitor.networks import Network
from gandiag.monitor.norms import Number
from gandiag.monitor.processes import is_distributed
from gandiag.monitor.provenance import Kind, Provenance
from gandiag.monitor.share import SIGNAL, listen_to_discriminator
from gandiag.monitor.signal import GeneratorSignal
from gandiag.monitor.tensors import first_float, judgement_in, tensors_in
from gandiag.monitor.watch import GeneratorWatch
from gandiag.monitor.wiring import Wiring, output_bounds

PAIRS_KEPT = 3


class WatchedGenerator:
    """One generator: its gradients, the signal that reaches its samples, the inputs that the loop feeds it.

    Args:
        network: The network; held weakly.
        watch: Collects its inputs.
        provenance: Follows its samples.
        wiring: Takes note of how the loop is wired.
        guard: Keeps errors from the training loop.
        start: Steps done before.
    """

    REMEMBERED = ("tap", "signal")

    def __init__(
        self,
        network: Network,
        watch: GeneratorWatch,
        provenance: Provenance,
        wiring: Wiring,
        guard: Guard,
        start: int,
    ) -> None:
        self.tap = GradientTap(network, start)
        self.signal = GeneratorSignal(network.label, guard)
        self.watch = watch
        self.examined = True
        self.takes_apart = True
        self._provenance = provenance
        self._wiring = wiring
        self._guard = guard
        self._module = weakref.ref(network.module)
        self._after_backward = guard.shield("steps", self.tap.after_backward)
        self.stop_watching = watch_chain(network.called, self._after_forward)

    def on_compiled(self, given: object, compiled: object) -> object:
        """The loop will call what torch.compile put around it; returns what that is."""
        watched = watch_compiled(self._module(), given, compiled, self._after_forward)
        if watched is not None:
            self.stop_watching()
            compiled, self.stop_watching = watched
        return compiled

    def _after_forward(self, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        if GeneratorWatch.sampling:
            return
        forward = self._guard.run("signal", self._note, args, kwargs, output)
        if self.watch.wanting and (module := self._module()) is not None and module.training:
            self._guard.run("probes", self.watch.see, args, kwargs, output, forward)

    def _note(self, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> int | None:
        forward = self.signal.after_forward(output, self._after_backward if self.examined else None, self.takes_apart)
        if self._provenance.on:
            if forward is not None:
                self._guard.run("probes.cycle_error", self._note_source, args, kwargs, forward)
            self._provenance.mark_generated(tensors_in(output), self.signal.label, forward)
        if self.examined and (samples := first_float(output)) is not None:
            self._wiring.saw_generated(samples)
        return forward

    def _note_source(self, args: tuple[Any, ...], kwargs: dict[str, Any], forward: int) -> None:
        """Whose output, if anybody's, a forward pass was fed."""
        origin = self._provenance.origin(one for one in tensors_in((args, kwargs)) if one.is_floating_point())
        self.watch.sources.setdefault(forward, set()).add(origin.generator)

    def before_step(self, optimizer: Optimizer, owned: tuple[int, ...], loss_scale: Tensor | None) -> int | None:
        """An optimizer is about to step it; returns the iteration if one ends with that."""
        steps = self.tap.steps
        recorded = self.tap.before_step(optimizer, owned, loss_scale=loss_scale)
        if self.examined:
            self._wiring.saw_own_step(self.tap, owned)
        return steps if recorded and self.tap.steps > steps else None

    def skipped_step(self) -> None:
        """Mixed precision has left its step out."""
        self.tap.skipped_steps += 1
        self.signal.forget()

    def is_stepped(self, owned: tuple[int, ...]) -> bool:
        """Whether a step of these parameters, if there are any, is one of the network."""
        return bool(owned)


class WatchedDiscriminator:
    """One discriminator: its gradients and their parts, its calls on real and on generated samples.

    Args:
        network: The network; only its parameters are held.
        generators: Those that it may be shown.
        provenance: Follows generated samples.
        wiring: Takes note of how the loop is wired.
        guard: Keeps errors from the training loop.
        start: Generator steps done before.
    """

    REMEMBERED = ("tap", "calls", "real_pairs", "_beside", "_ahead")

    def __init__(
        self,
        network: Network,
        generators: Sequence[WatchedGenerator],
        provenance: Provenance,
        wiring: Wiring,
        guard: Guard,
        start: int,
    ) -> None:
        self.tap = GradientTap(network, start)
        self.calls = DiscriminatorCalls([generator.signal for generator in generators], provenance)
        self.examined = True
        self.takes_apart = True
        self._opponents = generators
        self.real_pairs: list[tuple[Tensor, Tensor]] = []
        self._attribution = Attribution(self.tap.parameters, self.tap.after_backward, guard)
        self._wiring = wiring
        self._guard = guard
        self._beside: frozenset[int] = frozenset()
        self._ahead = Ahead(self.tap.parameters)
        self._attributes = not is_distributed()  # one process's calls do not add up to averaged gradients
        self._module = weakref.ref(network.module)
        self._remove_hook = watch_chain(network.called, self._after_forward)

    def on_compiled(self, given: object, compiled: object) -> object:
        """The loop will call what torch.compile put around it; returns what that is."""
        watched = watch_compiled(self._module(), given, compiled, self._after_forward)
        if watched is not None:
            self._remove_hook()
            compiled, self._remove_hook = watched
        return compiled

    def is_stepped(self, owned: tuple[int, ...]) -> bool:
        """Whether a step of these parameters is one of the player: not if they are a head's that judges nothing."""
        return bool(owned) and not self._beside.issuperset(owned)

    def stop_watching(self) -> None:
        """Remove all hooks."""
        self._remove_hook()
        self._attribution.begin_anew()

    def _after_forward(self, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        if not GeneratorWatch.sampling:
            self._guard.run("signal", self._note, args, kwargs, output)

    def _note(self, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        call = self.calls.after_forward(args, kwargs, output, self.examined)
        if self.takes_apart and call is not None and call.through_generator:
            self._guard.run(SIGNAL, listen_to_discriminator, tensors_in(output), self._guard)
        if call is not None and call.followed and call.origin.forward is not None:
            for opponent in self._opponents:
                if opponent.signal.label == call.origin.generator:
                    opponent.watch.shown.add(call.origin.forward)
                    opponent.watch.judges.add(self.tap.label)
        if self.examined and call is not None:
            self._wiring.saw_call(self.tap.label, call)
            self._look_at_judgement(judgement_in(output, call.inputs))
            if self._attributes:
                self._ahead.saw_call(self._module(), call.through_generator)
                inputs = list(tensors_in((args, kwargs)))
                outputs = [tensor for tensor in tensors_in(output) if tensor.is_floating_point()]
                self._guard.run("attribution", self._attribution.after_forward, call, inputs, outputs)

    def _look_at_judgement(self, logits: Tensor | None) -> None:
        """How it ends, and which parameters it does not come from."""
        if logits is None:
            return
        if output_bounds(logits) == (0.0, 1.0):
            for opponent in self._opponents:
                opponent.signal.squashed = True
        beside = parameters_beside(logits, self.tap.parameters)
        if beside is not None and beside != self._beside:
            self._beside = beside
            self.tap.forget_steps_of(beside)
            self._wiring.saw_beside(self.tap.label, beside)

    def before_step(
        self, optimizer: Optimizer, owned: tuple[int, ...], iteration: int, loss_scale: Tensor | None, alone: bool
    ) -> None:
        """An optimizer is about to step it; ``alone``, if no generator with it."""
        if alone:
            self.calls.before_own_step()
            for opponent in self._opponents if self.takes_apart else ():
                opponent.signal.discriminator_steps()
        attributed = None
        if self.examined:
            attributed = self._guard.run("attribution", self._attribution.finish, owned)
            self._wiring.saw_own_step(self.tap, owned, attributed)
        self.tap.before_step(optimizer, owned, iteration, loss_scale, attributed)

    def skipped_step(self) -> None:
        """Mixed precision has left its step out."""
        self.tap.skipped_steps += 1
        self.calls.before_own_step()
        self._attribution.begin_anew()

    def generator_stepped(self) -> Tensor | None:
        """An iteration is over; returns real samples where they are known to be real."""
        self._attribution.begin_anew()
        if self.examined:
            self._wiring.saw_iteration(self.calls)
            self._ahead.generator_stepped()
            self.calls.look_for_reconstructions()
            self._keep_pairs()
        real = self.calls.close_iteration(self._ahead.is_so)
        if self.calls.reconstructs:
            self.calls.take_back()
        return real

    def _keep_pairs(self) -> None:
        """Logits on real samples with the loss's derivative, to tell the loss by; unrolled, it is another loss's."""
        for call in [] if self._ahead.is_so else self.calls.calls:
            if call.origin.kind is Kind.DATA and call.logit_gradient is not None:
                self.real_pairs = [*self.real_pairs[1 - PAIRS_KEPT :], (call.logits, call.logit_gradient)]


def adopt_steps(
    generators: Sequence[WatchedGenerator],
    discriminators: Sequence[WatchedDiscriminator],
    earlier: Sequence[Mapping[int, Number]],
) -> None:
    """Take over the steps that were measured before the players were known, in their order.

    Args:
        generators: The watched generators.
        discriminators: The watched discriminators.
        earlier: For each step, identity of each stepped parameter → norm of its gradient.
    """
    for norms in earlier:
        for generator in generators:
            generator.tap.adopt(norms)
        for discriminator in discriminators:
            discriminator.tap.steps = max(generator.tap.steps for generator in generators)
            discriminator.tap.adopt(norms)
