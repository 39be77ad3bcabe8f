"""The training core: reproducible, resumable, watched without being changed, and ending cleanly."""

import errno
import math
import os
import signal
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import torch
from torch import nn

from gandiag.data import Dataset, load_dataset
from gandiag.errors import GandiagError, GandiagWarning
from gandiag.losses import LOSSES
from gandiag.nets import LectureDiscriminator
from gandiag.recording import Recording, storage
from gandiag.training import TrainingConfig, checkpoint, players, read_checkpoint, restore_players, train
from gandiag.training import loop as loop_module
from gandiag.training.config import AntiCollapse
from gandiag.training.interruption import whole_steps

POINTS = {"dataset": "ring", "model": "mlp"}


@pytest.fixture(scope="module")
def ring() -> Dataset:
    return load_dataset("ring")


def parameters(result) -> list[torch.Tensor]:
    return [p.detach() for part in (result.players.generator, result.players.discriminator) for p in part.parameters()]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    ("regularizer", "strength"),
    [
        ("none", 0),
        ("weight_decay", 0.01),
        ("spectral_norm", 0),
        ("r1", 1.0),
        ("wgan_gp", 10.0),
        ("instance_noise", 0.5),
        ("consensus", 0.1),
    ],
)
def test_every_loss_trains_with_every_regularizer(ring, loss, regularizer, strength):
    config = TrainingConfig(**POINTS, loss=loss, regularizer=regularizer, strength=strength, iterations=5, n_critic=2)
    result = train(config, ring)
    steps = result.recording.steps
    assert steps["network"].value_counts().to_dict() == {"D": 10, "G": 5}
    assert np.isfinite(steps["grad_norm"]).all()
    assert result.recording.meta["loss"] == loss
    assert result.recording.signal[["grad_norm", "head_gradient", "logit_real", "logit_fake"]].notna().all(axis=None)
    assert result.diagnosis.wiring == ()


@pytest.mark.parametrize(
    ("regularizer", "strength"),
    [
        ("weight_clipping", 0.1),
        ("dragan", 1.0),
        ("lecam", 0.1),
        ("label_smoothing", 0.1),
        ("dropout", 0.3),
        ("r2", 1.0),
        ("weight_norm", 0),
        ("layer_norm", 0),
        ("instance_noise_annealed", 0.5),
    ],
)
def test_the_other_regularizers_train(ring, regularizer, strength):
    result = train(TrainingConfig(**POINTS, regularizer=regularizer, strength=strength, iterations=5), ring)
    assert np.isfinite(result.recording.steps["grad_norm"]).all()
    assert result.diagnosis.wiring == ()


@pytest.mark.parametrize("anti_collapse", get_args(AntiCollapse))
def test_every_remedy_against_collapse_trains_and_is_watched(ring, anti_collapse):
    result = train(TrainingConfig(**POINTS, anti_collapse=anti_collapse, iterations=5), ring)
    assert result.recording.signal[["grad_norm", "head_gradient", "logit_fake"]].notna().all(axis=None)
    assert result.diagnosis.wiring == ()


@pytest.mark.parametrize("regularizer", ["lecam", "instance_noise_annealed"])
def test_a_regularizer_with_a_memory_goes_on_from_its_checkpoint(ring, tmp_path, regularizer):
    config = TrainingConfig(**POINTS, regularizer=regularizer, strength=0.5, iterations=20, checkpoint_every=10)
    whole = train(config, ring)

    def stop(iteration):
        if iteration == 13:
            raise KeyboardInterrupt

    train(config, ring, out=tmp_path, progress=stop)
    again = train(config, ring, out=tmp_path, checkpoint=read_checkpoint(tmp_path)[1])
    assert all(map(torch.equal, parameters(whole), parameters(again)))


def test_clipped_weights_stay_within_their_limit(ring):
    config = TrainingConfig(**POINTS, regularizer="weight_clipping", strength=0.01, iterations=5)
    assert max(float(p.abs().max()) for p in parameters(train(config, ring))[-6:]) <= 0.01


@pytest.mark.parametrize("model", ["lecture", "lecture_batch_norm", "lecture_relu", "dcgan"])
def test_every_image_model_trains_on_digits(model):
    result = train(TrainingConfig(model=model, iterations=12, batch_size=64, probe_every=4))
    assert len(result.recording.probes) >= 2
    assert result.recording.probes[["fid_judge", "modes", "diversity", "class_9"]].notna().all(axis=None)
    assert next(iter(result.recording.samples.values())).shape == (64, 28, 28)


