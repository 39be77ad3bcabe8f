"""Recipes on images: digits, MNIST, digits with a condition, stacked digits."""

from dataclasses import replace
from typing import Any

from gandiag.lab.points import CAL, OUT, RARELY, TOO_GOOD, collapse, healthy, unsettled, vanishing
from gandiag.training import TrainingConfig

DIGITS = TrainingConfig(
    dataset="digits",
    model="lecture",
    batch_size=32,
    learning_rate_generator=1e-3,
    learning_rate_discriminator=1e-3,
    iterations=400,
    probe_every=20,
)
MENDED: dict[str, Any] = {"regularizer": "r1", "strength": 1.0}
MNIST = replace(DIGITS, dataset="mnist")
MNIST_DCGAN = replace(MNIST, model="dcgan_small", iterations=300)
CONDITIONAL = replace(DIGITS, dataset="labelled_digits", model="conditional_written")
FAINT = "conditional_written_faint_noise"
STACKED = replace(DIGITS, dataset="stacked_digits", model="dcgan_stacked", iterations=400)
DECAYED: dict[str, Any] = {"regularizer": "weight_decay", "strength": 1.0, "pretraining": 150}
SURE: dict[str, Any] = {**TOO_GOOD, "pretraining": 80, "iterations": 300}
HOT: dict[str, Any] = {"learning_rate_generator": 1e-2, "learning_rate_discriminator": 1e-2, "beta1": 0.9}


def _like(config: TrainingConfig, **settings: Any) -> TrainingConfig:
    return replace(config, **settings)


