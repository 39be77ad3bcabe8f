"""One flat training loop, watched as any user's loop is watched."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from gandiag import regularizers
from gandiag.data import Dataset, load_dataset
from gandiag.detect import Diagnosis
from gandiag.losses import Loss, flipped, get_loss
from gandiag.monitor import Monitor, attach
from gandiag.nets import MixtureJudge
from gandiag.probes import JudgeSpec
from gandiag.recording import Recording
from gandiag.training.checkpoint import restore_checkpoint, save_checkpoint
from gandiag.training.config import TrainingConfig
from gandiag.training.device import available_device
from gandiag.training.interruption import INTERRUPTED, whole_steps
from gandiag.training.penalties import PENALTIES, Seen
from gandiag.training.players import Players, build_players

JUDGED_BY_DIGITS = ("digits", "labelled_digits", "mnist")
Progress = Callable[[int], None]
Observer = Callable[[int, Players], None]
Schedule = Mapping[int, TrainingConfig]
UNCHANGED: Schedule = MappingProxyType({})


@dataclass(frozen=True)
class TrainingResult:
    """What a run left behind.

    Attributes:
        players: The networks as they ended.
        recording: What was observed.
        diagnosis: The verdict.
        iterations: Generator steps done.
        ended_early: Why the run did not do all its iterations; ``None`` if it did.
    """

    players: Players
    recording: Recording
    diagnosis: Diagnosis
    iterations: int
    ended_early: str | None


def train(
    config: TrainingConfig,
    dataset: Dataset | None = None,
    *,
    out: str | Path | None = None,
    data_dir: str | Path | None = None,
    device: str = "cpu",
    checkpoint: dict[str, Any] | None = None,
    progress: Progress = lambda iteration: None,
    observe: Observer = lambda iteration, players: None,
    schedule: Schedule = UNCHANGED,
) -> TrainingResult:
    """Train one GAN and diagnose it.

    Ctrl-C, and a run directory that can no longer be written, end the run cleanly with what it has.

    Args:
        config: The run.
        dataset: The data; left out, loaded by the configuration's name.
        out: Run directory for the recording and the checkpoints; left out, all stays in memory.
        data_dir: Where MNIST and Fashion-MNIST are looked for first.
        device: torch device.
        checkpoint: A state from :func:`read_checkpoint` to go on from, in the same ``out``.
        progress: Called with the number of generator steps done, after each.
        observe: Called with the same and the players, before the first generator step and after each; it must leave
            both networks and the random states as they are.
        schedule: Generator steps done → the configuration from there on: its learning rates, steps of the two players,
            batch size and strength of a penalty; the networks and optimizers stay.

    Raises:
        GandiagError: If the data or the device cannot be had, the networks do not fit, or ``out`` cannot be used.

    Examples:
        >>> result = train(TrainingConfig(dataset="ring", model="mlp", iterations=5))
        >>> result.iterations, result.diagnosis.verdict.value
        (5, 'insufficient_data')
    """
    torch.manual_seed(config.seed)
    place = available_device(device)
    dataset = (load_dataset(config.dataset, data_dir) if dataset is None else dataset).to(place)
    loss = get_loss(config.loss) if config.real_label == 1 else flipped(get_loss(config.loss))
    players = build_players(config, dataset.sample_shape, place)
    start = 0 if checkpoint is None else restore_checkpoint(checkpoint, players)
    watching = None if checkpoint is None else checkpoint.get("watching")
    monitor = _attach(config, dataset, players, out, start, watching)
    run = _Run(config, schedule, dataset, players, loss, monitor, None if out is None else Path(out), start)
    with monitor:
        ended_early = run.go_on(progress, observe)
    return TrainingResult(players, monitor.recording, monitor.diagnose(), run.iteration, ended_early)


@dataclass
class _Run:
    """The loop and where it stands."""

    config: TrainingConfig
    schedule: Schedule
    dataset: Dataset
    players: Players
    loss: Loss
    monitor: Monitor
    directory: Path | None
    iteration: int

    def go_on(self, progress: Progress, observe: Observer) -> str | None:
        """Train until the configured end; returns why it ended before, or ``None``."""
        iterations, checkpoint_every = self.config.iterations, self.config.checkpoint_every
        for change in sorted(at for at in self.schedule if at < self.iteration):
            self.change_to(self.schedule[change])
        error: str | None = None
        try:
            with whole_steps() as between_steps:
                if self.iteration == 0:
                    self.begin(observe)
                while self.iteration < iterations and error is None:
                    if self.iteration in self.schedule:
                        self.change_to(self.schedule[self.iteration])
                    self.step()
                    progress(self.iteration)
                    observe(self.iteration, self.players)
                    due = self.iteration % checkpoint_every == 0 or self.iteration == iterations
                    error = (self.save() if due else None) or self.monitor.write_error
                    between_steps()
        except KeyboardInterrupt:
            return self.save() or INTERRUPTED
        return error

    def begin(self, observe: Observer) -> None:
        """What comes before the first generator step."""
        for _ in range(self.config.pretraining):
            self.discriminator_step()
        observe(0, self.players)

    def change_to(self, config: TrainingConfig) -> None:
        """Go on under another configuration."""
        self.config = config
        self.players.set_learning_rates(config)

    def step(self) -> None:
        """One generator step, and the discriminator's steps before it."""
        if self.config.regularizer == "instance_noise_annealed":
            self.players.anneal_noise(self.iteration / self.config.iterations)
        if self.iteration % self.config.n_generator == 0:
            for _ in range(self.config.n_critic):
                self.discriminator_step()
        self.generator_step()
        self.iteration += 1

    def save(self) -> str | None:
        """Write a checkpoint, where there is a run directory; returns why it could not be, or ``None``."""
        try:
            if self.directory is not None:
                save_checkpoint(self.directory, self.iteration, self.config, self.players, self.monitor.state_dict())
        except OSError as error:
            return f"The checkpoint could not be written ({error}); the run ends with what it has."
        return None

    def discriminator_step(self) -> None:
        """One step of the discriminator on fresh real and generated samples."""
        config, players = self.config, self.players
        real = batch(self.dataset, config.batch_size)
        with torch.set_grad_enabled(config.regularizer == "consensus"):
            fake = players.generator(players.noise(config.batch_size))
        real_logits, fake_logits = players.discriminator(real), players.discriminator(fake)
        objective = self.loss.discriminator(real_logits, fake_logits)
        if config.regularizer in PENALTIES:
            seen = Seen(config, players, self.loss, real, fake, real_logits, fake_logits, objective)
            objective = objective + config.strength * PENALTIES[config.regularizer](seen)
        players.discriminator_optimizer.zero_grad(set_to_none=True)
        self.backward(objective, players.discriminator)
        players.discriminator_optimizer.step()
        if config.regularizer == "weight_clipping":
            regularizers.clip_weights(players.discriminator, config.strength)

    def generator_step(self) -> None:
        """One step of the generator, and of its average."""
        config, players, consensus = self.config, self.players, self.config.regularizer == "consensus"
        fake = players.generator(players.noise(config.batch_size))
        discriminator = self.discriminator_ahead(fake) if config.unrolling else players.discriminator
        fake_logits = discriminator(fake)
        real = batch(self.dataset, config.batch_size) if self.loss.paired or consensus else None
        real_logits = None if real is None else discriminator(real)
        objective = self.loss.generator(fake_logits, real_logits)
        if consensus and real is not None and real_logits is not None:
            against = self.loss.discriminator(real_logits, fake_logits)
            seen = Seen(config, players, self.loss, real, fake, real_logits, fake_logits, against)
            objective = objective + config.strength * PENALTIES["consensus"](seen)
        players.generator_optimizer.zero_grad(set_to_none=True)
        self.backward(objective, players.generator)
        players.generator_optimizer.step()
        if players.average is not None:
            players.average.update_parameters(players.generator)

    def discriminator_ahead(self, fake: Tensor) -> Callable[[Tensor], Tensor]:
        """The discriminator as it will be after the steps that the generator looks ahead."""
        return regularizers.unrolled(
            self.players.discriminator,
            self.loss.discriminator,
            batch(self.dataset, self.config.batch_size),
            fake,
            self.config.unrolling,
            self.players.discriminator_optimizer,
        )

    def backward(self, objective: Tensor, player: nn.Module) -> None:
        """Gradients of a player's loss; consensus optimisation's graph has the other player in it, who gets none."""
        if self.config.regularizer == "consensus":
            objective.backward(inputs=list(player.parameters()))
        else:
            objective.backward()


def batch(dataset: Dataset, size: int) -> Tensor:
    """Real samples drawn with replacement, from torch's global random state."""
    return dataset.samples[torch.randint(len(dataset), (size,), device=dataset.samples.device)]


def judge_of(dataset: Dataset) -> JudgeSpec:
    """What looks at samples of a data set."""
    if dataset.name in JUDGED_BY_DIGITS:
        return "mnist"
    return None if dataset.mixture is None else MixtureJudge(dataset.mixture)


def _attach(
    config: TrainingConfig,
    dataset: Dataset,
    players: Players,
    out: str | Path | None,
    start: int,
    watching: dict[str, Any] | None,
) -> Monitor:
    """Watch the run as any user would."""
    return attach(
        players.generator,
        players.discriminator,
        real=None if dataset.name == "mnist" else dataset.samples,  # MNIST's statistics are packaged
        judge=judge_of(dataset),
        every=config.probe_interval,
        out=out,
        on_alarm="ignore",
        loss=config.loss,
        start=start,
        state=watching,
        configuration=config.to_dict(),
    )
