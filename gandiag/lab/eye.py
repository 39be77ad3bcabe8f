"""What the oracle sees in samples: classes and features, of known modes or by the second classifier."""

from dataclasses import dataclass

import torch
from torch import Tensor

from gandiag.data import Dataset
from gandiag.data.mixtures import Mixture
from gandiag.data.stacked import LABEL_COUNT
from gandiag.lab.classifier import CLASS_COUNT, load_oracle_classifier

HIGH_QUALITY_DISTANCE = 3.0
PROJECTIONS = 64
PAIRWISE = 300


@dataclass(frozen=True)
class Seen:
    """Samples as the oracle sees them.

    Attributes:
        features: With shape :math:`(n, d)`: the points themselves, or the classifier's penultimate activations.
        classes: Nearest mode, class, or three-digit number of each sample, with shape :math:`(n,)`.
        quality: Share within 3 standard deviations of a mode; for images, mean largest class probability; 1 for the
            points of the Dirac-GAN, which are of one class.
    """

    features: Tensor
    classes: Tensor
    quality: float


@torch.no_grad()
def look(samples: Tensor, dataset: Dataset) -> Seen:
    """See samples with shape :math:`(n, *)` as kin of a data set's."""
    if dataset.name == "dirac":
        return Seen(samples, torch.zeros(len(samples), dtype=torch.int64), 1.0)
    if dataset.mixture is not None:
        return _look_at_points(samples, dataset.mixture)
    images = samples
    if dataset.name == "labelled_digits":
        images = samples.clone()
        images[:, :, 0, :LABEL_COUNT] = 0  # the condition is no part of the digit
    classifier = load_oracle_classifier()
    channels = images.flatten(0, 1).unsqueeze(1)
    features = classifier.features(channels)
    probabilities = classifier.head(features).softmax(dim=1)
    digits = probabilities.argmax(dim=1).view(len(images), -1)
    places = CLASS_COUNT ** torch.arange(digits.shape[1] - 1, -1, -1)
    quality = float(probabilities.max(dim=1).values.mean())
    return Seen(features.reshape(len(images), -1), (digits * places).sum(dim=1), quality)


def _look_at_points(points: Tensor, mixture: Mixture) -> Seen:
    distances = torch.cdist(points, mixture.centers)
    nearest = distances.min(dim=1)
    near = (nearest.values < HIGH_QUALITY_DISTANCE * mixture.std).double().mean()
    return Seen(points, nearest.indices, float(near))


def sliced_distance(real: Tensor, fake: Tensor) -> float:
    r"""Mean Wasserstein-1 distance over 64 fixed directions of two sets of :math:`n` features each.

    References:
        | Sliced and Radon Wasserstein Barycenters of Measures (Bonneel et al., 2015), Section 2
        | https://doi.org/10.1007/s10851-014-0506-3
    """
    directions = torch.randn(real.shape[1], PROJECTIONS, generator=torch.Generator().manual_seed(0))
    directions = directions / directions.norm(dim=0)
    projected_real, projected_fake = (real @ directions).sort(dim=0).values, (fake @ directions).sort(dim=0).values
    return float((projected_real - projected_fake).abs().mean())


def pairwise_distance(features: Tensor) -> float:
    """Mean distance of two among the first 300 samples; 0 for fewer than two."""
    return float(torch.pdist(features[:PAIRWISE]).mean()) if len(features) > 1 else 0.0


def within_class_distance(seen: Seen, classes: Tensor, least: int = 5) -> float:
    """Mean over the given classes of the mean distance of two samples of one class; NaN where none has enough."""
    groups = [seen.features[seen.classes == one] for one in classes]
    distances = [pairwise_distance(group[:50]) for group in groups if len(group) >= least]
    return sum(distances) / len(distances) if distances else float("nan")
