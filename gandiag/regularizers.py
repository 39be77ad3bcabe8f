"""Penalties on a discriminator, each usable from any training loop in one line."""

from collections.abc import Callable

import torch
from torch import Tensor

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


def wgan_gp(discriminator: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
    r"""One-centred gradient penalty between real and fake samples, :math:`\mathbb{E}(\|\nabla_{\hat x} D\| - 1)^2`.

    Draws one mixing weight a sample from torch's global random state.

    Args:
        discriminator: Maps samples to logits; without batch normalisation, for the penalty is each sample's own.
        real: Real samples, with shape :math:`(n, *)`.
        fake: As many generated samples.

    Returns:
        A scalar ≥ 0 to add to the critic's loss, times a strength λ; the paper uses λ = 10.

    References:
        | Improved Training of Wasserstein GANs (Gulrajani et al., 2017), Eq. 3
        | https://arxiv.org/abs/1704.00028
    """
    weight = torch.rand(len(real), *[1] * (real.dim() - 1), device=real.device, dtype=real.dtype)
    between = weight * real.detach() + (1 - weight) * fake.detach()
    gradient = input_gradient(discriminator, between)
    # The small constant keeps the norm's derivative finite at a gradient of exactly zero; half precision lacks it.
    gradient = gradient.to(torch.promote_types(gradient.dtype, torch.float32))
    norms = (gradient.square().sum(dim=1) + 1e-12).sqrt()
    return (norms - 1).square().mean()
