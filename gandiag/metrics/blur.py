"""How sharp images are: what tells an autoencoder's blur from a GAN's edges."""

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from gandiag.metrics.features import double

SMALLEST_SIDE = 3


def sharpness(images: Tensor) -> Tensor:
    r"""Variance of each image's Laplacian, relative to the variance of its pixels.

    .. math:: \mathrm{Var}(\Delta x) / \mathrm{Var}(x), \quad
        \Delta = \begin{pmatrix} 0 & 1 & 0 \\ 1 & -4 & 1 \\ 0 & 1 & 0 \end{pmatrix}

    Args:
        images: With shape :math:`(n, c, h, w)`, h and w at least 3; channels are averaged.

    Returns:
        float64 with shape :math:`(n,)`, in [0, 64]; higher is sharper. Invariant to brightness and contrast, and 0 for
        an image of one colour. Each image stands alone: no bias in n. Noise counts as sharp: compare the mean with that
        of real images, of which :func:`relative_sharpness` is the ratio. Deterministic.

    Raises:
        ValueError: If the shape is another, or a pixel is not finite.

    Note:
        The focus measure of Pech-Pacheco et al. is the numerator alone, as is the sharpness in Wasserstein
        Auto-Encoders; the denominator takes out contrast, which a blurred digit keeps and a faint one loses.

    References:
        | Diatom autofocusing in brightfield microscopy: a comparative study (Pech-Pacheco et al., 2000)
        | https://doi.org/10.1109/ICPR.2000.903548
        | Wasserstein Auto-Encoders (Tolstikhin et al., 2018)
        | https://arxiv.org/abs/1711.01558

    Examples:
        >>> checkerboard = (torch.arange(36).reshape(6, 6) + torch.arange(6)[:, None]) % 2
        >>> sharpness(checkerboard[None, None]).tolist()
        [64.0]
        >>> sharpness(torch.ones(1, 1, 6, 6)).tolist()
        [0.0]
    """
    if images.ndim != 4 or min(images.shape[2:]) < SMALLEST_SIDE:
        raise ValueError(f"Images have shape (n, c, h, w), at least 3 × 3; got {tuple(images.shape)}.")
    if not bool(torch.isfinite(images).all()):
        raise ValueError("The images hold NaN or infinite values.")
    grey = double(images).mean(dim=1, keepdim=True)
    kernel = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]], dtype=torch.float64, device=grey.device)
    edges = conv2d(grey, kernel[None, None]).flatten(1).var(dim=1, correction=0)
    contrast = grey.flatten(1).var(dim=1, correction=0)
    return torch.where(contrast > 1e-12, edges / contrast.clamp(min=1e-12), 0.0)


def relative_sharpness(fake: Tensor, real: Tensor) -> float:
    """Mean sharpness of generated images over that of real ones: 1 where they are alike, below 1 for blur.

    Args:
        fake: With shape :math:`(n, c, h, w)`.
        real: With shape :math:`(m, c, h, w)`, the same size.

    Returns:
        At least 0; not symmetric: with the roles exchanged, one over it. Above 1 for noise. Its bias, of the order of
        1 / m, is that of a ratio. Deterministic.

    Raises:
        ValueError: If there are no images, they differ in size, or the real ones show nothing.

    Examples:
        >>> images = torch.eye(8)[None, None]
        >>> relative_sharpness(images, images)
        1.0
    """
    if len(fake) == 0 or len(real) == 0 or fake.shape[1:] != real.shape[1:]:
        raise ValueError(f"Images of one size are needed; got {tuple(fake.shape)} and {tuple(real.shape)}.")
    scale = float(sharpness(real).mean())
    if scale == 0:
        raise ValueError("The real images are all of one colour; nothing is sharp or blurred.")
    return float(sharpness(fake).mean()) / scale