CALIBRATION = (
    healthy("digits-r1", "The lecture's GAN with R1 on the embedded digits.", _like(DIGITS, **MENDED), CAL),
    vanishing(
        "saturated_discriminator",
        "digits-minimax-sgd",
        "A pretrained discriminator under the minimax loss; the generator by plain SGD.",
        _like(DIGITS, **{**SURE, "model": "lecture"}),
        "digits-r1",
        CAL,
    ),
    vanishing(
        "dead_discriminator",
        "digits-decayed",
        "Weight decay of 1 on a pretrained discriminator.",
        _like(DIGITS, **DECAYED),
        "digits-r1",
        CAL,
    ),
    vanishing(
        "lost_in_depth",
        "digits-sigmoid",
        "Five sigmoid layers in the generator.",
        _like(DIGITS, model="lecture_sigmoid", **MENDED),
        "digits-r1",
        CAL,
    ),
    collapse("total", "digits-many-g", "Ten generator steps a step.", _like(DIGITS, **RARELY), "digits-r1", CAL),
    collapse(
        "total",
        "digits-late-collapse",
        "Healthy for 240 steps, then ten generator steps a step.",
        _like(DIGITS, **MENDED),
        "digits-r1",
        CAL,
        changes={240: RARELY},
    ),
    unsettled(
        "divergence",
        "digits-wasserstein-free",
        "An unconstrained critic.",
        _like(DIGITS, loss="wasserstein", n_critic=2, iterations=300),
        "digits-r1",
        CAL,
    ),
    unsettled(
        "divergence", "digits-hot", "Both at a step size of 0.01 with β₁ = 0.9.", _like(DIGITS, **HOT), "digits-r1", CAL
    ),
    collapse(
        "within_class",
        "conditional-minimax-many-g",
        "A conditional GAN that makes one image for each condition.",
        _like(CONDITIONAL, loss="minimax", n_generator=4, **MENDED),
        "digits-r1",
        CAL,
    ),
    healthy(
        "conditional-least-squares-r1",
        "A conditional GAN under the least-squares loss, with R1.",
        _like(CONDITIONAL, loss="least_squares", **MENDED),
        CAL,
    ),
    collapse(
        "within_class",
        "conditional-least-squares-faint-noise",
        "The noise is a hundredth as loud as the condition: one image for each class, under the least-squares loss.",
        _like(CONDITIONAL, loss="least_squares", model=FAINT, **MENDED),
        "conditional-least-squares-r1",
        CAL,
    ),
    healthy(
        "digits-batch-norm-r1",
        "The lecture's GAN with batch normalisation and R1.",
        _like(DIGITS, model="lecture_batch_norm", **MENDED),
        CAL,
    ),
    collapse(
        "partial",
        "digits-batch-norm-clipped",
        "Weights clipped at 0.01 in place of R1: the discriminator is too simple for all ten digits.",
        _like(DIGITS, model="lecture_batch_norm", regularizer="weight_clipping", strength=0.01),
        "digits-batch-norm-r1",
        CAL,
    ),
    healthy(
        "digits-hot-d",
        "The discriminator's step size is ten times the generator's, and R1 holds it.",
        _like(DIGITS, learning_rate_discriminator=1e-2, **MENDED),
        CAL,
        near_miss=True,
    ),
)
HOLD_OUT = (
    healthy("mnist-r1", "The lecture's GAN with R1 on MNIST.", _like(MNIST, iterations=500, **MENDED), OUT),
    collapse("total", "mnist-many-g", "Ten generator steps a step, on MNIST.", _like(MNIST, **RARELY), "mnist-r1", OUT),
    collapse(
        "partial",
        "mnist-plain",
        "The lecture's GAN on MNIST with neither batch normalisation nor R1.",
        MNIST,
        "mnist-r1",
        OUT,
    ),
    healthy("conditional-r1", "A conditional GAN on digits with R1.", _like(CONDITIONAL, **MENDED), OUT),
    collapse(
        "within_class",
        "conditional-many-g",
        "Four generator steps a step.",
        _like(CONDITIONAL, n_generator=4, **MENDED),
        "conditional-r1",
        OUT,
    ),
    vanishing(
        "dead_discriminator",
        "conditional-decayed",
        "Weight decay of 1 on a pretrained conditional discriminator.",
        _like(CONDITIONAL, **DECAYED),
        "conditional-r1",
        OUT,
    ),
    unsettled(
        "divergence",
        "conditional-wasserstein-free",
        "An unconstrained conditional critic.",
        _like(CONDITIONAL, loss="wasserstein", n_critic=2, iterations=300),
        "conditional-r1",
        OUT,
    ),
    healthy("mnist-dcgan-ns", "A small DCGAN on MNIST.", MNIST_DCGAN, OUT, near_miss=True),
    collapse(
        "total",
        "mnist-dcgan-many-g",
        "Ten generator steps a step.",
        _like(MNIST_DCGAN, **RARELY),
        "mnist-dcgan-ns",
        OUT,
    ),
    vanishing(
        "saturated_discriminator",
        "mnist-dcgan-minimax-sgd",
        "A pretrained convolutional discriminator under the minimax loss.",
        _like(MNIST_DCGAN, **{**SURE, "model": "dcgan_small", "iterations": 200}),
        "mnist-dcgan-ns",
        OUT,
    ),
    healthy("stacked-dcgan-ns", "A small DCGAN on three stacked digits, judged without any classifier.", STACKED, OUT),
    collapse(
        "total",
        "stacked-dcgan-many-g",
        "Ten generator steps a step, on stacked digits, judged without any classifier.",
        _like(STACKED, iterations=300, **RARELY),
        "stacked-dcgan-ns",
        OUT,
    ),
    collapse(
        "within_class",
        "conditional-faint-noise",
        "The noise is a hundredth as loud as the condition, and lost beside it.",
        _like(CONDITIONAL, model=FAINT, **MENDED),
        "conditional-r1",
        OUT,
    ),
    healthy(
        "conditional-hot-g",
        "The generator's step size is ten times the discriminator's: its images change all the time, and are right.",
        _like(CONDITIONAL, learning_rate_generator=1e-2, **MENDED),
        OUT,
        near_miss=True,
    ),
)
IMAGES = CALIBRATION + HOLD_OUT
