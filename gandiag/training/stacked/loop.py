"""Many runs as one: the flat training loop with an axis of members, measured as a watched run is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import torch
from torch import Tensor

from gandiag.data import Dataset
from gandiag.detect import diagnose
from gandiag.errors import GandiagError
from gandiag.losses import Loss, flipped, get_loss
from gandiag.monitor.attach import run_metadata
from gandiag.nets.catalogue import MODELS
from gandiag.recording import Recorder
from gandiag.training.config import TrainingConfig
from gandiag.training.loop import TrainingResult, judge_of
from gandiag.training.players import build_players
from gandiag.training.stacked.layers import unstackable
from gandiag.training.stacked.penalties import STACKED_PENALTIES, Seen, of_each
from gandiag.training.stacked.players import StackedPlayers, build_stack
from gandiag.training.stacked.probing import StackProbes
from gandiag.training.stacked.record import SignalRecord, StepRecord

OWN = ("seed", "learning_rate_generator", "learning_rate_discriminator", "strength", "checkpoint_every")
"""What members may differ in."""
NOT_TAKEN_APART = "a stack's gradients are measured as a whole, and not taken apart by where they come from"
NOT_LOOKED_AT = "a stack is trained by the built-in loop, whose wiring is known"


def shared(config: TrainingConfig) -> TrainingConfig:
    """A configuration without what is a member's own: runs can be stacked if these are equal."""
    strength = 0.5 if config.strength else 0.0
    return replace(
        config, seed=0, learning_rate_generator=1.0, learning_rate_discriminator=1.0, strength=strength,
        checkpoint_every=1,
    )  # fmt: skip


def why_alone(config: TrainingConfig) -> str | None:
    """What keeps a run from being stacked; ``None`` if nothing does."""
    return _why_alone(shared(config))


@lru_cache(maxsize=1024)
def _why_alone(config: TrainingConfig) -> str | None:
    if config.unrolling:
        return "an unrolled discriminator"
    if config.ema_decay:
        return "an averaged generator"
    with torch.random.fork_rng(devices=[]):
        players = build_players(config, MODELS[config.model].sample_shape, torch.device("cpu"))
    kind = unstackable(players.generator) or unstackable(players.discriminator)
    return None if kind is None else f"a part of the kind {kind}"


def train_stacked(
    configs: Sequence[TrainingConfig],
    dataset: Dataset,
    *,
    device: str = "cpu",
    progress: Callable[[int], object] = lambda iteration: None,
) -> list[TrainingResult]:
    """Train several GANs as one, each as :func:`gandiag.training.train` would train it alone, and diagnose each.

    On the CPU, a member begins with the weights, and draws the batches and the noise, that it would alone; what it
    comes to differs by rounding, which training magnifies as it goes on. Recordings lack what takes a gradient apart
    (``real_norm``, …, ``adversarial_share``) and the wiring.

    Args:
        configs: The members, which differ in seeds, learning rates and strengths alone.
        dataset: The data of all.
        device: torch device.
        progress: Called with the number of generator steps done, after each.

    Returns:
        One result a member; its optimizers are as they began.

    Raises:
        GandiagError: If there are no members, they differ in more, cannot be stacked, or do not fit the data.

    Examples:
        >>> from gandiag.data import load_dataset
        >>> config = TrainingConfig(dataset="ring", model="mlp", iterations=5)
        >>> pair = train_stacked([config, replace(config, seed=1)], load_dataset("ring"))
        >>> [result.iterations for result in pair]
        [5, 5]
    """
    if len({shared(config) for config in configs}) != 1:
        raise GandiagError(f"The members of a stack may differ in {', '.join(OWN)} alone, and there must be one.")
    if (reason := why_alone(configs[0])) is not None:
        raise GandiagError(f"A run with {reason} cannot be stacked; train it alone.")
    dataset = dataset.to(device)
    players = build_stack(configs, dataset.sample_shape, torch.device(device))
    recorders = [Recorder(meta=_metadata(config)) for config in configs]
    probes = StackProbes(dataset, judge_of(dataset), recorders, configs[0].probe_interval)
    run = _Stack(
        configs[0],
        torch.tensor([config.strength for config in configs], device=device),
        dataset,
        players,
        get_loss(configs[0].loss) if configs[0].real_label == 1 else flipped(get_loss(configs[0].loss)),
        probes,
        StepRecord("G", players.generator),
        StepRecord("D", players.discriminator),
        SignalRecord(),
    )
    run.go_on(progress)
    run.record(recorders)
    players.write_members()
    recordings = [recorder.recording() for recorder in recorders]
    return [
        TrainingResult(own, recording, diagnose(recording), config.iterations, None)
        for config, own, recording in zip(configs, players.members, recordings, strict=True)
    ]


def _metadata(config: TrainingConfig) -> dict[str, object]:
    abstentions = dict.fromkeys(("steps.real_norm", "steps.fake_norm", "steps.penalty_norm"), NOT_TAKEN_APART)
    abstentions |= {"signal.adversarial_share": NOT_TAKEN_APART, "wiring": NOT_LOOKED_AT}
    metadata = run_metadata(config.loss, config.to_dict(), ["G", "D"], config.seed)
    return {**metadata, "status": "finished", "abstentions": abstentions}


