"""The embedded default: real handwritten digits that need no download."""

import torch
from torch.nn.functional import interpolate

from gandiag.data.dataset import Dataset

LARGEST_INTENSITY = 16.0  # each 8×8 cell counts the inked pixels of a 4×4 block


def load_digits() -> Dataset:
    """scikit-learn's bundled handwritten digits, scaled from 8×8 to 28×28 by bilinear interpolation.

    Returns:
        1797 images with shape :math:`(1797, 1, 28, 28)` in [0, 1], with their labels.

    References:
        | Optical Recognition of Handwritten Digits (Alpaydin and Kaynak, 1998), UCI Machine Learning Repository
        | https://doi.org/10.24432/C50P49
    """
    from sklearn.datasets import load_digits as load_bundled_digits  # a second of every start otherwise

    bundle = load_bundled_digits()
    small = torch.from_numpy(bundle.images).float().unsqueeze(1) / LARGEST_INTENSITY
    images = interpolate(small, size=(28, 28), mode="bilinear", align_corners=False)
    return Dataset("digits", images.contiguous(), torch.from_numpy(bundle.target).long())
