"""The hooks on one run: what happens at each forward pass and at each optimizer step."""

import time
import weakref
from collections.abc import Callable, Collection, Mapping, Sequence

from torch import Tensor
from torch.optim import Optimizer

from gandiag.monitor.compilation import hear_of_compilation, is_compiled
from gandiag.monitor.gradients import GradientTap
from gandiag.monitor.guard import Guard
from gandiag.monitor.loss_family import infer_loss, is_doubly_squashed, tell_hinge_from_wasserstein
from gandiag.monitor.networks import Network
from gandiag.monitor.norms import Number
from gandiag.monitor.players import WatchedDiscriminator, WatchedGenerator, adopt_steps
from gandiag.monitor.provenance import Provenance
from gandiag.monitor.share import SIGNAL
from gandiag.monitor.steps import listen_to_steps
from gandiag.monitor.watch import MOST_NUMBERS, GeneratorWatch
from gandiag.monitor.wiring import Wiring
from gandiag.probes.probe import LEAST_SAMPLES
from gandiag.recording import Recorder

FLUSH_SECONDS = 10  # what a killed run loses at most
DRAIN_EVERY = 1024  # steps: one transfer from the device for all of them
REAL_SAMPLES_KEPT = 512
EXAMINED_AT_START = 4  # three whole turns, also where the generator steps first
EXAMINED_EVERY = 250
TAKEN_APART_EVERY = 50  # the generator's gradient, at its samples
EXAMINED_WHEN_PUZZLED = 20  # a penalty every 16th step, as lazy regularisation has it, comes by in these
PUZZLED_AT_MOST = 4
UNKNOWN_CALLS = "the discriminator's calls on real and on generated samples could not be told apart with certainty"
RECONSTRUCTS = (
    "the discriminator is an autoencoder that reconstructs its input: its judgement is what the loop makes of that, "
    "and none of its outputs"
)
NO_SHARE = "no gradient was seen to come back from the discriminator into the generator's samples"
UNSEEN = (
    "no forward pass of the {} was seen: the loop calls it by another method or inside something compiled; attach the "
    "module that the loop calls"
)
SHARDED = "the parameters are sharded over processes (DTensor), and the norm of a whole gradient needs all of them"

Stepped = list[tuple[WatchedGenerator | WatchedDiscriminator, tuple[int, ...]]]


