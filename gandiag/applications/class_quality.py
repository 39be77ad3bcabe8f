"""How well a conditional generator keeps to its labels, class by class, in the packaged judge's eyes."""

from dataclasses import dataclass

from torch import Tensor

from gandiag.data import CLASS_NAMES, Dataset
from gandiag.errors import GandiagError
from gandiag.metrics import frechet_distance, intra_class_distances
from gandiag.nets.judge import CLASS_COUNT
from gandiag.probes import resolve_judge


@dataclass(frozen=True)
class LabelFidelity:
    """Shares of images that show the digit they were asked to show.

    Attributes:
        overall: In [0, 1]; of all images.
        by_class: Ten of them, in [0, 1]; NaN for a digit that no image was asked to show.
    """

    overall: float
    by_class: tuple[float, ...]


def label_fidelity(images: Tensor, labels: Tensor) -> LabelFidelity:
    """Share of images in which the packaged judge sees the digit of their label.

    The judge itself errs on fewer than 1 % of MNIST's test set (:func:`gandiag.nets.judge_card`), so that real images
    have a fidelity a little below 1.

    Args:
        images: With shape :math:`(n, 1, 28, 28)` in [0, 1].
        labels: int64 with shape :math:`(n,)` in [0, 10).

    Raises:
        ValueError: If there is no image, or not one label an image.

    References:
        | Conditional Image Synthesis with Auxiliary Classifier GANs (Odena et al., 2017), Section 4.1, with a
        | classifier of its own in place of Inception
        | https://arxiv.org/abs/1610.09585

    Examples:
        >>> from gandiag.data import load_dataset
        >>> digits = load_dataset("digits")
        >>> label_fidelity(digits.samples[:300], digits.labels[:300]).overall > 0.9
        True
        >>> label_fidelity(digits.samples[:300], (digits.labels[:300] + 1) % 10).overall < 0.1
        True
    """
    if len(images) == 0 or labels.shape != (len(images),):
        raise ValueError(f"There must be one label an image, and an image; got {len(labels)} for {len(images)}.")
    probabilities = resolve_judge("mnist", images.device)(images).probabilities
    assert probabilities is not None
    right = (probabilities.argmax(dim=1) == labels).double()
    by_class = tuple(float(right[labels == digit].mean()) for digit in range(CLASS_COUNT))
    return LabelFidelity(float(right.mean()), by_class)


@dataclass(frozen=True)
class ClassQuality:
    """How images of each class compare with the real ones of that class.

    Attributes:
        frechet: Ten Fréchet distances in the judge's features, at least 0, lower is better.
        diversity: Ten mean distances within the class, over those of the real images: near 1 as varied as they, near 0
            one image over and over.
        count: Images of each class; the Fréchet distance is to be compared at the same count only.
    """

    frechet: tuple[float, ...]
    diversity: tuple[float, ...]
    count: int


def class_quality(images: Tensor, labels: Tensor, real: Dataset) -> ClassQuality:
    """Fréchet distance and diversity within each class, by the label that an image was asked to show.

    Args:
        images: As many of each class, with shape :math:`(n, 1, 28, 28)` in [0, 1].
        labels: int64 with shape :math:`(n,)` in [0, 10).
        real: Labelled real images of digits.

    Raises:
        GandiagError: If they are of Fashion-MNIST, whose classes the packaged judge does not know.
        ValueError: If the classes have not the same number of images.
        TooFewSamples: If a class has fewer than two.

    References:
        | GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium (Heusel et al., 2017), Eq. 6
        | https://arxiv.org/abs/1706.08500
        | cGANs with Projection Discriminator (Miyato and Koyama, 2018), Section 4, for the distance within classes
        | https://arxiv.org/abs/1802.05637
    """
    if real.name in CLASS_NAMES:
        raise GandiagError(
            f"The packaged judge knows digits alone, so that it cannot tell the quality of classes of '{real.name}'; "
            f"look at them with gandiag generate."
        )
    counts = labels.bincount(minlength=CLASS_COUNT)
    if len(counts) > CLASS_COUNT or int(counts.min()) != int(counts.max()):
        raise ValueError(f"There must be as many images of each of {CLASS_COUNT} classes; got {counts.tolist()}.")
    judge = resolve_judge("mnist", images.device)
    fake_features, real_features = judge(images).features, judge(real.samples).features
    frechet = tuple(
        frechet_distance(real_features[real.labels == digit], fake_features[labels == digit])
        for digit in range(CLASS_COUNT)
    )
    spread = intra_class_distances(fake_features, labels, CLASS_COUNT)
    diversity = spread / intra_class_distances(real_features, real.labels, CLASS_COUNT)
    return ClassQuality(frechet, tuple(diversity.tolist()), int(counts[0]))
