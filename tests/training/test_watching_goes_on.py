"""A run that was interrupted or killed, and resumed, is recorded and judged as the one that never stopped."""

import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch
from torch import nn

from gandiag import attach
from gandiag.data import load_dataset
from gandiag.detect import diagnose
from gandiag.errors import GandiagError
from gandiag.recording import Recording
from gandiag.study.one_run import outcome
from gandiag.training import TrainingConfig, read_checkpoint, train

ROOT = Path(__file__).parents[2]
POINTS = TrainingConfig(dataset="ring", model="mlp", iterations=60, probe_every=10, checkpoint_every=5)
KEYS = ["iteration", "network", "layer"]


class Killed(Exception):  # noqa: N818 - no error of anybody's
    """Ends a run without a checkpoint."""


def assert_same_runs(found: Recording, expected: Recording) -> None:
    for name in ("probes", "signal", "steps", "layers"):
        tables = []
        for table in (found.table(name), expected.table(name)):
            keys = [key for key in KEYS if key in table]
            tables.append(table.sort_values(keys, kind="stable").reset_index(drop=True))
        pd.testing.assert_frame_equal(*tables, check_exact=True, check_like=True, obj=name)
    for recording in (found, expected):
        recording.meta["wiring"]["optimizers"].sort(key=str)  # by who stepped first since the run was begun or resumed
    for name in ("wiring", "abstentions", "inputs", "loss"):
        assert found.meta.get(name) == expected.meta.get(name), name
    assert list(found.samples) == list(expected.samples)
    assert all((found.samples[at] == expected.samples[at]).all() for at in expected.samples)
    verdicts = [diagnose(recording) for recording in (found, expected)]
    assert verdicts[0] == verdicts[1]
    assert outcome(verdicts[0], found.probes) == outcome(verdicts[1], expected.probes)


def interrupted(config: TrainingConfig, out: Path, at: int) -> None:
    def stop(iteration: int) -> None:
        if iteration == at:
            os.kill(os.getpid(), signal.SIGINT)

    assert train(config, out=out, progress=stop).iterations == at


def killed(config: TrainingConfig, out: Path, at: int) -> None:
    def stop(iteration: int) -> None:
        if iteration == at:
            raise Killed

    with pytest.raises(Killed):
        train(config, out=out, progress=stop)


@pytest.mark.parametrize(
    ("end", "at"), [(interrupted, 2), (interrupted, 30), (interrupted, 33), (killed, 33), (killed, 42), (killed, 58)]
)
def test_a_resumed_run_is_recorded_as_the_whole_one(tmp_path, end, at):
    whole = train(POINTS, out=tmp_path / "whole")
    end(POINTS, tmp_path / "run", at)
    resumed = train(POINTS, out=tmp_path / "run", checkpoint=read_checkpoint(tmp_path / "run")[1])
    assert_same_runs(Recording.load(tmp_path / "run"), Recording.load(tmp_path / "whole"))
    assert resumed.diagnosis == whole.diagnosis
    assert resumed.recording.probes["drift"].notna().sum() == len(whole.recording.probes) - 1


@pytest.mark.parametrize(
    "changes",
    [
        {"n_critic": 2, "regularizer": "wgan_gp", "strength": 10.0, "loss": "wasserstein"},
        {"n_generator": 2, "batch_size": 16},
        {"anti_collapse": "unrolled1"},
        {"dataset": "digits", "model": "lecture_batch_norm", "batch_size": 16},
    ],
    ids=lambda changes: ",".join(changes),
)
def test_so_are_runs_of_other_kinds_also_when_interrupted_twice(tmp_path, changes):
    config = replace(POINTS, iterations=26, probe_every=6, **changes)
    train(config, out=tmp_path / "whole")
    interrupted(config, tmp_path / "run", 4)

    def stop(iteration: int) -> None:
        if iteration == 17:
            raise Killed

    with pytest.raises(Killed):
        train(config, out=tmp_path / "run", checkpoint=read_checkpoint(tmp_path / "run")[1], progress=stop)
    train(config, out=tmp_path / "run", checkpoint=read_checkpoint(tmp_path / "run")[1])
    assert_same_runs(Recording.load(tmp_path / "run"), Recording.load(tmp_path / "whole"))


