"""Named settings whose outcome was measured: one that works, those that fail, and one mended."""

from dataclasses import replace
from types import MappingProxyType

from gandiag.training.config import TrainingConfig

_TOO_GOOD = TrainingConfig(
    loss="minimax", n_critic=3, pretraining=600, learning_rate_discriminator=1e-3, iterations=1500
)

PRESETS = MappingProxyType(
    {
        "healthy": TrainingConfig(
            regularizer="r1",
            strength=1.0,
            learning_rate_generator=1e-3,
            learning_rate_discriminator=1e-3,
            iterations=2000,
        ),
        "vanishing": _TOO_GOOD,
        "collapse": TrainingConfig(n_generator=10, learning_rate_generator=1e-3, iterations=3000),
        "divergence": TrainingConfig(
            loss="wasserstein", learning_rate_generator=1e-3, learning_rate_discriminator=1e-3, iterations=2000
        ),
        "dead_discriminator": TrainingConfig(regularizer="weight_decay", strength=0.3, iterations=2000),
        "vanishing_mended": replace(_TOO_GOOD, regularizer="r1", strength=10.0),
    }
)
"""On ``digits`` and on ``mnist``, over five seeds: see ``reports/settings``."""