@dataclass
class _Stack:
    """The loop and where it stands.

    Attributes:
        config: Holds for all members, but for what is their own.
        strengths: Of each member's regulariser, with shape :math:`(m,)`.
        dataset: The data of all.
        players: The networks.
        loss: The players' losses.
        probes: What looks at the samples.
        generator_steps: What is noted of the generators' steps.
        discriminator_steps: The same of the discriminators'.
        signal: What is noted of the generators' learning signal.
        iteration: Generator steps done.
        judged: Logits of real and of generated samples, of the discriminators' latest step in this iteration.
    """

    config: TrainingConfig
    strengths: Tensor
    dataset: Dataset
    players: StackedPlayers
    loss: Loss
    probes: StackProbes
    generator_steps: StepRecord
    discriminator_steps: StepRecord
    signal: SignalRecord
    iteration: int = 0
    judged: tuple[Tensor, Tensor] | None = None

    def go_on(self, progress: Callable[[int], object]) -> None:
        """Train until the configured end."""
        for _ in range(self.config.pretraining):
            self.discriminator_step()
        while self.iteration < self.config.iterations:
            self.step()
            last = self.iteration == self.config.iterations
            self.probes.after_generator_step(self.iteration, self.players.generator, last)
            progress(self.iteration)

    def step(self) -> None:
        """One generator step of every member, and the discriminators' steps before it."""
        if self.config.regularizer == "instance_noise_annealed":
            self.players.anneal_noise(self.iteration / self.config.iterations)
        if self.iteration % self.config.n_generator == 0:
            for _ in range(self.config.n_critic):
                self.discriminator_step()
        self.generator_step()
        self.judged = None
        self.iteration += 1

    def discriminator_step(self) -> None:
        """One step of the discriminators on fresh real and generated samples."""
        config, players = self.config, self.players
        real = self.batch()
        with torch.set_grad_enabled(config.regularizer == "consensus"):
            fake = self.samples()
        real_logits, fake_logits = players.discriminator(real), players.discriminator(fake)
        objective = of_each(self.loss.discriminator(real_logits, fake_logits), len(real))
        if config.regularizer in STACKED_PENALTIES:
            seen = Seen(config, players, self.loss, real, fake, real_logits, fake_logits)
            objective = objective + (self.strengths * STACKED_PENALTIES[config.regularizer](seen)).sum()
        gradients = torch.autograd.grad(objective, list(players.discriminator.parameters()))
        self.discriminator_steps.before_step(self.iteration, gradients)
        players.discriminator_optimizer.step(gradients)
        self.discriminator_steps.after_step()
        if config.regularizer == "weight_clipping":
            self.clip_weights()
        self.judged = real_logits.detach(), fake_logits.detach()

    def generator_step(self) -> None:
        """One step of the generators."""
        config, players, penalised = self.config, self.players, self.config.regularizer == "consensus"
        fake = self.samples()
        fake_logits = players.discriminator(fake)
        real = self.batch() if self.loss.paired or penalised else None
        real_logits = None if real is None else players.discriminator(real)
        objective = of_each(self.loss.generator(fake_logits, real_logits), len(fake))
        if penalised and real is not None and real_logits is not None:
            seen = Seen(config, players, self.loss, real, fake, real_logits, fake_logits)
            objective = objective + (self.strengths * STACKED_PENALTIES["consensus"](seen)).sum()
        at_samples, at_logits, *gradients = torch.autograd.grad(
            objective, [fake, fake_logits, *players.generator.parameters()]
        )
        if self.judged is None and real_logits is not None:
            self.judged = real_logits.detach(), fake_logits.detach()
        self.signal.add(at_samples, at_logits, *(self.judged or (None, None)))
        self.generator_steps.before_step(self.iteration, gradients)
        players.generator_optimizer.step(gradients)
        self.generator_steps.after_step()

    def batch(self) -> Tensor:
        """Real samples of each member, drawn with replacement."""
        return self.dataset.samples[self.players.streams.indices(len(self.dataset), self.config.batch_size)]

    def samples(self) -> Tensor:
        """Generated samples of each member."""
        noise = self.players.noise(self.config.batch_size)
        self.probes.see(noise)
        made: Tensor = self.players.generator(noise)
        return made

    @torch.no_grad()
    def clip_weights(self) -> None:
        """Keep every parameter within its member's limit."""
        for parameter in self.players.discriminator.parameters():
            limits = self.strengths.view(-1, *[1] * (parameter.dim() - 1))
            parameter.clamp_(-limits, limits)

    def record(self, recorders: Sequence[Recorder]) -> None:
        """Hand each member's steps and signal to its recorder."""
        self.probes.record()
        signals = self.signal.tables("G")
        for record in (self.generator_steps, self.discriminator_steps):
            for recorder, (steps, layers) in zip(recorders, record.tables(), strict=True):
                recorder.append("steps", steps)
                recorder.append("layers", layers)
        for recorder, signal in zip(recorders, signals, strict=True):
            recorder.append("signal", signal)