def test_one_seed_gives_one_run_and_another_seed_another(ring):
    config = TrainingConfig(**POINTS, iterations=30)
    first, second = train(config, ring), train(config, ring)
    assert all(map(torch.equal, parameters(first), parameters(second)))
    np.testing.assert_array_equal(first.recording.steps["grad_norm"], second.recording.steps["grad_norm"])
    other = train(TrainingConfig(**POINTS, iterations=30, seed=1), ring)
    assert not all(map(torch.equal, parameters(first), parameters(other)))


def test_watching_does_not_change_the_run(ring, monkeypatch):
    config = TrainingConfig(**POINTS, iterations=120, ema_decay=0.9, regularizer="spectral_norm", probe_every=10)
    watched = train(config, ring)
    assert len(watched.recording.probes) > 5
    state = torch.get_rng_state()

    class Nobody:
        write_error = None
        recording = Recording()

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def diagnose(self):
            return None

    monkeypatch.setattr(loop_module, "_attach", lambda *_: Nobody())
    unwatched = train(config, ring)
    assert all(map(torch.equal, parameters(watched), parameters(unwatched)))
    for name in ("generator", "discriminator", "average"):
        states = (getattr(run.players, name).state_dict() for run in (watched, unwatched))
        assert all(torch.equal(a, b) for a, b in zip(*(s.values() for s in states), strict=True)), name
    assert torch.equal(state, torch.get_rng_state())


def test_the_lectures_labels_play_the_same_game_mirrored(ring):
    """Real = 0 flips the sign of what the discriminator must learn, and nothing else."""
    usual = train(TrainingConfig(**POINTS, iterations=400, learning_rate_discriminator=1e-3), ring)
    lecture = train(TrainingConfig(**POINTS, iterations=400, learning_rate_discriminator=1e-3, real_label=0), ring)
    real_minus_fake = [
        (run.recording.signal["logit_real"] - run.recording.signal["logit_fake"]).tail(100).median()
        for run in (usual, lecture)
    ]
    assert real_minus_fake[0] > 0 > real_minus_fake[1]


def test_a_resumed_run_ends_as_if_it_had_never_stopped(ring, tmp_path):
    config = TrainingConfig(**POINTS, iterations=60, ema_decay=0.9, n_critic=2, checkpoint_every=20, probe_every=10)
    straight = train(config, ring)

    def stop(iteration: int) -> None:
        if iteration == 33:
            raise KeyboardInterrupt

    stopped = train(config, ring, out=tmp_path, progress=stop)
    assert stopped.ended_early == "interrupted from the keyboard"
    config_again, state = read_checkpoint(tmp_path)
    assert config_again == config
    resumed = train(config, ring, out=tmp_path, checkpoint=state)
    assert resumed.ended_early is None
    assert all(map(torch.equal, parameters(straight), parameters(resumed)))
    recording = Recording.load(tmp_path)
    for network in ("G", "D"):
        np.testing.assert_array_equal(
            recording.series(f"steps.grad_norm[{network}]"), straight.recording.series(f"steps.grad_norm[{network}]")
        )


def test_an_interruption_between_both_players_waits_for_the_step_to_end(ring, tmp_path, monkeypatch):
    config = TrainingConfig(**POINTS, iterations=12)
    whole, step = train(config, ring), loop_module._Run.generator_step

    def press_once(run) -> None:
        if run.iteration == 5 and not (tmp_path / checkpoint.CHECKPOINT).exists():
            os.kill(os.getpid(), signal.SIGINT)
        step(run)

    monkeypatch.setattr(loop_module._Run, "generator_step", press_once)
    stopped = train(config, ring, out=tmp_path)
    assert (stopped.iterations, stopped.ended_early) == (6, "interrupted from the keyboard")
    resumed = train(config, ring, out=tmp_path, checkpoint=read_checkpoint(tmp_path)[1])
    assert all(map(torch.equal, parameters(whole), parameters(resumed)))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_interruption_does_not_wait():
    with whole_steps():
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_an_interruption_on_a_full_disk_ends_the_run_as_well(ring, tmp_path, monkeypatch):
    def stop(iteration: int) -> None:
        raise KeyboardInterrupt

    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(loop_module, "save_checkpoint", full)
    result = train(TrainingConfig(**POINTS, iterations=5), ring, out=tmp_path, progress=stop)
    assert "No space left on device" in result.ended_early


def test_the_saved_generator_is_the_trained_one(ring, tmp_path):
    result = train(TrainingConfig(**POINTS, iterations=7), ring, out=tmp_path)
    state = torch.get_rng_state()
    restored = restore_players(tmp_path)
    assert torch.equal(state, torch.get_rng_state())
    assert all(map(torch.equal, result.players.generator.parameters(), restored.generator.parameters()))


