"""Parts that regularise a discriminator from within."""

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm


class InstanceNoise(nn.Module):
    """Adds Gaussian noise to whatever passes, real and generated alike, while in training mode.

    As the first layer of a discriminator it gives the real and the generated distribution overlapping supports, so
    that the discriminator cannot become perfect.

    Args:
        std: Standard deviation of the noise, in the data's units.

    References:
        | Amortised MAP Inference for Image Super-resolution (Sønderby et al., 2017), Section 3.3
        | https://arxiv.org/abs/1610.04490
    """

    def __init__(self, std: float) -> None:
        super().__init__()
        self.std = std

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
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            spectral_norm(layer)
    return module
