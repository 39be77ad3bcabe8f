"""Generator and discriminator pairs by the names that the command line knows."""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

from torch import nn

from gandiag.errors import GandiagError
from gandiag.nets import dcgan, lecture, mlp


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


def _lecture(*, batch_norm: bool = False, leaky: bool = True) -> Networks:
    """Batch normalisation in the generator only: in the discriminator it hurts (Kurach et al. 2019)."""
    return Networks(
        lecture.LectureGenerator(batch_norm=batch_norm, leaky=leaky),
        lecture.LectureDiscriminator(leaky=leaky),
        lecture.NOISE_SIZE,
    )


def _mlp(*, batch_norm: bool = False) -> Networks:
    return Networks(mlp.PointGenerator(batch_norm=batch_norm), mlp.PointDiscriminator(), mlp.NOISE_SIZE)


def _dcgan() -> Networks:
    return Networks(dcgan.DCGANGenerator(), dcgan.DCGANDiscriminator(), dcgan.NOISE_SIZE)


IMAGES, POINTS = (1, 28, 28), (2,)

MODELS = MappingProxyType(
    {
        "lecture": _Model(_lecture, IMAGES),
        "lecture_batch_norm": _Model(lambda: _lecture(batch_norm=True), IMAGES),
        "lecture_relu": _Model(lambda: _lecture(leaky=False), IMAGES),
        "dcgan": _Model(_dcgan, IMAGES),
        "mlp": _Model(_mlp, POINTS),
        "mlp_batch_norm": _Model(lambda: _mlp(batch_norm=True), POINTS),
    }
)


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
