"""Conditional networks for 28×28 digits: a generator that is told the label, and ways to tell the discriminator.

Each discriminator is the unconditional one with the label added; they are called as ``discriminator(images, labels)``.
"""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from gandiag.nets.dcgan import DCGANDiscriminator, DCGANGenerator
from gandiag.nets.lecture import LectureDiscriminator, LectureGenerator

Network = Literal["mlp", "dcgan"]
CLASS_COUNT, NOISE_SIZE, EMBEDDING_SIZE, PIXELS = 10, 100, 32, 784


class OneHot(nn.Module):
    """Label → a vector of ten numbers, a 1 at the label."""

    def forward(self, labels: Tensor) -> Tensor:
        """Vectors :math:`(n, 10)` of labels :math:`(n,)`."""
        return one_hot(labels, CLASS_COUNT).float()


class ConditionalGenerator(nn.Module):
    """Noise and label → image: the label's vector stands beside the noise.

    Args:
        network: ``mlp`` for the lecture's layers with batch normalisation, ``dcgan`` for a DCGAN's.
        embedded: ``True`` learns the label's vector, 32 numbers; ``False`` takes the one-hot vector.
        channels: Of the DCGAN.

    References:
        | Conditional Generative Adversarial Nets (Mirza and Osindero, 2014), Section 3.2
        | https://arxiv.org/abs/1411.1784

    Examples:
        >>> ConditionalGenerator("mlp")(torch.randn(2, 100), torch.tensor([3, 7])).shape
        torch.Size([2, 1, 28, 28])
    """

    def __init__(self, network: Network, *, embedded: bool = False, channels: int = 16) -> None:
        super().__init__()
        self.condition = nn.Embedding(CLASS_COUNT, EMBEDDING_SIZE) if embedded else OneHot()
        size = NOISE_SIZE + (EMBEDDING_SIZE if embedded else CLASS_COUNT)
        self.images: nn.Module = (
            LectureGenerator(noise_size=size, batch_norm=True)
            if network == "mlp"
            else DCGANGenerator(channels, noise_size=size)
        )

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """Images :math:`(n, 1, 28, 28)` in [0, 1] from noise :math:`(n, 100)` and labels :math:`(n,)`."""
        images: Tensor = self.images(torch.cat([noise, self.condition(labels)], dim=1))
        return images


class UnconditionalDiscriminator(nn.Module):
    """Images → logit; the label is not looked at, and so the generator has no reason to heed it.

    Args:
        network: ``mlp`` for the lecture's layers, ``dcgan`` for a DCGAN's.
        channels: Of the DCGAN.
    """

    def __init__(self, network: Network, *, channels: int = 16) -> None:
        super().__init__()
        self.features, self.head = _halves(network, channels)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Logits :math:`(n, 1)` of images :math:`(n, 1, 28, 28)`."""
        logits: Tensor = self.head(self.features(images))
        return logits


class PlanesDiscriminator(nn.Module):
    """Image and label → logit: the label stands beside the image, as more channels (DCGAN) or more inputs (MLP).

    Args:
        network: ``mlp`` for the lecture's layers, ``dcgan`` for a DCGAN's.
        embedded: ``True`` learns what stands there: one plane, or 32 numbers; ``False`` takes the one-hot vector, of
            which each number fills a plane.
        channels: Of the DCGAN.

    References:
        | Conditional Generative Adversarial Nets (Mirza and Osindero, 2014), Section 3.2
        | https://arxiv.org/abs/1411.1784
    """

    def __init__(self, network: Network, *, embedded: bool = False, channels: int = 16) -> None:
        super().__init__()
        self.beside: Callable[[Tensor, Tensor], Tensor]
        if network == "mlp":
            size = EMBEDDING_SIZE if embedded else CLASS_COUNT
            self.layers: nn.Module = LectureDiscriminator(input_size=PIXELS + size)
            self.beside = _inputs
        else:
            size = PIXELS if embedded else CLASS_COUNT
            self.layers = DCGANDiscriminator(channels, image_channels=2 if embedded else 1 + CLASS_COUNT)
            self.beside = _plane if embedded else _planes
        self.condition = nn.Embedding(CLASS_COUNT, size) if embedded else OneHot()

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Logits :math:`(n, 1)` of images :math:`(n, 1, 28, 28)` with labels :math:`(n,)`."""
        logits: Tensor = self.layers(self.beside(images, self.condition(labels)))
        return logits


class ProjectionDiscriminator(nn.Module):
    r"""Image and label → logit :math:`v_y \cdot \phi(x) + \psi(\phi(x))`, with a learnt vector for each label.

    Args:
        network: ``mlp`` for the lecture's layers, ``dcgan`` for a DCGAN's.
        channels: Of the DCGAN.

    References:
        | cGANs with Projection Discriminator (Miyato and Koyama, 2018), Eq. 3
        | https://arxiv.org/abs/1802.05637
    """

    def __init__(self, network: Network, *, channels: int = 16) -> None:
        super().__init__()
        self.features, self.head = _halves(network, channels)
        self.label_vectors = nn.Embedding(CLASS_COUNT, self.head.in_features)
        nn.init.normal_(self.label_vectors.weight, 0.0, 0.02)  # as a DCGAN's weights: not to outweigh the head at first

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Logits :math:`(n, 1)` of images :math:`(n, 1, 28, 28)` with labels :math:`(n,)`."""
        features = self.features(images)
        logits: Tensor = self.head(features) + (self.label_vectors(labels) * features).sum(dim=1, keepdim=True)
        return logits


class ACGANDiscriminator(nn.Module):
    """Image → logit and class logits; the label is in the loss, and none is looked at here.

    Args:
        network: ``mlp`` for the lecture's layers, ``dcgan`` for a DCGAN's.
        channels: Of the DCGAN.

    References:
        | Conditional Image Synthesis with Auxiliary Classifier GANs (Odena et al., 2017), Section 3
        | https://arxiv.org/abs/1610.09585
    """

    def __init__(self, network: Network, *, channels: int = 16) -> None:
        super().__init__()
        self.features, self.head = _halves(network, channels)
        self.classes = nn.Linear(self.head.in_features, CLASS_COUNT)

    def forward(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Logits :math:`(n, 1)` and class logits :math:`(n, 10)` of images :math:`(n, 1, 28, 28)`."""
        features = self.features(images)
        return self.head(features), self.classes(features)


def _halves(network: Network, channels: int) -> tuple[nn.Sequential, nn.Linear]:
    """An unconditional discriminator's layers, and its last one."""
    layers = LectureDiscriminator().layers if network == "mlp" else DCGANDiscriminator(channels).layers
    head = layers[-1]
    assert isinstance(head, nn.Linear)
    return layers[:-1], head


def _inputs(images: Tensor, vectors: Tensor) -> Tensor:
    return torch.cat([images.flatten(1), vectors], dim=1)


def _plane(images: Tensor, vectors: Tensor) -> Tensor:
    return torch.cat([images, vectors.view_as(images)], dim=1)


def _planes(images: Tensor, vectors: Tensor) -> Tensor:
    return torch.cat([images, vectors[:, :, None, None].expand(-1, -1, *images.shape[2:])], dim=1)
