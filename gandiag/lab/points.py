"""Recipes on mixtures in the plane, whose modes are known exactly."""

from dataclasses import replace
from typing import Any

from gandiag.lab.scenario import Scenario, Split
from gandiag.training import TrainingConfig

RING = TrainingConfig(
    dataset="ring",
    model="mlp",
    batch_size=64,
    learning_rate_generator=1e-3,
    learning_rate_discriminator=1e-3,
    iterations=1000,
    probe_every=40,
)
GRID = replace(RING, dataset="grid", iterations=1400)
TOO_GOOD: dict[str, Any] = {
    "loss": "minimax",
    "model": "mlp_far",
    "optimizer_generator": "sgd",
    "learning_rate_generator": 0.05,
    "pretraining": 300,
    "n_critic": 2,
    "iterations": 700,
}
RARELY: dict[str, Any] = {"n_generator": 10, "learning_rate_discriminator": 2e-4}
RARELY_AND_HOT: dict[str, Any] = {**RARELY, "learning_rate_generator": 1e-2}
DECAYED: dict[str, Any] = {"regularizer": "weight_decay", "strength": 0.3, "pretraining": 600}
FREE: dict[str, Any] = {"loss": "wasserstein", "learning_rate_discriminator": 5e-3, "n_critic": 3, "iterations": 700}
PENALISED: dict[str, Any] = {"regularizer": "wgan_gp", "strength": 1.0, "n_critic": 3, "iterations": 600}


def _ring(**settings: Any) -> TrainingConfig:
    return replace(RING, **settings)


def _grid(**settings: Any) -> TrainingConfig:
    return replace(GRID, **settings)


def healthy(name: str, shows: str, config: TrainingConfig, split: Split, **more: Any) -> Scenario:
    return Scenario(name, shows, config, "healthy", None, name, split, **more)


def vanishing(kind: str, name: str, shows: str, config: TrainingConfig, twin: str, split: Split) -> Scenario:
    return Scenario(name, shows, config, "vanishing_gradients", kind, twin, split)


def collapse(
    kind: str, name: str, shows: str, config: TrainingConfig, twin: str, split: Split, **more: Any
) -> Scenario:
    return Scenario(name, shows, config, "mode_collapse", kind, twin, split, **more)


def unsettled(
    kind: str, name: str, shows: str, config: TrainingConfig, twin: str, split: Split, **more: Any
) -> Scenario:
    return Scenario(name, shows, config, "non_convergence", kind, twin, split, **more)


