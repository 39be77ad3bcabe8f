"""Generator and discriminator pairs by the names that the command line knows."""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from torch import nn

from gandiag.errors import GandiagError
from gandiag.nets import conditional_written, dcgan, dirac, lecture, mlp


@dataclass(frozen=True)
class Networks:
    """A generator, its discriminator, and the size of the generator's noise."""

    generator: nn.Module
    discriminator: nn.Module
    noise_size: int


@dataclass(frozen=True)
class _Model:
    build: Callable[[], Networks]
    sample_shape: tuple[int, ...]


IMAGES, STACKED, POINTS = (1, 28, 28), (3, 28, 28), (2,)


def _lecture(*, discriminator_leaky: bool = True, discriminator_batch_norm: bool = False, **generator: Any) -> _Model:
    return _Model(
        lambda: Networks(
            lecture.LectureGenerator(**generator),
            lecture.LectureDiscriminator(leaky=discriminator_leaky, batch_norm=discriminator_batch_norm),
            lecture.NOISE_SIZE,
        ),
        IMAGES,
    )


def _conditional_written(*, loudness: float = 1.0) -> _Model:
    """Both see the condition: the discriminator reads it in the image."""
    return _Model(
        lambda: Networks(
            conditional_written.WrittenConditionGenerator(loudness=loudness),
            lecture.LectureDiscriminator(),
            conditional_written.NOISE_SIZE,
        ),
        IMAGES,
    )


def _dcgan(channels: int, *, image_channels: int = 1, batch_norm: bool = True) -> _Model:
    return _Model(
        lambda: Networks(
            dcgan.DCGANGenerator(channels, image_channels=image_channels, batch_norm=batch_norm),
            dcgan.DCGANDiscriminator(channels, image_channels=image_channels, batch_norm=batch_norm),
            dcgan.NOISE_SIZE,
        ),
        STACKED if image_channels == 3 else IMAGES,
    )


def _mlp(*, discriminator: dict[str, Any] | None = None, **generator: Any) -> _Model:
    return _Model(
        lambda: Networks(
            mlp.PointGenerator(**generator), mlp.PointDiscriminator(**(discriminator or {})), mlp.NOISE_SIZE
        ),
        POINTS,
    )


def _tanh() -> Networks:
    generator = mlp.PointGenerator(noise_size=32, activation="tanh")
    return Networks(mlp.orthogonal(generator), mlp.orthogonal(mlp.PointDiscriminator(activation="tanh")), 32)


def _dirac() -> Networks:
    return Networks(*dirac.dirac_players(), dirac.NOISE_SIZE)


MODELS = MappingProxyType(
    {
        "lecture": _lecture(),
        "lecture_batch_norm": _lecture(batch_norm=True),
        "lecture_batch_norm_discriminator": _lecture(discriminator_batch_norm=True),
        "lecture_batch_norm_both": _lecture(batch_norm=True, discriminator_batch_norm=True),
        "lecture_relu": _lecture(leaky=False, discriminator_leaky=False),
        "lecture_relu_batch_norm": _lecture(leaky=False, discriminator_leaky=False, batch_norm=True),
        "lecture_relu_batch_norm_discriminator": _lecture(
            leaky=False, discriminator_leaky=False, discriminator_batch_norm=True
        ),
        "lecture_relu_batch_norm_both": _lecture(
            leaky=False, discriminator_leaky=False, batch_norm=True, discriminator_batch_norm=True
        ),
        "lecture_deep": _lecture(depth=5),
        "lecture_sigmoid": _lecture(depth=5, hidden=nn.Sigmoid),
        "lecture_sigmoid_batch_norm": _lecture(depth=5, hidden=nn.Sigmoid, batch_norm=True),
        "conditional_written": _conditional_written(),
        "conditional_written_faint_noise": _conditional_written(loudness=0.01),
        "dcgan": _dcgan(16),
        "dcgan_small": _dcgan(8),
        "dcgan_stacked": _dcgan(8, image_channels=3),
        "dcgan_stacked_plain": _dcgan(8, image_channels=3, batch_norm=False),
        "mlp": _mlp(),
        "mlp_batch_norm": _mlp(batch_norm=True),
        "mlp_far": _mlp(offset=4.0),
        "mlp_farther": _mlp(offset=8.0),
        "mlp_relu_discriminator": _mlp(discriminator={"activation": "relu"}),
        "mlp_tiny_discriminator": _mlp(discriminator={"width": 4, "depth": 1}),
        "mlp_deep": _mlp(depth=6),
        "mlp_deep_batch_norm": _mlp(depth=6, batch_norm=True),
        "mlp_sigmoid": _mlp(depth=6, activation="sigmoid"),
        "mlp_sigmoid_batch_norm": _mlp(depth=6, activation="sigmoid", batch_norm=True),
        "mlp_tanh": _Model(_tanh, POINTS),
        "dirac": _Model(_dirac, POINTS),
    }
)
"""``batch_norm`` is in the generator unless the name says otherwise: in the discriminator it hurts (Kurach et al.,
2019). ``far`` begins four units away, ``farther`` eight; ``deep`` and ``sigmoid`` have six hidden layers, five for
images; of ``faint_noise`` the noise is a hundredth as loud."""


def build_networks(name: str, sample_shape: tuple[int, ...]) -> Networks:
    """A fresh pair of networks; draws its initial weights from torch's global random state.

    Args:
        name: One of ``MODELS``.
        sample_shape: Shape of one real sample, which the networks must fit.

    Raises:
        GandiagError: If the name is unknown, or the networks are made for another kind of data.
    """
    if name not in MODELS:
        raise GandiagError(f"Unknown model '{name}'; choose one of {', '.join(MODELS)}.")
    model = MODELS[name]
    if model.sample_shape != tuple(sample_shape):
        fitting = ", ".join(other for other, m in MODELS.items() if m.sample_shape == tuple(sample_shape))
        raise GandiagError(
            f"The model '{name}' makes samples of shape {model.sample_shape}, but the data has {tuple(sample_shape)}; "
            f"choose one of {fitting or 'none of the built-in models'}."
        )
    return model.build()
