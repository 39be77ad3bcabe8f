"""Schedules that a run can be resumed in, and the step with both penalties, by autograd."""

import pytest
import torch

from gandiag.data import Dataset, load_dataset
from gandiag.losses import get_loss
from gandiag.training import TrainingConfig, loop, read_checkpoint, train
from gandiag.training.players import build_players

POINTS = {"dataset": "ring", "model": "mlp"}


@pytest.fixture(scope="module")
def ring() -> Dataset:
    return load_dataset("ring")


def parameters(result) -> list[torch.Tensor]:
    return [p.detach() for part in (result.players.generator, result.players.discriminator) for p in part.parameters()]


def test_a_schedule_leaves_the_run_before_it_as_it_is(ring):
    config = TrainingConfig(**POINTS, iterations=40)
    faster = TrainingConfig(**POINTS, iterations=40, learning_rate_generator=1e-2)
    norms = [train(config, ring, schedule=s).recording.series("steps.grad_norm[G]") for s in ({}, {20: faster})]
    assert (norms[0][:20] == norms[1][:20]).all()
    assert not (norms[0][21:] == norms[1][21:]).any()


@pytest.mark.parametrize("stop_at", [10, 25])
def test_a_run_with_a_schedule_resumes_as_if_it_had_never_stopped(ring, tmp_path, stop_at):
    config = TrainingConfig(**POINTS, iterations=40, checkpoint_every=30)
    schedule = {15: TrainingConfig(**POINTS, iterations=40, learning_rate_discriminator=1e-2)}
    straight = train(config, ring, schedule=schedule)

    def stop(iteration: int) -> None:
        if iteration == stop_at:
            raise KeyboardInterrupt

    train(config, ring, out=tmp_path, progress=stop, schedule=schedule)
    resumed = train(config, ring, out=tmp_path, checkpoint=read_checkpoint(tmp_path)[1], schedule=schedule)
    assert all(map(torch.equal, parameters(straight), parameters(resumed)))


def test_r1_with_r2_is_half_gamma_times_the_squared_slopes_at_real_and_at_generated_samples(ring):
    config = TrainingConfig(**POINTS, regularizer="r1_r2", strength=2.0, batch_size=16, optimizer_discriminator="sgd")
    built, loss = build_players(config, (2,), torch.device("cpu")), get_loss("non_saturating")
    discriminator = built.discriminator
    before, state = [p.detach().clone() for p in discriminator.parameters()], torch.get_rng_state()
    loop._Run(config, {}, ring, built, loss, None, None, 0).discriminator_step()
    steps = [p.detach() - former for p, former in zip(discriminator.parameters(), before, strict=True)]

    with torch.no_grad():
        for parameter, former in zip(discriminator.parameters(), before, strict=True):
            parameter.copy_(former)
    torch.set_rng_state(state)
    real, fake = loop.batch(ring, 16), built.generator(built.noise(16)).detach()
    objective = loss.discriminator(discriminator(real), discriminator(fake))
    for samples in (real, fake):
        leaf = samples.clone().requires_grad_(True)
        (slope,) = torch.autograd.grad(discriminator(leaf).sum(), leaf, create_graph=True)
        objective = objective + 2.0 / 2 * slope.square().sum(dim=1).mean()
    gradients = torch.autograd.grad(objective, list(discriminator.parameters()))
    for step, gradient in zip(steps, gradients, strict=True):
        torch.testing.assert_close(step, -config.learning_rate_discriminator * gradient, atol=1e-7, rtol=1e-3)