def test_a_run_whose_process_is_killed_has_no_gap(tmp_path):
    """What was not yet flushed goes with the process; a checkpoint leaves nothing behind it."""
    script = f"""
        import os, signal
        from gandiag.training import TrainingConfig, train
        def stop(iteration):
            if iteration == 33:
                os.kill(os.getpid(), signal.SIGKILL)
        train(TrainingConfig.from_dict({POINTS.to_dict()!r}), out={str(tmp_path / "run")!r}, progress=stop)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT, check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL
    train(POINTS, out=tmp_path / "whole")
    train(POINTS, out=tmp_path / "run", checkpoint=read_checkpoint(tmp_path / "run")[1])
    assert_same_runs(Recording.load(tmp_path / "run"), Recording.load(tmp_path / "whole"))


def test_the_memory_of_watching_is_small(tmp_path):
    """512 inputs and features, beside the three logits that tell the loss."""
    train(replace(POINTS, iterations=12), out=tmp_path)
    state = read_checkpoint(tmp_path)[1]
    torch.save(state["watching"], tmp_path / "watching.pt")
    assert (tmp_path / "watching.pt").stat().st_size < 100_000


def test_a_checkpoint_without_a_memory_of_watching_is_gone_on_from(tmp_path):
    whole = train(POINTS)
    interrupted(POINTS, tmp_path, 33)
    state = read_checkpoint(tmp_path)[1]
    del state["watching"]
    resumed = train(POINTS, out=tmp_path, checkpoint=state)
    assert resumed.iterations == 60
    for one, other in zip(resumed.players.generator.parameters(), whole.players.generator.parameters(), strict=True):
        assert torch.equal(one, other)


class Loop:
    """A loop that feeds noise and whatever else it likes, without real samples for the monitor."""

    def __init__(self, extra: object = None) -> None:
        torch.manual_seed(0)
        self.extra = extra
        self.ring = load_dataset("ring").samples
        self.generator, self.discriminator = Fed(), nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
        self.steps = [torch.optim.SGD(one.parameters(), 0.05) for one in (self.generator, self.discriminator)]

    @property
    def parts(self) -> list:
        return [self.generator, self.discriminator, *self.steps]

    def step(self) -> None:
        real = self.ring[torch.randint(len(self.ring), (32,))]
        fake = self.generator(torch.randn(32, 4), self.extra)
        self.steps[1].zero_grad()
        (self.discriminator(fake.detach()).sigmoid() - self.discriminator(real).sigmoid()).mean().backward()
        self.steps[1].step()
        self.steps[0].zero_grad()
        (-self.discriminator(fake)).mean().backward()
        self.steps[0].step()


class Fed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))

    def forward(self, noise: torch.Tensor, extra: object) -> torch.Tensor:
        return self.layers(noise)


def go_through(tmp_path: Path, extra: object, stop: int) -> tuple[Recording, Recording]:
    """The recordings of a loop of 60 steps, and of the same that was left and taken up again."""
    loop = Loop(extra)
    with attach(loop.generator, loop.discriminator, every=10, on_alarm="ignore") as whole:
        for _ in range(60):
            loop.step()
    loop = Loop(extra)
    with attach(loop.generator, loop.discriminator, every=10, on_alarm="ignore", out=tmp_path / "run") as monitor:
        for _ in range(stop):
            loop.step()
        torch.save([monitor.state_dict(), *(one.state_dict() for one in loop.parts)], tmp_path / "saved.pt")
        state, random = torch.load(tmp_path / "saved.pt", weights_only=True), torch.get_rng_state()
    loop = Loop(extra)
    for one, of_one in zip(loop.parts, state[1:], strict=True):
        one.load_state_dict(of_one)
    torch.set_rng_state(random)
    with attach(
        loop.generator,
        loop.discriminator,
        every=10,
        on_alarm="ignore",
        out=tmp_path / "run",
        start=stop,
        state=state[0],
    ) as monitor:
        for _ in range(60 - stop):
            loop.step()
    return monitor.recording, whole.recording


@pytest.mark.parametrize("stop", [9, 18, 33])
def test_any_loop_goes_on_with_its_own_real_samples_too(tmp_path, stop):
    """Before the first probe, while the loop's real samples are still few, and after."""
    assert_same_runs(*go_through(tmp_path, None, stop))


def test_inputs_that_no_checkpoint_can_hold_are_taken_anew(tmp_path):
    resumed, whole = go_through(tmp_path, object(), 33)
    assert resumed.probes["iteration"].tolist() == [16, 20, 30, 33, 49, 50, 60]
    assert whole.probes["iteration"].tolist() == [16, 20, 30, 40, 50, 60]


def test_a_state_of_another_moment_is_refused():
    loop = Loop()
    with attach(loop.generator, loop.discriminator, on_alarm="ignore") as monitor:
        loop.step()
        state = monitor.state_dict()
    with pytest.raises(GandiagError, match="after 1 generator steps"):
        attach(loop.generator, loop.discriminator, start=5, state=state)
