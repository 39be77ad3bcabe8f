"""The judge of tinted digits: it knows the hues that the real ones have."""

import torch
from torch import Tensor, nn

from gandiag.data.tinted import hues

SPREAD = 0.15
"""Distance in RGB at which a colour counts as one standard deviation from its hue; the nearest two are 0.8 apart."""


class HueJudge(nn.Module):
    """Classifies colour images by the hue of their ink, :math:`\\sum x / \\sum \\max_c x` over the pixels."""

    hues: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("hues", hues())

    def features(self, images: Tensor) -> Tensor:
        """The ink's mean colour at full brightness, RGB with shape :math:`(n, 3)`, of :math:`(n, 3, h, w)` images."""
        ink = images.amax(dim=1).sum(dim=(1, 2)).clamp(min=torch.finfo(images.dtype).tiny)
        return images.sum(dim=(2, 3)) / ink[:, None]

    def forward(self, images: Tensor) -> Tensor:
        """Log-posteriors of the five hues up to a constant, with shape :math:`(n, 5)`."""
        return -0.5 * (torch.cdist(self.features(images), self.hues) / SPREAD).square()
