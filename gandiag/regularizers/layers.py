"""Parts that regularise a discriminator from within."""

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

WEIGHTED = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)


class InstanceNoise(nn.Module):
    r"""Adds Gaussian noise to whatever passes, real and generated alike, while in training mode.

    :math:`x + \varepsilon` with :math:`\varepsilon \sim \mathcal{N}(0, \sigma^2 I)`, drawn anew in each call from
    torch's global random state. As the first layer of a discriminator it gives the real and the generated distribution
    overlapping supports, so that the discriminator cannot become perfect.

    Args:
        std: :math:`\sigma`, in the data's units; :meth:`anneal` lowers it as training goes on.

    References:
        | Towards Principled Methods for Training GANs (Arjovsky and Bottou, 2017), Section 3, Theorem 3.1
        | https://arxiv.org/abs/1701.04862
        | Amortised MAP Inference for Image Super-resolution (Sønderby et al., 2017), which names it
        | https://arxiv.org/abs/1610.04490
    """

    def __init__(self, std: float) -> None:
        super().__init__()
        self.start = self.std = std

    def anneal(self, share: float) -> None:
        r"""Lower the noise in a straight line, :math:`\sigma_t = \sigma_0 \max(0, 1 - t)`.

        Args:
            share: The :math:`t`, how much of the training is done, from 0 to 1.
        """
        self.std = self.start * max(0.0, 1 - share)

    def forward(self, samples: Tensor) -> Tensor:
        """``samples`` with noise in training mode, unchanged in evaluation mode."""
        if not self.training or self.std == 0:
            return samples
        return samples + self.std * torch.randn_like(samples)


def spectrally_normalised(module: nn.Module) -> nn.Module:
    r"""Bring the largest singular value of every weight of ``module`` to 1, in place: :math:`W / \sigma(W)`.

    :math:`\sigma(W) = \max_{h \neq 0} \|W h\| / \|h\|` of the weight as a matrix, outputs against all the rest. It is
    :math:`u^\top W v` by the power iteration :math:`v \leftarrow W^\top u / \|W^\top u\|`,
    :math:`u \leftarrow W v / \|W v\|`, one step a forward pass in training mode.

    Args:
        module: A discriminator; its linear layers and convolutions are changed.

    References:
        | Spectral Normalization for Generative Adversarial Networks (Miyato et al., 2018), Eqs. 6 and 8, Algorithm 1
        | https://arxiv.org/abs/1802.05957
    """
    for layer in list(module.modules()):
        if isinstance(layer, WEIGHTED):
            spectral_norm(layer)
    return module


def weight_normalised(module: nn.Module) -> nn.Module:
    r"""Learn the length and the direction of every weight apart, :math:`w = g v / \|v\|`, in place.

    :math:`w` are the weights of one output, :math:`g` its own number. The network begins as the function that it was.

    Args:
        module: A discriminator; its linear layers and convolutions are changed.

    References:
        | Weight Normalization (Salimans and Kingma, 2016), Section 2, Eq. 2
        | https://arxiv.org/abs/1602.07868
    """
    for layer in list(module.modules()):
        if isinstance(layer, WEIGHTED):
            weight_norm(layer, dim=1 if isinstance(layer, nn.ConvTranspose2d) else 0)
    return module


def layer_normalised(module: nn.Module) -> nn.Module:
    r"""Normalise what every hidden layer of a discriminator gives, sample by sample, in place; the last one stays free.

    :math:`g (a - \mu) / \sqrt{\sigma^2 + \epsilon} + b`, with mean :math:`\mu` and variance :math:`\sigma^2` of the
    outputs :math:`a` of the layer for one sample, learned :math:`g` and :math:`b`, and :math:`\epsilon = 10^{-5}`. For
    images, mean and variance are taken over channels and places. Unlike batch normalisation it mixes no samples, so
    that penalties on the gradient of each keep their meaning (Gulrajani et al., 2017, Section 4).

    Args:
        module: A discriminator; what its linear layers and convolutions give is normalised.

    References:
        | Layer Normalization (Ba et al., 2016), Section 3, Eq. 3
        | https://arxiv.org/abs/1607.06450
        | Group Normalization (Wu and He, 2018), Section 3.1, with one group, for images
        | https://arxiv.org/abs/1803.08494
    """
    weighted = [(name, layer) for name, layer in module.named_modules() if isinstance(layer, WEIGHTED)]
    for name, layer in weighted[:-1]:
        width = layer.out_features if isinstance(layer, nn.Linear) else layer.out_channels
        norm = nn.LayerNorm(width) if isinstance(layer, nn.Linear) else nn.GroupNorm(1, width)
        module.set_submodule(name, nn.Sequential(layer, norm))
    return module


def with_dropout(module: nn.Module, share: float) -> nn.Module:
    r"""Put dropout after every activation of ``module``'s sequences, in place.

    :math:`\tilde y = r y / (1 - p)` with :math:`r \sim \mathrm{Bernoulli}(1 - p)` for each unit, in training mode;
    :math:`y` in evaluation mode. Draws :math:`r` from torch's global random state.

    Args:
        module: A discriminator made of :class:`torch.nn.Sequential`.
        share: The :math:`p`, of the units that are dropped; in [0, 1).

    References:
        | Dropout: A Simple Way to Prevent Neural Networks from Overfitting (Srivastava et al., 2014), Section 4; with
        | the scale in training, as in Section 10
        | https://jmlr.org/papers/v15/srivastava14a.html
    """
    for sequence in [part for part in module.modules() if isinstance(part, nn.Sequential)]:
        for name, layer in sequence.named_children():
            if isinstance(layer, nn.ReLU | nn.LeakyReLU | nn.Tanh | nn.Sigmoid):
                sequence.register_module(name, nn.Sequential(layer, nn.Dropout(share)))
    return module
