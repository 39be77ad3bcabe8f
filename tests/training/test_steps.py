"""Single steps of the core, with its regularisers, against NumPy and finite differences in double precision."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.func import functional_call, grad
from torch.nn.functional import softplus

from gandiag.data import Dataset, load_dataset
from gandiag.losses import get_loss
from gandiag.training import TrainingConfig, loop
from gandiag.training.players import build_players

BATCH = 16


@pytest.fixture(autouse=True)
def _double_precision() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture
def ring() -> Dataset:
    whole = load_dataset("ring")
    return replace(whole, samples=whole.samples.double())


def run_of(dataset: Dataset, **settings: object) -> loop._Run:
    config = TrainingConfig(dataset="ring", model="mlp_tanh", batch_size=BATCH, **settings)  # type: ignore[arg-type]
    players = build_players(config, (2,), torch.device("cpu"))
    return loop._Run(config, {}, dataset, players, get_loss(config.loss), None, None, 0)


class AdamByHand:
    """Kingma and Ba (2015), Algorithm 1, with the decay λθ in the gradient."""

    def __init__(self, rate: float, decays: tuple[float, float], decay: float) -> None:
        self.rate, self.decays, self.decay = rate, decays, decay
        self.mean, self.square, self.count = 0.0, 0.0, 0

    def step(self, value: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        first, second = self.decays
        gradient = gradient + self.decay * value
        self.count += 1
        self.mean = first * self.mean + (1 - first) * gradient
        self.square = second * self.square + (1 - second) * gradient**2
        mean, square = self.mean / (1 - first**self.count), self.square / (1 - second**self.count)
        return value - self.rate * mean / (np.sqrt(square) + 1e-8)


def test_weight_decay_is_that_of_adam_in_the_gradient_of_every_parameter_of_the_discriminator(ring: Dataset) -> None:
    decay, rate = 0.5, 1e-2
    run = run_of(ring, regularizer="weight_decay", strength=decay, learning_rate_discriminator=rate)
    generator, critic = run.players.generator, deepcopy(run.players.discriminator)
    by_hand = [AdamByHand(rate, (run.config.beta1, run.config.beta2), decay) for _ in critic.parameters()]
    for _ in range(3):
        state = torch.get_rng_state()
        run.discriminator_step()
        torch.set_rng_state(state)
        real, fake = loop.batch(ring, BATCH), generator(run.players.noise(BATCH)).detach()
        objective = softplus(-critic(real)).mean() + softplus(critic(fake)).mean()
        gradients = torch.autograd.grad(objective, list(critic.parameters()))
        with torch.no_grad():
            for adam, parameter, gradient in zip(by_hand, critic.parameters(), gradients, strict=True):
                parameter.copy_(torch.from_numpy(adam.step(parameter.numpy(), gradient.numpy())))
    for parameter, expected in zip(run.players.discriminator.parameters(), critic.parameters(), strict=True):
        torch.testing.assert_close(parameter, expected, rtol=1e-10, atol=1e-12)


def test_the_generator_is_not_decayed(ring: Dataset) -> None:
    runs = []
    for settings in ({"regularizer": "weight_decay", "strength": 0.5}, {}):
        torch.manual_seed(0)
        runs.append(run_of(ring, **settings))
        runs[-1].generator_step()
    decayed, plain = (run.players.generator.parameters() for run in runs)
    assert all(map(torch.equal, decayed, plain))


@pytest.mark.parametrize("loss", ["non_saturating", "wasserstein"])
def test_consensus_in_the_generators_step_is_the_slope_of_half_the_squared_gradient_field(
    ring: Dataset, loss: str
) -> None:
    """The field by :mod:`torch.func`, its slope by central differences along directions."""
    strength, rate = 0.7, 1e-2
    run = run_of(
        ring,
        loss=loss,
        regularizer="consensus",
        strength=strength,
        optimizer_generator="sgd",
        learning_rate_generator=rate,
    )
    generator, critic, losses = run.players.generator, run.players.discriminator, get_loss(loss)
    theta, phi = ({k: p.detach().clone() for k, p in m.named_parameters()} for m in (generator, critic))
    state = torch.get_rng_state()
    run.generator_step()
    after = [p.detach().clone() for p in generator.parameters()]
    torch.set_rng_state(state)
    noise = run.players.noise(BATCH)
    real = loop.batch(ring, BATCH)

    def judged(theta: dict, phi: dict, samples: torch.Tensor | None = None) -> torch.Tensor:
        samples = functional_call(generator, theta, (noise,)) if samples is None else samples
        return functional_call(critic, phi, (samples,))

    def of_generator(theta: dict, phi: dict) -> torch.Tensor:
        return losses.generator(judged(theta, phi))

    def of_critic(phi: dict, theta: dict) -> torch.Tensor:
        return losses.discriminator(judged(theta, phi, real), judged(theta, phi))

    def objective(theta: dict) -> float:
        field = [*grad(of_generator)(theta, phi).values(), *grad(of_critic)(phi, theta).values()]
        return float(of_generator(theta, phi) + strength * sum(part.square().sum() for part in field) / 2)

    slopes = [(old - new) / rate for old, new in zip(theta.values(), after, strict=True)]
    for _ in range(4):
        along, size = {k: torch.randn_like(p) for k, p in theta.items()}, 1e-5
        ends = [objective({k: p + sign * size * along[k] for k, p in theta.items()}) for sign in (1, -1)]
        expected = (ends[0] - ends[1]) / (2 * size)
        slope = sum(float((part * d).sum()) for part, d in zip(slopes, along.values(), strict=True))
        assert slope == pytest.approx(expected, rel=1e-6, abs=1e-8)
    assert all(map(torch.equal, phi.values(), critic.parameters()))
    assert all(parameter.grad is None for parameter in critic.parameters())


def test_annealed_noise_falls_in_a_straight_line_over_the_steps_of_a_run(ring: Dataset) -> None:
    run = run_of(ring, regularizer="instance_noise_annealed", strength=0.8, iterations=5)
    levels = []
    for _ in range(5):
        run.step()
        levels.append(run.players.discriminator[0].std)
    np.testing.assert_allclose(levels, 0.8 * (1 - np.arange(5) / 5), rtol=1e-12)
