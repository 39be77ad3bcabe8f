"""A toy for the laboratory: a fully connected generator of digits with their label written into ten pixels."""

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from gandiag.nets.lecture import IMAGE_SHAPE, activation

LABEL_COUNT = 10
NOISE_SIZE = 64 + LABEL_COUNT
WIDTH = 300


class WrittenConditionGenerator(nn.Module):
    """Noise and label → image, with the label written into the image's first ten pixels.

    The last ten of the noise's numbers choose the label, the largest of them, so that all ten are as likely.

    Args:
        loudness: What the rest of the noise is multiplied by; well below 1 it is lost beside the label.

    References:
        | Conditional Generative Adversarial Nets (Mirza and Osindero, 2014), Section 3.2
        | https://arxiv.org/abs/1411.1784
    """

    def __init__(self, *, loudness: float = 1.0) -> None:
        super().__init__()
        self.loudness = loudness
        self.layers = nn.Sequential(
            nn.Linear(NOISE_SIZE, WIDTH), nn.BatchNorm1d(WIDTH), activation(True), nn.Linear(WIDTH, 784), nn.Sigmoid()
        )

    def forward(self, noise: Tensor) -> Tensor:
        """Images :math:`(n, 1, 28, 28)` in [0, 1] from noise :math:`(n, 74)`."""
        condition = one_hot(noise[:, -LABEL_COUNT:].argmax(dim=1), LABEL_COUNT).to(noise.dtype)
        pixels = self.layers(torch.cat([self.loudness * noise[:, :-LABEL_COUNT], condition], dim=1))
        return torch.cat([condition, pixels[:, LABEL_COUNT:]], dim=1).view(len(noise), *IMAGE_SHAPE)