CAL: Split = "calibration"
OUT: Split = "hold_out"
CALIBRATION = (
    healthy("ring-ns", "The plain non-saturating GAN covers all eight modes.", RING, CAL),
    healthy(
        "ring-ns-r1",
        "Gradients a hundred times smaller, because R1 keeps the discriminator flat and the game has settled.",
        _ring(regularizer="r1", strength=1.0),
        CAL,
        near_miss=True,
    ),
    healthy(
        "ring-ns-noise",
        "Noise on the discriminator's inputs keeps all moving, and all is well.",
        _ring(regularizer="instance_noise", strength=0.5),
        CAL,
        near_miss=True,
    ),
    vanishing(
        "saturated_discriminator",
        "ring-minimax-sgd",
        "A pretrained discriminator is sure of every sample: the minimax loss is flat, and plain SGD stands still.",
        _ring(**TOO_GOOD),
        "ring-minimax-adam",
        CAL,
    ),
    healthy(
        "ring-minimax-adam",
        "The same tiny gradient, rescaled by Adam to full steps: the generator escapes.",
        _ring(**{**TOO_GOOD, "optimizer_generator": "adam", "learning_rate_generator": 1e-3}),
        CAL,
        near_miss=True,
    ),
    healthy(
        "ring-ns-far",
        "The discriminator is right on every sample for long, and the non-saturating loss teaches all the same.",
        _ring(
            **{
                **TOO_GOOD,
                "loss": "non_saturating",
                "optimizer_generator": "adam",
                "learning_rate_generator": 1e-3,
            }
        ),
        CAL,
        near_miss=True,
    ),
    vanishing(
        "dead_discriminator",
        "ring-relu-hot",
        "A step size of 0.1 kills the discriminator's ReLU units.",
        _ring(model="mlp_relu_discriminator", learning_rate_discriminator=0.1),
        "ring-relu",
        CAL,
    ),
    healthy("ring-relu", "The ReLU discriminator at its usual step size.", _ring(model="mlp_relu_discriminator"), CAL),
    vanishing(
        "dead_discriminator",
        "ring-ns-decayed",
        "Weight decay of 0.3 takes a pretrained discriminator's weights to nothing; the loss looks balanced.",
        _ring(**DECAYED),
        "ring-ns",
        CAL,
    ),
    vanishing(
        "lost_in_depth",
        "ring-sigmoid",
        "Six sigmoid layers swallow the gradient on its way to the generator's first.",
        _ring(model="mlp_sigmoid"),
        "ring-sigmoid-bn",
        CAL,
    ),
    healthy("ring-sigmoid-bn", "The same depth with batch normalisation.", _ring(model="mlp_sigmoid_batch_norm"), CAL),
    collapse(
        "cycling",
        "ring-ns-many-g",
        "Ten generator steps for each of the discriminator's: one point that jumps from mode to mode.",
        _ring(**RARELY),
        "ring-ns-slow",
        CAL,
    ),
    healthy(
        "ring-ns-slow",
        "A fifth of the step size: a slow start, then the modes.",
        _ring(learning_rate_generator=3e-4, learning_rate_discriminator=3e-4, iterations=1400),
        CAL,
        near_miss=True,
    ),
    collapse(
        "total",
        "ring-deep",
        "Six ReLU layers without batch normalisation.",
        _ring(model="mlp_deep"),
        "ring-deep-bn",
        CAL,
    ),
    healthy("ring-deep-bn", "The same depth with batch normalisation.", _ring(model="mlp_deep_batch_norm"), CAL),
    collapse(
        "partial",
        "grid-ns-many-g",
        "Three generator steps for each of the discriminator's cover a few of 25 modes.",
        _grid(n_generator=5),
        "grid-ns",
        CAL,
    ),
    healthy("grid-ns", "The plain GAN on 25 modes.", GRID, CAL),
    collapse(
        "cycling",
        "ring-ns-late-collapse",
        "Healthy for 500 steps, then ten hot generator steps for each of the discriminator's.",
        RING,
        "ring-ns",
        CAL,
        changes={500: RARELY_AND_HOT},
    ),
    healthy(
        "ring-ns-recovering",
        "Five generator steps for each of the discriminator's at first, then mended.",
        _ring(n_generator=3, iterations=1400),
        CAL,
        changes={90: {"n_generator": 1}},
        near_miss=True,
    ),
    unsettled(
        "oscillation",
        "ring-tanh-slow-d",
        "The discriminator learns thirty times slower than the generator, which wanders about the ring.",
        _ring(model="mlp_tanh", learning_rate_generator=3e-3, learning_rate_discriminator=1e-4),
        "ring-tanh",
        CAL,
    ),
    healthy("ring-tanh", "The same networks with equal step sizes.", _ring(model="mlp_tanh"), CAL),
    unsettled(
        "divergence",
        "ring-wasserstein-free",
        "A Wasserstein critic without any constraint.",
        _ring(**FREE),
        "ring-wasserstein-gp",
        CAL,
    ),
    healthy(
        "ring-wasserstein-gp", "The same critic with a gradient penalty.", _ring(loss="wasserstein", **PENALISED), CAL
    ),
    unsettled(
        "divergence",
        "ring-momentum",
        "SGD with momentum 0.9 and a step size of 0.05 ends in NaN.",
        _ring(
            optimizer_generator="sgd",
            optimizer_discriminator="sgd",
            momentum=0.9,
            learning_rate_generator=0.05,
            learning_rate_discriminator=0.05,
        ),
        "ring-ns",
        CAL,
    ),
    unsettled(
        "oscillation",
        "ring-hot-g",
        "The generator's step size is four times the discriminator's.",
        _ring(learning_rate_generator=4e-3),
        "ring-ns",
        CAL,
    ),
    unsettled(
        "stagnation",
        "ring-tanh-noise",
        "Noise of ten ring radii on all that the discriminator sees: samples wander, and come no nearer.",
        _ring(model="mlp_tanh", regularizer="instance_noise", strength=20.0),
        "ring-tanh",
        CAL,
    ),
    unsettled(
        "stagnation",
        "ring-tanh-hot-d",
        "A step size of 0.05 drives the discriminator's units to their ends: what it teaches leads nowhere.",
        _ring(model="mlp_tanh", learning_rate_discriminator=0.05),
        "ring-tanh",
        CAL,
    ),
    healthy(
        "grid-tanh-sgd",
        "Plain SGD with small steps: samples hardly move from snapshot to snapshot, and get there.",
        _grid(model="mlp_tanh", optimizer_generator="sgd", learning_rate_generator=0.01, iterations=1000),
        CAL,
        near_miss=True,
    ),
)
HOLD_OUT = (
    healthy("grid-hinge", "The hinge loss on 25 modes.", _grid(loss="hinge"), OUT),
    vanishing(
        "dead_discriminator",
        "grid-hinge-decayed",
        "Weight decay of 0.3 on a pretrained discriminator, under the hinge loss.",
        _grid(loss="hinge", **DECAYED),
        "grid-hinge",
        OUT,
    ),
    collapse(
        "partial",
        "grid-hinge-many-g",
        "Five generator steps a step.",
        _grid(loss="hinge", n_generator=5),
        "grid-hinge",
        OUT,
    ),
    vanishing(
        "lost_in_depth",
        "grid-hinge-sigmoid",
        "Six sigmoid layers in the generator, on the grid.",
        _grid(loss="hinge", model="mlp_sigmoid", iterations=1000),
        "grid-hinge",
        OUT,
    ),
    vanishing(
        "saturated_discriminator",
        "grid-minimax-sgd",
        "A discriminator that is sure of every sample, on the grid.",
        _grid(**{**TOO_GOOD, "model": "mlp_farther"}),
        "grid-hinge",
        OUT,
    ),
    healthy(
        "ring-relativistic",
        "The paired loss with R1 and R2.",
        _ring(loss="relativistic_paired", regularizer="r1_r2", strength=0.1),
        OUT,
    ),
    collapse(
        "cycling",
        "ring-relativistic-many-g",
        "Ten generator steps a step, under the paired loss.",
        _ring(loss="relativistic_paired", **RARELY),
        "ring-relativistic",
        OUT,
    ),
    collapse(
        "cycling",
        "ring-relativistic-late-collapse",
        "Healthy for 500 steps under the paired loss, then ten hot generator steps a step.",
        _ring(loss="relativistic_paired"),
        "ring-relativistic",
        OUT,
        changes={500: RARELY_AND_HOT},
    ),
    healthy("ring-least-squares", "The least-squares loss on the ring.", _ring(loss="least_squares"), OUT),
    unsettled(
        "oscillation",
        "ring-least-squares-tanh-slow-d",
        "A discriminator thirty times slower than the generator, under the least-squares loss.",
        _ring(loss="least_squares", model="mlp_tanh", learning_rate_generator=3e-3, learning_rate_discriminator=1e-4),
        "ring-least-squares",
        OUT,
    ),
    unsettled(
        "oscillation",
        "ring-least-squares-late-heat",
        "Healthy for 500 steps, then a hundred times the generator's step size.",
        _ring(loss="least_squares"),
        "ring-least-squares",
        OUT,
        changes={500: {"learning_rate_generator": 1e-1}},
    ),
    unsettled(
        "divergence",
        "grid-wasserstein-free",
        "An unconstrained critic on the grid.",
        _grid(**FREE),
        "grid-wasserstein-gp",
        OUT,
    ),
    healthy("grid-wasserstein-gp", "The penalised critic on the grid.", _grid(loss="wasserstein", **PENALISED), OUT),
    collapse(
        "total",
        "grid-least-squares-deep",
        "Six ReLU layers without batch normalisation, on the grid.",
        _grid(loss="least_squares", model="mlp_deep", iterations=1000),
        "grid-hinge",
        OUT,
    ),
    healthy(
        "ring-least-squares-tanh",
        "Tanh networks under the least-squares loss.",
        _ring(loss="least_squares", model="mlp_tanh"),
        OUT,
    ),
    unsettled(
        "stagnation",
        "ring-least-squares-tanh-noise",
        "Noise of 25 ring radii on the discriminator's inputs, under the least-squares loss.",
        _ring(loss="least_squares", model="mlp_tanh", regularizer="instance_noise", strength=50.0, iterations=1500),
        "ring-least-squares-tanh",
        OUT,
    ),
    vanishing(
        "lost_in_depth",
        "ring-least-squares-sigmoid",
        "Six sigmoid layers in the generator, under the least-squares loss.",
        _ring(loss="least_squares", model="mlp_sigmoid"),
        "ring-least-squares",
        OUT,
    ),
    healthy(
        "ring-wasserstein-tanh-gp",
        "Tanh networks with a penalised critic.",
        _ring(loss="wasserstein", model="mlp_tanh", **{**PENALISED, "iterations": 900}),
        OUT,
    ),
    unsettled(
        "stagnation",
        "ring-wasserstein-tanh-clipped",
        "A critic whose weights are clipped at 0.001 says nearly the same of every sample.",
        _ring(
            loss="wasserstein",
            model="mlp_tanh",
            **{**PENALISED, "regularizer": "weight_clipping", "strength": 0.001, "iterations": 900},
        ),
        "ring-wasserstein-tanh-gp",
        OUT,
    ),
    healthy(
        "grid-hinge-tanh-noise",
        "Noise wider than the modes are apart: the discriminator is hardly better than chance, and all is well.",
        _grid(loss="hinge", model="mlp_tanh", regularizer="instance_noise", strength=3.0),
        OUT,
        near_miss=True,
    ),
)
POINTS = CALIBRATION + HOLD_OUT
