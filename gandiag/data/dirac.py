"""The data of the Dirac-GAN: one point to be found, with a coordinate beside it that gives the samples a scale."""

import torch

from gandiag.data.dataset import Dataset


def dirac(count: int = 10_000, seed: int = 0) -> Dataset:
    """Points :math:`(0, y)` with standard normal :math:`y`; ``seed`` fixes which.

    Together with the networks of :mod:`gandiag.nets.dirac`, whose discriminator reads the first coordinate alone, this
    is the Dirac-GAN exactly: parallel lines, of which one is to be moved onto the other.

    References:
        | Which Training Methods for GANs do actually Converge? (Mescheder et al., 2018), Definition 2.1
        | https://arxiv.org/abs/1801.04406
        | Wasserstein GAN (Arjovsky et al., 2017), Example 1
        | https://arxiv.org/abs/1701.07875
    """
    beside = torch.randn(count, generator=torch.Generator().manual_seed(seed))
    points = torch.stack([torch.zeros(count), beside], dim=1)
    return Dataset("dirac", points, torch.zeros(count, dtype=torch.int64))
