"""A small CycleGAN for 28×28 images: residual translators and discriminators of patches."""

from torch import Tensor, nn

LEAK = 0.2


class ResidualBlock(nn.Module):
    """Two convolutions, added to what goes in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.InstanceNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.InstanceNorm2d(channels),
        )

    def forward(self, values: Tensor) -> Tensor:
        """:math:`x + f(x)`, with the shape of x."""
        change: Tensor = self.layers(values)
        return values + change


class CycleGANGenerator(nn.Module):
    """Image → image: 28 → 14, residual blocks, 14 → 28; a sigmoid at the end.

    The paper's has a step to a quarter and six or nine blocks for 256×256 images, and ends in tanh.

    Args:
        channels: Channels at full size; twice as many in the blocks.
        blocks: Residual blocks.

    References:
        | Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks (Zhu et al., 2017), Section 4
        | https://arxiv.org/abs/1703.10593
    """

    def __init__(self, channels: int = 8, blocks: int = 2) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, channels, 5, padding=2),
            nn.InstanceNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1),
            nn.InstanceNorm2d(2 * channels),
            nn.ReLU(),
            *(ResidualBlock(2 * channels) for _ in range(blocks)),
            nn.ConvTranspose2d(2 * channels, channels, 4, stride=2, padding=1),
            nn.InstanceNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, 1, 5, padding=2),
            nn.Sigmoid(),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Images :math:`(n, 1, 28, 28)` in [0, 1] from images of that shape."""
        translated: Tensor = self.layers(images)
        return translated


class CycleGANDiscriminator(nn.Module):
    """Image → a logit for each of 7×7 patches, 18 pixels wide.

    Args:
        channels: Channels of the first layer; the second has twice as many.
    """

    def __init__(self, channels: int = 16) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, channels, 4, stride=2, padding=1),
            nn.LeakyReLU(LEAK),
            nn.Conv2d(channels, 2 * channels, 4, stride=2, padding=1),
            nn.InstanceNorm2d(2 * channels),
            nn.LeakyReLU(LEAK),
            nn.Conv2d(2 * channels, 1, 3, padding=1),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Logits :math:`(n, 1, 7, 7)` of images :math:`(n, 1, 28, 28)`."""
        logits: Tensor = self.layers(images)
        return logits
