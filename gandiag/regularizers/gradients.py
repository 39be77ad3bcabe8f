"""Penalties on a discriminator's slope at its inputs."""

from collections.abc import Callable

import torch
from torch import Tensor

from gandiag.errors import GandiagError

Discriminator = Callable[[Tensor], Tensor]


def input_gradient(discriminator: Discriminator, samples: Tensor) -> Tensor:
    """Gradient of each sample's logit with respect to the sample, differentiable, flattened to :math:`(n, d)`."""
    samples = samples.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(discriminator(samples).sum(), samples, create_graph=True)
    return gradient.flatten(1)


def r1(discriminator: Discriminator, real: Tensor) -> Tensor:
    r"""Zero-centred gradient penalty on real samples, :math:`\frac12 \mathbb{E} \|\nabla_x D(x)\|^2`.

    Args:
        discriminator: Maps samples to logits.
        real: Real samples, with shape :math:`(n, *)`.

    Returns:
        A scalar ≥ 0 to add to the discriminator's loss, times a strength γ; γ = 10 for 28×28 images is a common start.

    References:
        | Which Training Methods for GANs do actually Converge? (Mescheder et al., 2018), Eq. 9
        | https://arxiv.org/abs/1801.04406
    """
    return 0.5 * input_gradient(discriminator, real).square().sum(dim=1).mean()


def r2(discriminator: Discriminator, fake: Tensor) -> Tensor:
    r"""Zero-centred gradient penalty on generated samples, :math:`\frac12 \mathbb{E} \|\nabla_x D(G(z))\|^2`.

    Args:
        discriminator: Maps samples to logits.
        fake: Generated samples, with shape :math:`(n, *)`.

    Returns:
        A scalar ≥ 0 to add to the discriminator's loss, times a strength γ.

    References:
        | Which Training Methods for GANs do actually Converge? (Mescheder et al., 2018), Eq. 10
        | https://arxiv.org/abs/1801.04406
    """
    return r1(discriminator, fake)


def r1_r2(discriminator: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
    r"""The sum :math:`R_1 + R_2`, with one strength γ for both.

    References:
        | The GAN is dead; long live the GAN! A Modern Baseline GAN (Huang et al., 2024), Section 2.2
        | https://arxiv.org/abs/2501.05441
    """
    return r1(discriminator, real) + r2(discriminator, fake)


def wgan_gp(discriminator: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
    r"""One-centred gradient penalty between real and fake samples, :math:`\mathbb{E}(\|\nabla_{\hat x} D\| - 1)^2`.

    Draws one mixing weight a sample from torch's global random state.

    Args:
        discriminator: Maps samples to logits; without batch normalisation, for the penalty is each sample's own.
        real: Real samples, with shape :math:`(n, *)`.
        fake: As many generated samples.

    Returns:
        A scalar ≥ 0 to add to the critic's loss, times a strength λ; the paper uses λ = 10.

    Raises:
        GandiagError: If the batches differ in shape.

    References:
        | Improved Training of Wasserstein GANs (Gulrajani et al., 2017), Eq. 3
        | https://arxiv.org/abs/1704.00028
    """
    if real.shape != fake.shape:
        raise GandiagError(
            f"WGAN-GP mixes each real sample with a generated one, but the batches have the shapes {tuple(real.shape)} "
            f"and {tuple(fake.shape)}; give it as many of one kind as of the other."
        )
    weight = torch.rand(len(real), *[1] * (real.dim() - 1), device=real.device, dtype=real.dtype)
    between = weight * real.detach() + (1 - weight) * fake.detach()
    return _from_slope_1(discriminator, between)


def dragan(discriminator: Discriminator, real: Tensor, spread: float = 0.5) -> Tensor:
    r"""One-centred gradient penalty around real samples, :math:`\mathbb{E}(\|\nabla_x D(x + \delta)\| - 1)^2`.

    Draws :math:`\delta \sim \mathcal{N}(0, c I)` from torch's global random state.

    Args:
        discriminator: Maps samples to logits.
        real: Real samples, with shape :math:`(n, *)`.
        spread: :math:`\sqrt c` in units of the batch's standard deviation. The paper's :math:`c = 10` is for another
            scale of the data; 0.5 is what the authors' code uses, with a uniform δ.

    Returns:
        A scalar ≥ 0 to add to the discriminator's loss, times a strength λ; the paper uses λ = 10.

    References:
        | On Convergence and Stability of GANs (Kodali et al., 2017), Algorithm 1
        | https://arxiv.org/abs/1705.07215
    """
    real = real.detach()
    return _from_slope_1(discriminator, real + spread * real.std() * torch.randn_like(real))


def _from_slope_1(discriminator: Discriminator, samples: Tensor) -> Tensor:
    """Mean squared distance of the slope's norm from 1."""
    gradient = input_gradient(discriminator, samples)
    # The small constant keeps the norm's derivative finite at a gradient of exactly zero; half precision lacks it.
    gradient = gradient.to(torch.promote_types(gradient.dtype, torch.float32))
    norms = (gradient.square().sum(dim=1) + 1e-12).sqrt()
    return (norms - 1).square().mean()
