"""Parts that let a discriminator see a lack of variety, which single samples do not show."""

from typing import cast

import torch
from torch import Tensor, nn

from gandiag.regularizers.layers import WEIGHTED


class MinibatchStd(nn.Module):
    r"""Appends one feature: how much the batch varies, its standard deviation averaged over all features.

    :math:`\frac1d \sum_j \sqrt{\frac1n \sum_i (x_{ij} - \bar x_j)^2 + \epsilon}` over the :math:`d` features of
    :math:`n` samples, at all their places, with :math:`\epsilon = 10^{-8}`: the same number for all samples and places.

    References:
        | Progressive Growing of GANs for Improved Quality, Stability, and Variation (Karras et al., 2018), Section 3
        | https://arxiv.org/abs/1710.10196
    """

    def forward(self, features: Tensor) -> Tensor:
        """:math:`(n, c, *)` → :math:`(n, c + 1, *)`."""
        # The small constant keeps the root's derivative finite where all samples are equal.
        variance = features.var(dim=0, unbiased=False)
        spread = (variance + 1e-8).sqrt().mean()
        return torch.cat([features, spread.expand(len(features), 1, *features.shape[2:])], dim=1)


def with_minibatch_std(module: nn.Module) -> nn.Module:
    """Let the last layer of a discriminator see how much the batch varies, in place, by :class:`MinibatchStd`.

    Args:
        module: A discriminator; its last layer is drawn anew, with one more input.
    """
    name, last = [(name, part) for name, part in module.named_modules() if isinstance(part, WEIGHTED)][-1]
    wider = _with_inputs(last, _inputs(last) + 1)
    module.set_submodule(name, nn.Sequential(MinibatchStd(), wider))
    return module


class Packed(nn.Module):
    r"""A discriminator that judges several samples at once, so that it sees a lack of variety.

    One logit :math:`D(x_1, \dots, x_m)` for :math:`m` samples of one kind, put together along their first axis: it
    tells the product distributions :math:`P_r^m` and :math:`P_g^m` apart, which a lack of modes drives further from
    each other than :math:`P_r` and :math:`P_g`. Its first layer is drawn anew.

    Args:
        module: A discriminator; its first layer is made to take ``degree`` times the channels (or numbers).
        degree: The :math:`m`; the paper uses 2 to 4. It must divide every batch.
        sample_shape: Shape of one sample.

    References:
        | PacGAN: The power of two samples in generative adversarial networks (Lin et al., 2018), Section 2
        | https://arxiv.org/abs/1712.04086
    """

    def __init__(self, module: nn.Module, degree: int, sample_shape: tuple[int, ...]) -> None:
        super().__init__()
        self.degree = degree
        name, first = next((name, part) for name, part in module.named_modules() if isinstance(part, WEIGHTED))
        module.set_submodule(name, _with_inputs(first, degree * _inputs(first)))
        self.module = module
        self.packed_shape = (degree * sample_shape[0], *sample_shape[1:])

    def forward(self, samples: Tensor) -> Tensor:
        """Logits :math:`(n / m, 1)` of samples :math:`(n, *)`, one for each ``m`` that follow one another."""
        before = samples.shape[: -len(self.packed_shape) - 1]
        logits: Tensor = self.module(samples.reshape(*before, -1, *self.packed_shape))
        return logits


def _inputs(layer: nn.Module) -> int:
    return cast(int, layer.in_features if isinstance(layer, nn.Linear) else layer.in_channels)


def _with_inputs(layer: nn.Module, inputs: int) -> nn.Module:
    """A fresh layer like this one, with another number of inputs."""
    if isinstance(layer, nn.Linear):
        return nn.Linear(inputs, layer.out_features, bias=layer.bias is not None)
    assert isinstance(layer, nn.Conv2d), "discriminators are made of linear layers and convolutions"
    return nn.Conv2d(
        inputs,
        layer.out_channels,
        cast(tuple[int, int], layer.kernel_size),
        cast(tuple[int, int], layer.stride),
        cast(tuple[int, int], layer.padding),
        bias=layer.bias is not None,
    )
