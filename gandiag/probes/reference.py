"""What the real data looks like to a judge: the yardstick of every probe."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset as TorchDataset

from gandiag.errors import GandiagError
from gandiag.metrics.diversity import mean_pairwise_distance
from gandiag.metrics.duplicates import duplicate_threshold
from gandiag.metrics.features import double
from gandiag.metrics.moments import FeatureStatistics, feature_statistics
from gandiag.metrics.ndb import Bins, fit_bins
from gandiag.metrics.prdc import RealManifold, real_manifold
from gandiag.nets.judge import real_statistics
from gandiag.probes.classes import LARGEST_CLASS_COUNT, Labels, class_distances
from gandiag.probes.judging import Judging

LARGEST_REFERENCE = 10_000
PAIRWISE_SUBSET = 2_000
MANIFOLD_SUBSET = 1_000
FEATURES_KEPT = 512
LEAST_CLUSTERS, MOST_CLUSTERS, CLUSTER_SIZE = 4, 20, 20
LEAST_MANIFOLD = 200
LEAST_DUPLICATES = 1_000
HIGHEST_DIMENSION = 256  # of features, for a covariance


@dataclass(frozen=True)
class Reference:
    """Real samples as the judge sees them.

    Attributes:
        pairwise_distance: Mean distance between two real samples in feature space.
        features: At most 512 of the real features; ``None`` where only statistics are at hand.
        statistics: Moments of the features; ``None`` where there are too few samples or too many dimensions.
        class_shares: Shares of the classes, with shape :math:`(K,)`; ``None`` where the judge knows no classes.
        class_distances: Mean distance of two real samples of the same class, with shape :math:`(K,)`, NaN for classes
            of fewer than 8; ``None`` where the judge knows no classes, or more than 100.
        manifold: At most 1000 real features with their neighbourhoods; ``None`` where there is no judge or too little.
        duplicate_distance: Hardly two real samples are that near; ``None`` from fewer than 1000 of them.
        clusters: Of the real features, at most 20; ``None`` where a judge names classes, or of fewer than 80 samples.
    """

    pairwise_distance: float
    features: Tensor | None
    statistics: FeatureStatistics | None
    class_shares: Tensor | None
    class_distances: Tensor | None = None
    manifold: RealManifold | None = None
    duplicate_distance: float | None = None
    clusters: Bins | None = None


def packaged_reference(dataset: str) -> Reference | None:
    """The reference for the packaged judge and a data set whose statistics ship with gandiag."""
    packaged = real_statistics(dataset)
    if packaged is None:
        return None
    statistics = FeatureStatistics(int(packaged["count"]), packaged["mean"], packaged["covariance"])
    return Reference(
        float(packaged["pairwise_distance"]), None, statistics, packaged["class_shares"], packaged["class_distances"]
    )


def reference_from_samples(samples: Tensor, judging: Judging) -> Reference:
    """Judge real samples with shape :math:`(n, *)`, n ≥ 2."""
    judged = judging(samples)
    features = judged.features
    enough = len(features) > features.shape[1] and features.shape[1] <= HIGHEST_DIMENSION
    shares = distances = None
    if judged.probabilities is not None:
        labels = Labels(judged.probabilities.argmax(dim=1), judged.probabilities.shape[1])
        shares = double(labels.sizes) / len(features)
        if labels.count <= LARGEST_CLASS_COUNT:
            subset = Labels(_evenly(labels.classes, PAIRWISE_SUBSET), labels.count)
            distances = class_distances(_evenly(features, PAIRWISE_SUBSET), subset)
    judged_well = judging.module is not None and len(features) >= LEAST_MANIFOLD
    return Reference(
        mean_pairwise_distance(_evenly(features, PAIRWISE_SUBSET)),
        _evenly(features, FEATURES_KEPT),
        feature_statistics(features) if enough else None,
        shares,
        distances,
        manifold=real_manifold(_evenly(features, MANIFOLD_SUBSET)) if judged_well else None,
        duplicate_distance=duplicate_threshold(features) if judged_well and len(features) >= LEAST_DUPLICATES else None,
        clusters=_clusters(features) if judged.probabilities is None else None,
    )


def _clusters(features: Tensor) -> Bins | None:
    """What stands for classes where no judge names any."""
    count = min(MOST_CLUSTERS, len(features) // CLUSTER_SIZE)
    return fit_bins(_evenly(features, PAIRWISE_SUBSET).flatten(1), count) if count >= LEAST_CLUSTERS else None


def _evenly(rows: Tensor, most: int) -> Tensor:
    """So many rows from first to last: data that is sorted by class begins with one class alone."""
    return rows if len(rows) <= most else rows[torch.linspace(0, len(rows) - 1, most).long().to(rows.device)]


def take_samples(real: Any, device: torch.device) -> Tensor:
    """Up to 10,000 real samples from a tensor, a data set or a loader, drawn without touching the random state.

    Raises:
        GandiagError: If there are no tensors in it, or fewer than two samples, or values that are not finite.
    """
    if isinstance(real, Tensor):
        samples = _evenly(real, LARGEST_REFERENCE)
    elif isinstance(real, TorchDataset):
        count = len(real)  # type: ignore[arg-type]
        stride = max(1, count // LARGEST_REFERENCE)
        indices = range(0, count, stride)[:LARGEST_REFERENCE]
        samples = torch.stack([_sample_of(real[index]) for index in indices])
    elif isinstance(real, Iterable):
        samples = _from_loader(real)
    else:
        raise GandiagError(f"'real' must be a tensor, a data set or a loader; got {type(real).__name__}.")
    if len(samples) < 2:
        raise GandiagError(f"'real' must hold at least two samples; got {len(samples)}.")
    if not bool(torch.isfinite(samples).all()):
        raise GandiagError("'real' holds NaN or infinite values; remove or repair them.")
    return samples.detach().to(device)


def _from_loader(loader: Iterable[Any]) -> Tensor:
    """A loader that shuffles draws random numbers: give them back."""
    batches, count = [], 0
    with torch.random.fork_rng(devices=[]):
        for item in loader:
            batches.append(_sample_of(item))
            count += len(batches[-1])
            if count >= LARGEST_REFERENCE:
                break
    if not batches:
        raise GandiagError("'real' is an empty loader; give at least two samples.")
    return torch.cat(batches)[:LARGEST_REFERENCE]


def _sample_of(item: Any) -> Tensor:
    """The samples in what a data set or loader gives: itself, or the first of a pair with labels."""
    first = item[0] if isinstance(item, list | tuple) else item
    if not isinstance(first, Tensor):
        raise GandiagError(
            f"'real' must give tensors, alone or first in a pair; got {type(first).__name__}. Convert the samples to "
            f"tensors (torchvision.transforms.ToTensor)."
        )
    return first