class Observer:
    """Sorts what the hooks see into the recorder's tables.

    Most iterations are only measured. A few are examined as well: operations are followed, to tell real from generated
    samples, and gradients taken apart.

    Args:
        networks: The watched modules; only their parameters are held, so that the modules can go.
        watches: Generator label → the watch that collects its inputs.
        recorder: Where rows go.
        guard: Keeps errors from the training loop.
        after_generator_step: Called with the number of generator steps done, after each.
        start: Generator steps done before.
        earlier: Steps that were measured before the networks were known to be watched, as
            :func:`gandiag.monitor.players.adopt_steps` takes them.
    """

    REMEMBERED = ("_examine_until", "_puzzled", "_real_samples", "_generators", "_discriminators", "_wiring")

    def __init__(
        self,
        networks: list[Network],
        watches: Mapping[str, GeneratorWatch],
        recorder: Recorder,
        guard: Guard,
        after_generator_step: Callable[[int], None],
        start: int = 0,
        earlier: Sequence[Mapping[int, Number]] = (),
    ) -> None:
        self._recorder = recorder
        self._guard = guard
        self._after_generator_step = after_generator_step
        self._owned: weakref.WeakKeyDictionary[Optimizer, tuple[int, Stepped]] = weakref.WeakKeyDictionary()
        self._provenance = Provenance()
        self._wiring = Wiring(networks)
        shared = self._provenance, self._wiring, guard, start
        self._generators = [
            WatchedGenerator(network, watches[network.label], *shared)
            for network in networks
            if network.role == "generator"
        ]
        self._discriminators = [
            WatchedDiscriminator(network, self._generators, *shared)
            for network in networks
            if network.role == "discriminator"
        ]
        self._players: list[WatchedGenerator | WatchedDiscriminator] = [*self._generators, *self._discriminators]
        adopt_steps(self._generators, self._discriminators, earlier)
        self._follows = not any(is_compiled(network.module) for network in networks)
        self._examine_until = start + EXAMINED_AT_START
        self._puzzled = 0
        self._takes_apart = True
        self._examine(True)
        self._stepping_now: Stepped = []
        self._ends_iteration = False
        self._waiting = 0
        self._flushed = time.perf_counter()
        self._ends = [listen_to_steps(weakref.ref(self)), hear_of_compilation(weakref.WeakMethod(self._on_compiled))]
        self._real_samples: dict[str, list[Tensor]] = {}

    @property
    def _taps(self) -> list[GradientTap]:
        return [player.tap for player in self._players]

    @property
    def iteration(self) -> int:
        """Generator steps done."""
        return max(generator.tap.steps for generator in self._generators)

    def go_on(self) -> None:
        """What was remembered of the run is taken up: examine what is due, and not the beginning once more."""
        self._examine_or_not(self.iteration)

    def _on_compiled(self, given: object, compiled: object) -> object:
        """Something was compiled: following operations would make torch compile it anew."""
        self._follows = False
        self._provenance.switch_off()
        for player in self._players:
            compiled = player.on_compiled(given, compiled)
        return compiled

    def _stepped(self, optimizer: Optimizer) -> Stepped:
        """The watched networks that an optimizer steps; looked up anew when it is given more parameters."""
        size = sum(len(group["params"]) for group in optimizer.param_groups)
        known = self._owned.get(optimizer)
        if known is None or known[0] != size:
            for tap in self._taps:
                tap.look_for_parameters()
            owned = [(player, indices) for player in self._players if (indices := player.tap.owned(optimizer))]
            self._wiring.saw_optimizer(optimizer, [(one.tap, indices) for one, indices in owned], self.iteration)
            if any(hasattr(player.tap.parameters[index], "to_local") for player, indices in owned for index in indices):
                self._recorder.abstain("steps", SHARDED)
                owned = []
            known = self._owned[optimizer] = size, owned
        return [(player, indices) for player, indices in known[1] if player.is_stepped(indices)]

    def before_step(self, optimizer: Optimizer, loss_scale: Tensor | None) -> None:
        """An optimizer, anybody's, is about to step."""
        self._guard.run("steps", self._before_step, optimizer, loss_scale)

    def _before_step(self, optimizer: Optimizer, loss_scale: Tensor | None) -> None:
        self._stepping_now = stepped = self._stepped(optimizer)
        if not stepped:
            return
        ended: dict[WatchedGenerator, int] = {}
        alone = all(isinstance(player, WatchedDiscriminator) for player, _ in stepped)
        for player, owned in stepped:
            if isinstance(player, WatchedDiscriminator):
                player.before_step(optimizer, owned, self.iteration, loss_scale, alone)
        for player, owned in stepped:
            if isinstance(player, WatchedGenerator):
                iteration = player.before_step(optimizer, owned, loss_scale)
                if iteration is not None:
                    ended[player] = iteration
        self._ends_iteration = bool(ended)
        if ended:
            self._guard.run("signal", self._close_iteration, ended, loss_scale)

    def _close_iteration(self, ended: Mapping[WatchedGenerator, int], loss_scale: Tensor | None) -> None:
        for discriminator in self._discriminators:
            real = discriminator.generator_stepped()
            if real is not None and real.dim() > 1:
                _keep(real, self._real_samples.setdefault(discriminator.tap.label, []))
        for generator, iteration in ended.items():
            generator.signal.close_iteration(iteration, None if loss_scale is None else loss_scale.clone())
        self._examine_or_not(max(ended.values()) + 1)

    def real_samples(self, discriminators: Collection[str]) -> list[Tensor]:
        """What the loop itself gave some discriminators as real, or all where none of these got any."""
        own = {label: kept for label, kept in self._real_samples.items() if label in discriminators}
        return [batch for kept in (own or self._real_samples).values() for batch in kept]

    def _examine_or_not(self, iteration: int) -> None:
        """Examine the first iterations, one in many later, and the next where calls puzzle."""
        puzzled = any(discriminator.calls.puzzled for discriminator in self._discriminators)
        begins = iteration >= self._examine_until
        if puzzled and begins and self._follows and self._puzzled < PUZZLED_AT_MOST:
            self._puzzled += 1
            self._examine_until = iteration + EXAMINED_WHEN_PUZZLED
        examined = iteration < self._examine_until or iteration % EXAMINED_EVERY == 0
        if examined or self._examining or self._provenance.on:
            self._examine(examined)
        takes_apart = examined or iteration % TAKEN_APART_EVERY == 0
        if takes_apart != self._takes_apart:
            self._takes_apart = takes_apart
            for player in self._players:
                player.takes_apart = takes_apart

    def _examine(self, examined: bool) -> None:
        self._examining = examined
        for player in self._players:
            player.examined = examined
        if examined and self._follows:
            self._provenance.switch_on()
        else:
            self._provenance.switch_off()

    def after_step(self, optimizer: Optimizer) -> None:
        """An optimizer, anybody's, has stepped."""
        for player, _ in self._stepping_now:
            if player.tap.measures_movement:
                self._guard.run("steps", player.tap.after_step)
        self._stepping_now = []
        self._waiting += 1
        if self._ends_iteration:
            self._ends_iteration = False
            self._after_generator_step(self.iteration)
            if time.perf_counter() - self._flushed > FLUSH_SECONDS:
                self._guard.run("steps", self.flush)
            elif self._waiting >= DRAIN_EVERY:
                self._guard.run("steps", self.drain)

    def skipped_step(self, optimizer: Optimizer) -> None:
        """Mixed precision has left a step out."""
        for player, _ in self._stepped(optimizer):
            player.skipped_step()

    def flush(self) -> None:
        """Hand everything measured so far to the recorder, and have it written."""
        self.drain()
        self._flushed = time.perf_counter()
        self._recorder.flush()

    def drain(self) -> None:
        """Hand everything measured so far to the recorder."""
        self._waiting = 0
        for tap in self._taps:
            steps, layers = tap.drain()
            self._recorder.append("steps", steps)
            self._recorder.append("layers", layers)
        for generator in self._generators:
            self._recorder.append("signal", generator.signal.drain())
        self._infer_loss()
        self._recorder.meta["wiring"] = self._wiring.facts(self._taps)
        if self.iteration:
            self._say_what_is_missing()

    def _say_what_is_missing(self) -> None:
        if not any(generator.signal.seen for generator in self._generators):
            self._recorder.abstain("signal", UNSEEN.format("generator"))
        elif not any(discriminator.calls.ever_called for discriminator in self._discriminators):
            self._recorder.abstain("signal.logit_real", UNSEEN.format("discriminator"))
        elif not any(discriminator.calls.ever_recognised for discriminator in self._discriminators):
            self._recorder.abstain("signal.logit_real", UNKNOWN_CALLS)
        elif all(discriminator.calls.reconstructs for discriminator in self._discriminators):
            self._recorder.abstain("signal.logit_real", RECONSTRUCTS)
        elif not any(generator.signal.share_seen for generator in self._generators):
            self._recorder.abstain(SIGNAL, NO_SHARE)

    def _infer_loss(self) -> None:
        """Name the loss family from observed derivatives, unless the user did."""
        pairs = [pair for generator in self._generators for pair in generator.signal.head_pairs]
        squashed = any(generator.signal.squashed for generator in self._generators)
        if squashed and any(is_doubly_squashed(*pair) for pair in pairs):
            self._wiring.saw_double_sigmoid(pairs[-1][0])
        if self._recorder.meta.get("loss") is not None:
            return
        names = {infer_loss(*pair) for pair in pairs} - {None}
        if names == {"wasserstein"}:
            on_real = [pair for discriminator in self._discriminators for pair in discriminator.real_pairs]
            names = {tell_hinge_from_wasserstein(*pair) for pair in on_real} - {None}
        if len(names) == 1:
            self._recorder.meta["loss"] = names.pop()

    def close(self) -> None:
        """Remove all hooks and hand over what is left."""
        self._provenance.switch_off()
        for player in self._players:
            player.stop_watching()
        for end in self._ends:
            end()
        self._guard.run("steps", self.flush)


def _keep(real: Tensor, kept: list[Tensor]) -> None:
    """Add a copy of a batch, unless there are enough."""
    enough = REAL_SAMPLES_KEPT if sum(map(Tensor.nelement, kept)) < MOST_NUMBERS else LEAST_SAMPLES
    if sum(map(len, kept)) < enough:
        kept.append(real.detach().clone())
