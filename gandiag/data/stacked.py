"""Images put together of digits: three as the channels of one image, or one with its label written in."""

import torch

from gandiag.data.dataset import Dataset

STACKED_COUNT = 10_000
LABEL_COUNT = 10


def stacked(digits: Dataset, name: str, count: int = STACKED_COUNT, seed: int = 0) -> Dataset:
    """Random triples of digits as the channels of one image: 1000 modes, each a three-digit number.

    Args:
        digits: Images with shape :math:`(n, 1, 28, 28)` of ten classes.
        name: Name of the new set.
        count: Triples to draw.
        seed: Fixes which.

    Returns:
        Images with shape :math:`(\\mathrm{count}, 3, 28, 28)`, labelled 0 … 999.

    References:
        | Unrolled Generative Adversarial Networks (Metz et al., 2017), Section 3.3.1
        | https://arxiv.org/abs/1611.02163

    Examples:
        >>> from gandiag.data.digits import load_digits
        >>> stacked(load_digits(), "stacked_digits", count=5).sample_shape
        (3, 28, 28)
    """
    chosen = torch.randint(len(digits), (count, 3), generator=torch.Generator().manual_seed(seed))
    labels = digits.labels[chosen] @ torch.tensor([100, 10, 1])
    return Dataset(name, digits.samples[chosen, 0], labels)


def labelled(digits: Dataset, name: str) -> Dataset:
    """Digits whose label is written into the first ten pixels of the first row, one of them white.

    A conditional GAN's discriminator is shown the image beside its condition; here the condition rides along in the
    image, in place of ten pixels of its upper edge.

    Examples:
        >>> from gandiag.data.digits import load_digits
        >>> conditions = labelled(load_digits(), "labelled_digits").samples[:3, 0, 0, :10]
        >>> conditions.argmax(dim=1).tolist()
        [0, 1, 2]
    """
    samples = digits.samples.clone()
    samples[:, 0, 0, :LABEL_COUNT] = torch.nn.functional.one_hot(digits.labels, LABEL_COUNT).to(samples.dtype)
    return Dataset(name, samples, digits.labels)
