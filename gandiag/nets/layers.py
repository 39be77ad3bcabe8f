"""Parts that regularise a discriminator from within."""

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

WEIGHTED = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)


class InstanceNoise(nn.Module):
    """Adds Gaussian noise to whatever passes, real and generated alike, while in training mode.

    As the first layer of a discriminator it gives the real and the generated distribution overlapping supports, so
    that the discriminator cannot become perfect.

    Args:
        std: Standard deviation of the noise, in the data's units; :meth:`anneal` lowers it as training goes on.

    References:
        | Amortised MAP Inference for Image Super-resolution (Sønderby et al., 2017), Section 3.3
        | https://arxiv.org/abs/1610.04490
    """

    def __init__(self, std: float) -> None:
        super().__init__()
        self.start = self.std = std

    def anneal(self, share: float) -> None:
        """Lower the noise in a straight line to 0 as the share of the training that is done goes from 0 to 1."""
        self.std = self.start * max(0.0, 1 - share)

    def forward(self, samples: Tensor) -> Tensor:
        """``samples`` with noise in training mode, unchanged in evaluation mode."""
        if not self.training or self.std == 0:
            return samples
        return samples + self.std * torch.randn_like(samples)


def spectrally_normalised(module: nn.Module) -> nn.Module:
    """Bound the largest singular value of every weight of ``module`` by 1, in place.

    References:
        | Spectral Normalization for Generative Adversarial Networks (Miyato et al., 2018), Section 2.1
        | https://arxiv.org/abs/1802.05957
    """
    for layer in list(module.modules()):
        if isinstance(layer, WEIGHTED):
            spectral_norm(layer)
    return module


def weight_normalised(module: nn.Module) -> nn.Module:
    r"""Learn the length and the direction of every weight apart, :math:`w = g v / \|v\|`, in place.

    References:
        | Weight Normalization (Salimans and Kingma, 2016), Eq. 2
        | https://arxiv.org/abs/1602.07868
    """
    for layer in list(module.modules()):
        if isinstance(layer, WEIGHTED):
            weight_norm(layer)
    return module


def layer_normalised(module: nn.Module) -> nn.Module:
    """Normalise what every hidden layer of a discriminator gives, sample by sample, in place; the last one stays free.

    Unlike batch normalisation it mixes no samples, so that penalties on the gradient of each keep their meaning
    (Gulrajani et al., 2017, Section 4). For images, mean and variance are taken over channels and places.

    References:
        | Layer Normalization (Ba et al., 2016), Eq. 3
        | https://arxiv.org/abs/1607.06450
    """
    weighted = [(name, layer) for name, layer in module.named_modules() if isinstance(layer, WEIGHTED)]
    for name, layer in weighted[:-1]:
        width = layer.out_features if isinstance(layer, nn.Linear) else layer.out_channels
        norm = nn.LayerNorm(width) if isinstance(layer, nn.Linear) else nn.GroupNorm(1, width)
        module.set_submodule(name, nn.Sequential(layer, norm))
    return module


def with_dropout(module: nn.Module, share: float) -> nn.Module:
    """Put dropout after every activation of ``module``'s sequences, in place.

    Args:
        module: A discriminator made of :class:`torch.nn.Sequential`.
        share: Of the units that are dropped.

    References:
        | Dropout: A Simple Way to Prevent Neural Networks from Overfitting (Srivastava et al., 2014), Section 4
        | https://jmlr.org/papers/v15/srivastava14a.html
    """
    for sequence in [part for part in module.modules() if isinstance(part, nn.Sequential)]:
        for name, layer in sequence.named_children():
            if isinstance(layer, nn.ReLU | nn.LeakyReLU | nn.Tanh | nn.Sigmoid):
                sequence.register_module(name, nn.Sequential(layer, nn.Dropout(share)))
    return module
