"""The adversarial losses, on logits, each as its paper has it.

All take the discriminator's raw outputs with any shape and reduce by the mean. The discriminator is trained to give
real samples high logits (real = 1, the field's convention); :func:`flipped` turns a loss to the lecture's convention,
in which real = 0 and generated = 1.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from torch import Tensor
from torch.nn.functional import relu, softplus

from gandiag.errors import GandiagError


class GeneratorLoss(Protocol):
    """Fake logits → scalar; a paired loss compares them with real logits."""

    def __call__(self, fake: Tensor, real: Tensor | None = None) -> Tensor: ...


@dataclass(frozen=True)
class Loss:
    """The two players' losses.

    Attributes:
        name: The family, as the detectors' policy knows it.
        discriminator: (real logits, fake logits) → scalar.
        generator: fake logits → scalar; real logits too where ``paired``.
        midpoint: The logit half way between what is asked of real and of generated samples; labels are exchanged by
            mirroring logits at it.
        paired: Whether the generator's loss needs real logits beside the fake ones.
    """

    name: str
    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: GeneratorLoss
    midpoint: float = 0.0
    paired: bool = False


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


def relativistic_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    r"""Each real sample against one generated sample, :math:`\mathbb{E} \log(1 + e^{-(r - f)})`.

    Args:
        real: Logits of real samples.
        fake: As many logits of generated samples; the pairs are those of equal position.

    Raises:
        GandiagError: If they differ in shape.

    References:
        | The relativistic discriminator: a key element missing from standard GAN (Jolicoeur-Martineau, 2019), Eq. 3
        | https://arxiv.org/abs/1807.00734
        | The GAN is dead; long live the GAN! A Modern Baseline GAN (Huang et al., 2024), Eq. 2
        | https://arxiv.org/abs/2501.05441
    """
    _check_pairs(real, fake)
    return softplus(fake - real).mean()


def relativistic_generator(fake: Tensor, real: Tensor | None = None) -> Tensor:
    r"""The same with the roles exchanged, :math:`\mathbb{E} \log(1 + e^{-(f - r)})`.

    Raises:
        GandiagError: If the real logits are missing, or differ in shape from the others.
    """
    if real is None:
        raise GandiagError(
            "The relativistic loss of the generator compares its samples with real ones; "
            "give it the discriminator's logits of both, generator(fake, real)."
        )
    _check_pairs(real, fake)
    return softplus(real - fake).mean()


def _check_pairs(real: Tensor, fake: Tensor) -> None:
    if real.shape != fake.shape:  # (n, 1) and (n,) would broadcast to all n² pairs
        raise GandiagError(
            f"The relativistic loss compares each real logit with a generated one, but their shapes are "
            f"{tuple(real.shape)} and {tuple(fake.shape)}; give it as many of one kind as of the other."
        )


def _of_fake_alone(loss: Callable[[Tensor], Tensor]) -> GeneratorLoss:
    def of_fake_alone(fake: Tensor, real: Tensor | None = None) -> Tensor:
        return loss(fake)

    return of_fake_alone


LOSSES = MappingProxyType(
    {
        "minimax": Loss("minimax", cross_entropy_discriminator, _of_fake_alone(minimax_generator)),
        "non_saturating": Loss("non_saturating", cross_entropy_discriminator, _of_fake_alone(non_saturating_generator)),
        "least_squares": Loss(
            "least_squares", least_squares_discriminator, _of_fake_alone(least_squares_generator), midpoint=0.5
        ),
        "hinge": Loss("hinge", hinge_discriminator, _of_fake_alone(negative_mean_generator)),
        "wasserstein": Loss("wasserstein", wasserstein_discriminator, _of_fake_alone(negative_mean_generator)),
        "relativistic_paired": Loss(
            "relativistic_paired", relativistic_discriminator, relativistic_generator, paired=True
        ),
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

    def generator(fake: Tensor, real: Tensor | None = None) -> Tensor:
        return loss.generator(mirrored(fake), None if real is None else mirrored(real))

    return Loss(
        loss.name,
        lambda real, fake: loss.discriminator(mirrored(real), mirrored(fake)),
        generator,
        loss.midpoint,
        loss.paired,
    )
