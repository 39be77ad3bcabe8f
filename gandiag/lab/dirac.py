"""Recipes on the Dirac-GAN, whose labels no measurement decides: whether it converges is known in closed form."""

import math
from dataclasses import replace

import numpy as np

from gandiag.errors import GandiagError
from gandiag.lab.points import CAL, healthy, unsettled
from gandiag.lab.scenario import AMBIGUOUS, HEALTHY
from gandiag.nets.dirac import START
from gandiag.training import TrainingConfig

NAME = "dirac"
SLOPES = {"minimax": 0.5, "non_saturating": 0.5, "wasserstein": 1.0}
DAMPING = {"none": 0.0, "r1": 1.0, "r2": 1.0, "r1_r2": 2.0, "weight_decay": 1.0}
ARRIVED = 0.2  # of the distance at the start

GAME = TrainingConfig(
    dataset=NAME,
    model=NAME,
    loss="minimax",
    batch_size=64,
    optimizer_generator="sgd",
    optimizer_discriminator="sgd",
    learning_rate_generator=0.2,
    learning_rate_discriminator=0.2,
    iterations=1000,
    probe_every=10,
)
DIRAC = (
    unsettled(
        "oscillation",
        "dirac-minimax",
        "Two numbers chase each other on a closed orbit for ever: the game without any damping.",
        GAME,
        "dirac-minimax-r1",
        CAL,
    ),
    healthy(
        "dirac-minimax-r1",
        "The same game with R1: it ends where the discriminator says the same of everything, as it should.",
        replace(GAME, regularizer="r1", strength=0.3),
        CAL,
        near_miss=True,
    ),
    unsettled(
        "oscillation",
        "dirac-wasserstein",
        "The same orbit under the Wasserstein loss.",
        replace(GAME, loss="wasserstein"),
        "dirac-wasserstein-r1",
        CAL,
    ),
    healthy(
        "dirac-wasserstein-r1",
        "The Wasserstein loss with R1.",
        replace(GAME, loss="wasserstein", regularizer="r1", strength=0.3),
        CAL,
        near_miss=True,
    ),
    healthy(
        "dirac-non-saturating",
        "The non-saturating loss damps itself, ever more slowly: still moving, and nearly there.",
        replace(GAME, loss="non_saturating"),
        CAL,
        near_miss=True,
    ),
)


def spectral_radius(config: TrainingConfig) -> float:
    """Factor a step by which the distance to the equilibrium changes near it, under alternating gradient steps.

    References:
        | Which Training Methods for GANs do actually Converge? (Mescheder et al., 2018), Lemmas 2.3 and 2.5, Section 4

    Raises:
        GandiagError: If the loss or the regulariser has no closed form here.
    """
    if config.loss not in SLOPES or config.regularizer not in DAMPING:
        raise GandiagError(f"No closed form is known of the loss '{config.loss}' with '{config.regularizer}'.")
    damping = DAMPING[config.regularizer] * config.strength
    pull_d = config.learning_rate_discriminator * SLOPES[config.loss]
    pull_g = config.learning_rate_generator * SLOPES[config.loss]
    discriminator = np.array([[1.0, 0.0], [-pull_d, 1 - config.learning_rate_discriminator * damping]])
    generator = np.array([[1.0, pull_g], [0.0, 1.0]])
    step = generator @ np.linalg.matrix_power(discriminator, config.n_critic)
    return float(np.abs(np.linalg.eigvals(step)).max())


def remaining(config: TrainingConfig) -> float:
    """Share of the distance at the start that is left at the end; infinite where it grows."""
    radius = spectral_radius(config)
    if radius > 1 + 1e-9:
        return math.inf
    if config.loss == "non_saturating" and radius > 1 - 1e-9:
        # r(t) = (1/r₀² + t/8)^(-1/2) after a time t: the third order damps where the first does not.
        time = config.iterations * config.learning_rate_generator
        return 1 / math.sqrt(1 + START**2 * time / 8)
    return float(radius**config.iterations)


def closed_form(config: TrainingConfig) -> tuple[str, str | None]:
    """Label and kind of a run of the Dirac-GAN."""
    left = remaining(config)
    if math.isinf(left):
        return "non_convergence", "divergence"
    if left > 1 - 1e-6:
        return "non_convergence", "oscillation"
    return (HEALTHY if left <= ARRIVED else AMBIGUOUS), None
