"""The adversarial losses, on logits, each as its paper has it.

All take the discriminator's raw outputs with any shape and reduce by the mean. The discriminator is trained to give
real samples high logits (real = 1, the field's convention); :func:`flipped` turns a loss to the lecture's convention,
in which real = 0 and generated = 1.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

from torch import Tensor
from torch.nn.functional import relu, softplus

from gandiag.errors import GandiagError


@dataclass(frozen=True)
class Loss:
    """The two players' losses.

    Attributes:
        name: The family, as the detectors' policy knows it.
        discriminator: (real logits, fake logits) → scalar.
        generator: fake logits → scalar.
        midpoint: The logit half way between what is asked of real and of generated samples; labels are exchanged by
            mirroring logits at it.
    """

    name: str
    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]
    midpoint: float = 0.0


def cross_entropy_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    r"""Binary cross-entropy, :math:`-\mathbb{E} \log \sigma(r) - \mathbb{E} \log(1 - \sigma(f))`.

    References:
        | Generative Adversarial Nets (Goodfellow et al., 2014), Eq. 1
        | https://arxiv.org/abs/1406.2661
    """
    return softplus(-real).mean() + softplus(fake).mean()


def minimax_generator(fake: Tensor) -> Tensor:
    r"""The saturating loss :math:`\mathbb{E} \log(1 - \sigma(f))` (Goodfellow et al., 2014, Eq. 1).

    Its derivative :math:`-\sigma(f)` dies as the discriminator becomes sure.
    """
    return -softplus(fake).mean()


def non_saturating_generator(fake: Tensor) -> Tensor:
    r"""The non-saturating loss :math:`-\mathbb{E} \log \sigma(f)` (Goodfellow et al., 2014, Section 3)."""
    return softplus(-fake).mean()


def least_squares_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    r""":math:`\frac12 \mathbb{E}(r - 1)^2 + \frac12 \mathbb{E} f^2`.

    References:
        | Least Squares Generative Adversarial Networks (Mao et al., 2017), Eq. 9
        | https://arxiv.org/abs/1611.04076
    """
    return 0.5 * ((real - 1).square().mean() + fake.square().mean())


def least_squares_generator(fake: Tensor) -> Tensor:
    r""":math:`\frac12 \mathbb{E}(f - 1)^2` (Mao et al., 2017, Eq. 9)."""
    return 0.5 * (fake - 1).square().mean()


def hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    r""":math:`\mathbb{E} \max(0, 1 - r) + \mathbb{E} \max(0, 1 + f)`.

    References:
        | Geometric GAN (Lim and Ye, 2017), Eq. 8
        | https://arxiv.org/abs/1705.02894
    """
    return relu(1 - real).mean() + relu(1 + fake).mean()


def wasserstein_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    r"""The critic's loss :math:`\mathbb{E} f - \mathbb{E} r`.

    References:
        | Wasserstein GAN (Arjovsky et al., 2017), Eq. 2 and Algorithm 1
        | https://arxiv.org/abs/1701.07875
    """
    return fake.mean() - real.mean()


def negative_mean_generator(fake: Tensor) -> Tensor:
    r""":math:`-\mathbb{E} f`, the generator's loss for both the Wasserstein and the hinge critic."""
    return -fake.mean()


LOSSES = MappingProxyType(
    {
        "minimax": Loss("minimax", cross_entropy_discriminator, minimax_generator),
        "non_saturating": Loss("non_saturating", cross_entropy_discriminator, non_saturating_generator),
        "least_squares": Loss("least_squares", least_squares_discriminator, least_squares_generator, midpoint=0.5),
        "hinge": Loss("hinge", hinge_discriminator, negative_mean_generator),
        "wasserstein": Loss("wasserstein", wasserstein_discriminator, negative_mean_generator),
    }
)


def get_loss(name: str) -> Loss:
    """A loss by name.

    Raises:
        GandiagError: If the name is unknown.
    """
    if name not in LOSSES:
        raise GandiagError(f"Unknown loss '{name}'; choose one of {', '.join(LOSSES)}.")
    return LOSSES[name]


def flipped(loss: Loss) -> Loss:
    """The same game with the labels exchanged: the discriminator gives real samples *low* logits.

    Examples:
        >>> import torch
        >>> lecture = flipped(LOSSES["minimax"])
        >>> float(lecture.discriminator(torch.tensor([-9.0]), torch.tensor([9.0]))) < 0.001
        True
    """

    def mirrored(logits: Tensor) -> Tensor:
        return 2 * loss.midpoint - logits

    return Loss(
        loss.name,
        lambda real, fake: loss.discriminator(mirrored(real), mirrored(fake)),
        lambda fake: loss.generator(mirrored(fake)),
        loss.midpoint,
    )
