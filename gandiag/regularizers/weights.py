"""Constraints on a discriminator's weights."""

import torch
from torch import nn


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
