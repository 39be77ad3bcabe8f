"""A small DCGAN for 28×28 images."""

from torch import Tensor, nn

NOISE_SIZE = 100


def initialise(module: nn.Module) -> None:
    """Weights from N(0, 0.02), as the paper has it; batch normalisation scales from N(1, 0.02)."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)


class DCGANGenerator(nn.Module):
    """Noise → 7×7 → 14×14 → 28×28 by transposed convolutions with batch normalisation; a sigmoid at the end.

    The paper ends in tanh for data in [−1, 1]; the data here is in [0, 1].

    Args:
        channels: Channels before the last layer; the layer before has twice as many.
        noise_size: Numbers in one noise vector.
        image_channels: 1 for grey images, 3 for stacked digits.
        batch_norm: Put batch normalisation before each activation, as the paper has it.

    References:
        | Unsupervised Representation Learning with Deep Convolutional GANs (Radford et al., 2016), Section 3
        | https://arxiv.org/abs/1511.06434
    """

    def __init__(
        self, channels: int = 16, *, noise_size: int = NOISE_SIZE, image_channels: int = 1, batch_norm: bool = True
    ) -> None:
        super().__init__()
        self.channels = channels
        self.project = nn.Linear(noise_size, 2 * channels * 7 * 7)
        self.layers = nn.Sequential(
            *([nn.BatchNorm2d(2 * channels)] if batch_norm else []),
            nn.ReLU(),
            nn.ConvTranspose2d(2 * channels, channels, 4, stride=2, padding=1, bias=not batch_norm),
            *([nn.BatchNorm2d(channels)] if batch_norm else []),
            nn.ReLU(),
            nn.ConvTranspose2d(channels, image_channels, 4, stride=2, padding=1),
            nn.Sigmoid(),
        )
        self.apply(initialise)

    def forward(self, noise: Tensor) -> Tensor:
        """Images :math:`(n, c, 28, 28)` in [0, 1] from noise :math:`(n, \\mathrm{noise\\_size})`."""
        images: Tensor = self.layers(self.project(noise).view(-1, 2 * self.channels, 7, 7))
        return images


class DCGANDiscriminator(nn.Module):
    """28×28 → 14×14 → 7×7 → logit by strided convolutions with LeakyReLU 0.2.

    Args:
        channels: Channels of the first layer; the second has twice as many.
        image_channels: 1 for grey images, 3 for stacked digits; planes that tell a label count as channels.
        batch_norm: Put batch normalisation after the second convolution, as the paper has it.
    """

    def __init__(self, channels: int = 16, *, image_channels: int = 1, batch_norm: bool = True) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(image_channels, channels, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(channels, 2 * channels, 4, stride=2, padding=1, bias=not batch_norm),
            *([nn.BatchNorm2d(2 * channels)] if batch_norm else []),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(2 * channels * 7 * 7, 1),
        )
        self.apply(initialise)

    def forward(self, images: Tensor) -> Tensor:
        """Logits :math:`(n, 1)` of images :math:`(n, c, 28, 28)`."""
        logits: Tensor = self.layers(images)
        return logits
