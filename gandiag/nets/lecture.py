"""The lecture's fully connected GAN for 28×28 images."""

from collections.abc import Callable

from torch import Tensor, nn

NEGATIVE_SLOPE = 0.2
IMAGE_SHAPE = (1, 28, 28)
NOISE_SIZE = 100


class LectureGenerator(nn.Module):
    """Noise 100 → 300 → 784 → image, LeakyReLU 0.2 between and a sigmoid at the end.

    The lecture's listing has two slips, made good here: its generator returns the flat 784 values, where the
    discriminator and the plots need images, so the output is reshaped to :math:`(n, 1, 28, 28)`; and it uses names for
    the sizes that it never defines, which are the constants of this module.

    Args:
        noise_size: Numbers in one noise vector.
        batch_norm: Put batch normalisation before each hidden activation.
        leaky: ``True`` for LeakyReLU 0.2, as in the lecture; ``False`` for ReLU.
        depth: Hidden layers; the lecture has one.
        hidden: The hidden activation in place of (Leaky)ReLU.
    """

    def __init__(
        self,
        *,
        noise_size: int = NOISE_SIZE,
        batch_norm: bool = False,
        leaky: bool = True,
        depth: int = 1,
        hidden: Callable[[], nn.Module] | None = None,
    ) -> None:
        super().__init__()
        sizes = [noise_size] + [300] * (depth - 1)
        self.layers = nn.Sequential(
            *(
                layer
                for size in sizes
                for layer in (
                    nn.Linear(size, 300),
                    *([nn.BatchNorm1d(300)] if batch_norm else []),
                    activation(leaky) if hidden is None else hidden(),
                )
            ),
            nn.Linear(300, 784),
            nn.Sigmoid(),
        )

    def forward(self, noise: Tensor) -> Tensor:
        """Images :math:`(n, 1, 28, 28)` in [0, 1] from noise :math:`(n, \\mathrm{noise\\_size})`."""
        images: Tensor = self.layers(noise).unflatten(-1, IMAGE_SHAPE)
        return images


class LectureDiscriminator(nn.Module):
    """Image → 784 → 300 → 100 → 1, LeakyReLU 0.2 between; returns logits.

    The lecture ends in a sigmoid and takes its binary cross-entropy; the losses here take the logit, which is the same
    function without its rounding.

    Args:
        input_size: Numbers in one input: 784 pixels, and more where a label stands beside them.
        batch_norm: Put batch normalisation before each hidden activation.
        leaky: ``True`` for LeakyReLU 0.2, as in the lecture; ``False`` for ReLU.
    """

    def __init__(self, *, input_size: int = 784, batch_norm: bool = False, leaky: bool = True) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(input_size, 300),
            *([nn.BatchNorm1d(300)] if batch_norm else []),
            activation(leaky),
            nn.Linear(300, 100),
            *([nn.BatchNorm1d(100)] if batch_norm else []),
            activation(leaky),
            nn.Linear(100, 1),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Logits :math:`(n, 1)` of images :math:`(n, 1, 28, 28)`."""
        logits: Tensor = self.layers(images)
        return logits


def activation(leaky: bool) -> nn.Module:
    """LeakyReLU with slope 0.2, or ReLU."""
    return nn.LeakyReLU(NEGATIVE_SLOPE) if leaky else nn.ReLU()
