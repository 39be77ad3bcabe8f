"""Constraints and penalties on a discriminator's weights."""

import torch
from torch import Tensor, nn


def weight_decay(discriminator: nn.Module) -> Tensor:
    r"""Weight decay as a term of the loss, :math:`\frac12 \|\phi\|^2` of all parameters that require gradients.

    Times :math:`\lambda`, its gradient :math:`\lambda \phi` is what ``weight_decay=λ`` adds in
    :class:`torch.optim.Adam` and ``SGD``. The decay of ``AdamW`` is no term of the loss (Loshchilov and Hutter, 2019,
    Section 2).

    Args:
        discriminator: The discriminator.

    Returns:
        A scalar ≥ 0 to add to the discriminator's loss, times a strength λ.

    References:
        | A Simple Weight Decay Can Improve Generalization (Krogh and Hertz, 1991), Eq. 1
        | https://papers.nips.cc/paper/1991/hash/8eefcfdf5990e441f0fb6f3fad709e21-Abstract.html
    """
    return 0.5 * torch.stack([p.square().sum() for p in discriminator.parameters() if p.requires_grad]).sum()


@torch.no_grad()
def clip_weights(discriminator: nn.Module, limit: float = 0.01) -> None:
    r"""Keep every parameter within :math:`[-c, c]`, in place; to be called after each step of the discriminator.

    Args:
        discriminator: The critic.
        limit: The :math:`c` of the paper, which uses 0.01.

    References:
        | Wasserstein GAN (Arjovsky et al., 2017), Algorithm 1, line 7
        | https://arxiv.org/abs/1701.07875
    """
    for parameter in discriminator.parameters():
        parameter.clamp_(-limit, limit)
