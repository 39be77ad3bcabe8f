"""Planted failures: what a generator that is perfect but for one known fault would make.

A metric, a detector or a panel is believed only as far as it finds these. Every function takes the real images that a
perfect generator would draw from, the number of samples, and a random generator; nothing else decides what comes out.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from gandiag.data.dataset import Dataset
from gandiag.errors import GandiagError

Damage = Callable[[Dataset, int, torch.Generator], Tensor]

PROTOTYPE_NOISE = 0.05


def planted_failures(train: Dataset) -> dict[str, Damage]:
    """The eleven failures that a diagnosis must find, by name.

    Args:
        train: The images that the generator was trained on, for those that it copies.

    Examples:
        >>> images = Dataset("flat", torch.zeros(40, 1, 4, 4), torch.arange(40) % 10)
        >>> len(planted_failures(images))
        11
    """
    return {
        "one class dropped": partial(dropped, classes=1),
        "three classes dropped": partial(dropped, classes=3),
        "one class rare": partial(rarer, classes=1, factor=0.3),
        "five classes halved": partial(rarer, classes=5, factor=0.5),
        "5 prototypes a class": partial(prototypes, per_class=5),
        "50 prototypes a class": partial(prototypes, per_class=50),
        "support of 1000 images": partial(few_images, support=1000),
        "shrunk to the class mean": partial(shrunk, amount=0.3),
        "a tenth garbage": partial(garbage, share=0.1),
        "noise": partial(noisy, std=0.15),
        "copies of training images": partial(copied, train=train, share=1.0),
    }


def perfect(source: Dataset, count: int, draw: torch.Generator) -> Tensor:
    """Real images that were not drawn before: nothing is wrong with them.

    Raises:
        GandiagError: If there are too few.
    """
    if count > len(source):
        raise GandiagError(f"{count} different images cannot be drawn from {len(source)}.")
    return source.samples[torch.randperm(len(source), generator=draw)[:count]]


def rarer(source: Dataset, count: int, draw: torch.Generator, classes: int, factor: float) -> Tensor:
    """Some classes, chosen at random, have ``factor`` times their share of samples.

    Raises:
        GandiagError: If a class has too few images.
    """
    shares = source.labels.bincount().double()
    shares[torch.randperm(len(shares), generator=draw)[:classes]] *= factor
    wanted = torch.multinomial(shares, count, replacement=True, generator=draw).bincount(minlength=len(shares))
    return _of_each_class(source, wanted.tolist(), draw)[torch.randperm(count, generator=draw)]


def dropped(source: Dataset, count: int, draw: torch.Generator, classes: int) -> Tensor:
    """Some classes, chosen at random, are never made."""
    return rarer(source, count, draw, classes, factor=0.0)


def prototypes(source: Dataset, count: int, draw: torch.Generator, per_class: int) -> Tensor:
    """Every class has only so many images, each made again and again with a little noise."""
    class_count = int(source.labels.max()) + 1
    images = _of_each_class(source, [per_class] * class_count, draw)
    chosen = images[torch.randint(len(images), (count,), generator=draw)]
    return _with_noise(chosen, PROTOTYPE_NOISE, draw)


def few_images(source: Dataset, count: int, draw: torch.Generator, support: int) -> Tensor:
    """The generator makes ``support`` images and no other, all equally often."""
    images = perfect(source, support, draw)
    return images[torch.randint(support, (count,), generator=draw)]


def shrunk(source: Dataset, count: int, draw: torch.Generator, amount: float) -> Tensor:
    """Every image is mixed with the mean of its class: less variety within each."""
    chosen = torch.randperm(len(source), generator=draw)[:count]
    labels = source.labels[chosen]
    means = torch.stack([source.samples[source.labels == label].mean(dim=0) for label in range(int(labels.max()) + 1)])
    return (1 - amount) * source.samples[chosen] + amount * means[labels]


def garbage(source: Dataset, count: int, draw: torch.Generator, share: float) -> Tensor:
    """A share of the samples shows nothing: pixels uniform in [0, 1]."""
    images = perfect(source, count, draw).clone()
    broken = round(share * count)
    images[:broken] = torch.rand(images[:broken].shape, generator=draw)
    return images


def noisy(source: Dataset, count: int, draw: torch.Generator, std: float) -> Tensor:
    """Gaussian noise on every pixel, kept within [0, 1]."""
    return _with_noise(perfect(source, count, draw), std, draw)


def blurred(source: Dataset, count: int, draw: torch.Generator, sigma: float) -> Tensor:
    """Every image is smoothed by a Gaussian of ``sigma`` pixels, as an autoencoder's are."""
    images = perfect(source, count, draw)
    reach = max(1, round(3 * sigma))
    weights = torch.exp(-torch.arange(-reach, reach + 1).float().square() / (2 * sigma**2))
    weights = (weights / weights.sum()).expand(images.shape[1], 1, 1, -1)
    across = conv2d(images, weights, padding=(0, reach), groups=images.shape[1])
    return conv2d(across, weights.transpose(2, 3), padding=(reach, 0), groups=images.shape[1])


def repeated(source: Dataset, count: int, draw: torch.Generator, share: float) -> Tensor:
    """A share of the samples repeats other samples, pixel by pixel."""
    images = perfect(source, count, draw).clone()
    again = round(share * count)
    if 0 < again < count:
        images[:again] = images[again + torch.randint(count - again, (again,), generator=draw)]
    return images


def copied(source: Dataset, count: int, draw: torch.Generator, train: Dataset, share: float) -> Tensor:
    """A share of the samples are images of the training set, pixel by pixel."""
    copies = perfect(train, round(share * count), draw)
    return torch.cat([copies, perfect(source, count - len(copies), draw)])


def _with_noise(images: Tensor, std: float, draw: torch.Generator) -> Tensor:
    return (images + std * torch.randn(images.shape, generator=draw)).clamp(0, 1)


def _of_each_class(source: Dataset, wanted: list[int], draw: torch.Generator) -> Tensor:
    """So many different images of each class, class after class."""
    images = []
    for label, number in enumerate(wanted):
        members = (source.labels == label).nonzero().flatten()
        if number > len(members):
            raise GandiagError(f"{number} images of class {label} cannot be drawn from {len(members)}.")
        images.append(source.samples[members[torch.randperm(len(members), generator=draw)[:number]]])
    return torch.cat(images)
