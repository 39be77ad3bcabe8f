"""What all applications share: a resumed run is the run that never stopped, and no end loses what was learnt."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from gandiag.applications import ApplicationResult, run_session
from gandiag.applications.session import CHECKPOINT, read_session, restore_session
from gandiag.data import load_dataset
from gandiag.errors import GandiagError
from gandiag.monitor import attach
from gandiag.nets.mlp import NOISE_SIZE, PointDiscriminator, PointGenerator
from gandiag.recording import Recording
from gandiag.training.interruption import INTERRUPTED
from gandiag.training.loop import batch

RING = load_dataset("ring")


@dataclass(frozen=True)
class Settings:
    iterations: int = 12
    checkpoint_every: int = 4


def train(
    settings: Settings,
    out: Path | None = None,
    *,
    resume: bool = False,
    before_step: Callable[[int], None] = lambda iteration: None,
    progress: Callable[[int], None] = lambda iteration: None,
) -> ApplicationResult:
    """A GAN of points, as an application trains one."""
    torch.manual_seed(0)
    generator, discriminator = PointGenerator(batch_norm=True), PointDiscriminator()
    networks = {"generator": generator, "discriminator": discriminator}
    steps_g, steps_d = (torch.optim.Adam(network.parameters()) for network in networks.values())
    optimizers = {"generator_optimizer": steps_g, "discriminator_optimizer": steps_d}
    start = restore_session(read_session(out, "points"), {**networks, **optimizers}) if resume and out else 0
    monitor = attach(generator, discriminator, out=out, on_alarm="ignore", start=start)
    done = start

    def step() -> None:
        nonlocal done
        before_step(done)
        real, fake = batch(RING, 16), generator(torch.randn(16, NOISE_SIZE))
        steps_d.zero_grad()
        (against(discriminator(real), 1) + against(discriminator(fake.detach()), 0)).backward()
        steps_d.step()
        steps_g.zero_grad()
        against(discriminator(fake), 1).backward()
        steps_g.step()
        done += 1

    return run_session("points", settings, networks, optimizers, step, monitor, out=out, start=start, progress=progress)


def against(logits: Tensor, target: float) -> Tensor:
    return binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))


def interrupt_at(wanted: int) -> Callable[[int], None]:
    def check(iteration: int) -> None:
        if iteration == wanted:
            raise KeyboardInterrupt

    return check


def assert_same_networks(result: ApplicationResult, other: ApplicationResult) -> None:
    for name, network in result.networks.items():
        for key, value in network.state_dict().items():
            assert torch.equal(value, other.networks[name].state_dict()[key]), f"{name}.{key}"


@pytest.fixture
def full_disk(monkeypatch):
    def save(state: object, path: Path) -> None:
        raise RuntimeError("no space left")  # as torch.save says it

    monkeypatch.setattr(torch, "save", save)


@pytest.mark.parametrize("stopped", [4, 7])
def test_a_run_stopped_and_resumed_ends_as_if_it_had_never_stopped(tmp_path, stopped):
    straight = train(Settings())
    first = train(Settings(), tmp_path, before_step=interrupt_at(stopped))
    assert (first.iterations, first.ended_early) == (stopped, INTERRUPTED)
    resumed = train(Settings(), tmp_path, resume=True)
    assert (resumed.iterations, resumed.ended_early) == (12, None)
    assert_same_networks(resumed, straight)
    steps = Recording.load(tmp_path).steps
    assert steps.loc[steps["network"] == "G", "iteration"].tolist() == list(range(12))


def test_checkpoints_come_at_their_steps_and_at_the_end(tmp_path):
    written = []
    train(Settings(iterations=6), tmp_path, before_step=lambda _: written.append((tmp_path / CHECKPOINT).exists()))
    assert written == [False] * 4 + [True] * 2
    assert read_session(tmp_path)["iteration"] == 6


def test_progress_counts_the_steps_done(tmp_path):
    seen: list[int] = []
    train(Settings(iterations=3), progress=seen.append)
    assert seen == [1, 2, 3]


@pytest.mark.usefixtures("full_disk")
def test_a_checkpoint_that_cannot_be_written_ends_the_run_with_what_it_has(tmp_path):
    result = train(Settings(), tmp_path)
    assert result.iterations == 4
    assert result.ended_early == "The checkpoint could not be written (no space left); the run ends with what it has."


@pytest.mark.usefixtures("full_disk")
def test_an_interruption_on_a_full_disk_ends_the_run_as_well(tmp_path):
    result = train(Settings(), tmp_path, before_step=interrupt_at(2))
    assert result.iterations == 2
    assert "no space left" in str(result.ended_early)


def test_a_failure_of_the_step_itself_is_not_taken_for_the_checkpoints(tmp_path):
    def no_data(iteration: int) -> None:
        raise OSError("the data is gone")

    with pytest.raises(OSError, match="the data is gone"):
        train(Settings(), tmp_path, before_step=no_data)


def test_a_network_and_an_optimizer_of_one_name_are_refused():
    network = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(network.parameters())
    with attach(PointGenerator(), PointDiscriminator()) as monitor, pytest.raises(ValueError, match="'AB'"):
        run_session("points", Settings(), {"AB": network}, {"AB": optimizer}, lambda: None, monitor, out=None)


def test_a_checkpoint_of_another_model_or_of_other_networks_or_none_is_refused(tmp_path):
    with pytest.raises(GandiagError, match="There is no checkpoint"):
        read_session(tmp_path)
    train(Settings(iterations=1), tmp_path)
    with pytest.raises(GandiagError, match="of the model 'points', not of cyclegan"):
        read_session(tmp_path, "cyclegan")
    with pytest.raises(GandiagError, match="of other networks"):
        restore_session(read_session(tmp_path), {"generator": nn.Linear(1, 1)})


def test_a_damaged_checkpoint_is_said_to_be_unreadable(tmp_path):
    train(Settings(iterations=1), tmp_path)
    path = tmp_path / CHECKPOINT
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(GandiagError, match="cannot be read"):
        read_session(tmp_path)
