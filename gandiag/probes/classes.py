"""What a generator makes of each class: as asked or not, and how different within the class."""

from dataclasses import dataclass

import torch
from torch import Tensor

from gandiag.metrics.diversity import intra_class_distances
from gandiag.metrics.features import double
from gandiag.metrics.modes import entropy

LEAST_CLASS_SAMPLES = 8
LARGEST_CLASS_COUNT = 100  # columns of the probes table


@dataclass(frozen=True)
class Labels:
    """Classes of samples.

    Attributes:
        classes: Integers in [0, ``count``), with shape :math:`(n,)`.
        count: Number of classes :math:`K`.
    """

    classes: Tensor
    count: int

    @property
    def sizes(self) -> Tensor:
        """Samples of each class, with shape :math:`(K,)`."""
        return self.classes.bincount(minlength=self.count)


def class_distances(features: Tensor, labels: Labels) -> Tensor:
    """Mean distance of two samples of the same class, with shape :math:`(K,)`; NaN for classes of fewer than 8."""
    distances = intra_class_distances(features, labels.classes, labels.count)
    return distances.masked_fill(labels.sizes.to(distances.device) < LEAST_CLASS_SAMPLES, torch.nan)


def class_diversity(features: Tensor, labels: Labels, scale: Tensor | float) -> dict[str, float]:
    """Mean distance of two samples of the same class, relative to real ones.

    Args:
        features: With shape :math:`(n, d)`.
        labels: The classes of the samples.
        scale: The same distances of real samples, with shape :math:`(K,)`, or the distance of any two of them.

    Returns:
        ``diversity_class_0``, … at least 0; NaN for classes of fewer than 8 samples. Empty with more than 100 classes.
    """
    if labels.count > LARGEST_CLASS_COUNT:
        return {}
    relative = class_distances(features, labels).cpu() / (scale.cpu() if isinstance(scale, Tensor) else scale)
    return {f"diversity_class_{index}": float(value) for index, value in enumerate(relative)}


def fidelity(asked: Labels, judged: Tensor) -> dict[str, float]:
    r"""How far the samples show the classes that were asked for.

    Args:
        asked: The classes asked for.
        judged: The classes that the samples show, integers in [0, K), with shape :math:`(n,)`.

    Returns:
        ``label_fidelity``: share of samples judged as asked. ``label_information``: what the class asked for tells of
        the class shown, :math:`I(a; j) / H(a)`, in [0, 1]: 1 also where the labels are merely exchanged, and about
        :math:`(K - 1)^2 / (2 n H(a))` where they are ignored. And for each class, NaN where fewer than 8 samples were
        asked for: ``fidelity_class_0``, …, and ``judged_as_class_0``, …, the class that most of them show.

    Examples:
        >>> asked = Labels(torch.tensor([0, 1]).repeat(8), 2)
        >>> row = fidelity(asked, 1 - asked.classes)
        >>> row["label_fidelity"], round(row["label_information"], 6), row["judged_as_class_0"]
        (0.0, 1.0, 1.0)
    """
    count = asked.count
    table = double((asked.classes * count + judged).bincount(minlength=count**2).reshape(count, count)).cpu()
    row = {
        "label_fidelity": float(table.diagonal().sum() / table.sum()),
        "label_information": _information(table / table.sum()),
    }
    if count > LARGEST_CLASS_COUNT:
        return row
    sizes = table.sum(dim=1)
    few = sizes < LEAST_CLASS_SAMPLES
    shares = (table.diagonal() / sizes).masked_fill(few, torch.nan)
    shown = double(table.argmax(dim=1)).masked_fill(few, torch.nan)
    row |= {f"fidelity_class_{index}": float(share) for index, share in enumerate(shares)}
    return row | {f"judged_as_class_{index}": float(value) for index, value in enumerate(shown)}


def _information(joint: Tensor) -> float:
    """Mutual information of rows and columns relative to the entropy of the rows; NaN where that is 0."""
    asked, judged = entropy(joint.sum(dim=1)), entropy(joint.sum(dim=0))
    return (asked + judged - entropy(joint.flatten())) / asked if asked > 0 else float("nan")