def test_no_checkpoint_and_a_broken_one_are_one_sentence(tmp_path):
    with pytest.raises(GandiagError, match="There is no checkpoint"):
        read_checkpoint(tmp_path)
    (tmp_path / checkpoint.CHECKPOINT).write_bytes(b"half a checkpoint")
    with pytest.raises(GandiagError, match="cannot be read"):
        read_checkpoint(tmp_path)


def test_a_full_disk_ends_the_run_cleanly_with_what_it_has(ring, tmp_path, monkeypatch):
    written, write = [], storage.write_part

    def fill_up(directory, table, index, rows):
        if len(written) >= 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(table)
        write(directory, table, index, rows)

    monkeypatch.setattr(storage, "write_part", fill_up)
    monkeypatch.setattr("gandiag.monitor.observer.FLUSH_SECONDS", 0.05)
    with pytest.warns(GandiagWarning, match="No space left on device"):
        result = train(TrainingConfig(**POINTS, iterations=2000, checkpoint_every=5000), ring, out=tmp_path)
    assert result.iterations < 2000
    assert "No space left on device" in result.ended_early
    assert len(result.recording.steps) == 2 * result.iterations
    assert result.diagnosis.verdict is not None
    assert len(Recording.load(tmp_path).steps) > 0


def test_a_checkpoint_that_cannot_be_written_ends_the_run_cleanly(ring, tmp_path, monkeypatch):
    def full(*_, **__):
        raise RuntimeError("PytorchStreamWriter failed writing file data/0: file write failed")

    monkeypatch.setattr(torch, "save", full)
    result = train(TrainingConfig(**POINTS, iterations=50, checkpoint_every=10), ring, out=tmp_path)
    assert result.iterations == 10
    assert "checkpoint could not be written" in result.ended_early
    assert len(Recording.load(tmp_path).steps) == 20


def test_a_run_directory_that_holds_a_run_is_not_overwritten(ring, tmp_path):
    train(TrainingConfig(**POINTS, iterations=3), ring, out=tmp_path)
    with pytest.raises(GandiagError, match="holds a recording already"):
        train(TrainingConfig(**POINTS, iterations=3), ring, out=tmp_path)


def test_nan_in_the_data_is_refused_where_it_is_loaded(monkeypatch):
    broken = Dataset("digits", torch.full((10, 1, 28, 28), math.nan), torch.zeros(10, dtype=torch.long))
    monkeypatch.setattr("gandiag.data.catalogue.load_digits", lambda: broken)
    with pytest.raises(GandiagError, match="holds NaN or infinite values in 10 of 10 samples"):
        train(TrainingConfig(iterations=1))


def test_data_of_another_kind_than_the_model_is_refused():
    with pytest.raises(GandiagError, match=r"makes samples of shape \(1, 28, 28\), but the data has \(2,\)"):
        train(TrainingConfig(dataset="ring", model="lecture", iterations=1))


def test_a_generator_that_does_not_fit_its_discriminator_is_refused():
    with pytest.raises(GandiagError, match="does not fit the discriminator"):
        players.check_fit(nn.Linear(3, 4), LectureDiscriminator(), 3, (4,))
    with pytest.raises(GandiagError, match=r"samples of shape \(4,\), but the data has \(1, 28, 28\)"):
        players.check_fit(nn.Linear(3, 4), LectureDiscriminator(), 3, (1, 28, 28))


def test_a_gan_that_meets_nan_is_recorded_and_diagnosed(ring):
    config = TrainingConfig(**POINTS, iterations=300, optimizer_generator="sgd", learning_rate_generator=1e30)
    diagnosis = train(config, ring).diagnosis
    assert diagnosis.verdict == "non_convergence"
    assert diagnosis.main.kind == "divergence"


def test_a_schedule_changes_the_learning_rates_at_its_step_and_observers_see_every_step(ring):
    config = TrainingConfig(**POINTS, iterations=6)
    hot = replace(config, learning_rate_generator=0.5, n_critic=3)
    seen = []
    result = train(
        config,
        ring,
        schedule={4: hot},
        observe=lambda iteration, players: seen.append((iteration, players.generator_optimizer.param_groups[0]["lr"])),
    )
    usual = config.learning_rate_generator
    assert seen == [*((step, usual) for step in range(5)), (5, 0.5), (6, 0.5)]
    critic = result.recording.steps.query("network == 'D'")["iteration"].value_counts()
    assert [critic[step] for step in range(6)] == [1, 1, 1, 1, 3, 3]


def test_the_paired_loss_trains_with_both_penalties(ring):
    config = TrainingConfig(**POINTS, loss="relativistic_paired", regularizer="r1_r2", strength=0.1, iterations=30)
    result = train(config, ring)
    assert result.iterations == 30
    assert result.recording.signal["head_gradient"].notna().all()
