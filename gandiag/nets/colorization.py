"""A small pix2pix for images of 28×28 or 32×32: a U-Net that colours, and a discriminator of patches."""

import torch
from torch import Tensor, nn

NOISE_SIZE = 8
LEAK = 0.2


class ColorizationGenerator(nn.Module):
    """Grey image and noise → colour image, by a U-Net to a half, a quarter and back.

    The paper's noise is dropout, which its generator learns to ignore (Section 3.2). Here it is a vector, laid over the
    innermost layer at every place: one colour an image, chosen by it.

    Args:
        tint: Whether the network's output is a tint, by which the grey image is multiplied: left to make the black
            ground of a digit itself, L1 alone turns the whole image black. ``False`` makes the colours themselves, as
            the paper does.
        channels: Channels of the outermost layer; the others have twice as many.

    References:
        | Image-to-Image Translation with Conditional Adversarial Networks (Isola et al., 2017), Section 3.2
        | https://arxiv.org/abs/1611.07004
    """

    def __init__(self, *, tint: bool = True, channels: int = 16) -> None:
        super().__init__()
        self.tint = tint
        self.outer_down = nn.Sequential(nn.Conv2d(1, channels, 4, stride=2, padding=1), nn.LeakyReLU(LEAK))
        self.inner_down = nn.Sequential(nn.Conv2d(channels, 2 * channels, 4, stride=2, padding=1), nn.LeakyReLU(LEAK))
        self.innermost = nn.Sequential(
            nn.Conv2d(2 * channels + NOISE_SIZE, 2 * channels, 3, padding=1), nn.LeakyReLU(LEAK)
        )
        self.inner_up = nn.Sequential(
            nn.ConvTranspose2d(4 * channels, 2 * channels, 4, stride=2, padding=1), nn.LeakyReLU(LEAK)
        )
        self.outer_up = nn.Sequential(
            nn.ConvTranspose2d(3 * channels, channels, 4, stride=2, padding=1), nn.LeakyReLU(LEAK)
        )
        self.last = nn.Sequential(nn.Conv2d(channels + 1, 3, 3, padding=1), nn.Sigmoid())

    def forward(self, grey: Tensor, noise: Tensor) -> Tensor:
        """Images :math:`(n, 3, h, w)` in [0, 1] from grey ones :math:`(n, 1, h, w)`, of sides that 4 divides, and noise
        :math:`(n, 8)`.
        """
        outer = self.outer_down(grey)
        inner = self.inner_down(outer)
        everywhere = noise[:, :, None, None].expand(-1, -1, *inner.shape[2:])
        innermost = self.innermost(torch.cat([inner, everywhere], dim=1))
        up = self.inner_up(torch.cat([innermost, inner], dim=1))
        up = self.outer_up(torch.cat([up, outer], dim=1))
        made: Tensor = self.last(torch.cat([up, grey], dim=1))
        return grey * made if self.tint else made


class ColorizationDiscriminator(nn.Module):
    """(Grey image, colour image) → a logit for each patch of 18 pixels, four apart (PatchGAN, Section 3.3).

    Args:
        channels: Channels of the first layer; the second has twice as many.
    """

    def __init__(self, channels: int = 16) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(4, channels, 4, stride=2, padding=1),
            nn.LeakyReLU(LEAK),
            nn.Conv2d(channels, 2 * channels, 4, stride=2, padding=1),
            nn.LeakyReLU(LEAK),
            nn.Conv2d(2 * channels, 1, 3, padding=1),
        )

    def forward(self, pairs: Tensor) -> Tensor:
        """Logits :math:`(n, 1, h/4, w/4)` of pairs :math:`(n, 4, h, w)`, the grey channel first."""
        logits: Tensor = self.layers(pairs)
        return logits
