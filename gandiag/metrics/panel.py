"""The cheap panel: six statistics from one pass over a few hundred samples, and bounds that a perfect generator keeps.

Each statistic sees what the others do not: the classes' histogram sees what is missing or rare, recall and coverage see
shrinkage and prototypes, the duplicate rate a small support, copying the training set's images, precision garbage and
noise. A bound lies where the statistic leaves what real samples show at the same size, and at least a margin away from
its mean: a real generator always differs a little, and with enough samples any difference is significant.
"""

import math
from dataclasses import asdict, dataclass

import scipy
import torch
from torch import Tensor

from gandiag.errors import TooFewSamples
from gandiag.metrics.features import checked_features, checked_pair, double
from gandiag.metrics.histogram import check_shares
from gandiag.metrics.modes import class_shares, kl_divergence
from gandiag.metrics.neighbours import nearest_neighbours
from gandiag.metrics.prdc import RealManifold, prdc, real_manifold

LARGEST_REAL = 2_000
LARGEST_TRAIN = 10_000
LEAST_REAL = 500
LEAST_SAMPLES = 64
DUPLICATE_QUANTILE = 0.001

HISTOGRAM_QUANTILE = 0.975
"""Most of the 5 % of false alarms goes to the histogram: a rare class, the hardest failure, is seen by nothing else."""

DEVIATIONS = 3.5
"""From the mean of real draws, for the five other statistics: about 0.1 % of false alarms, were they normal."""

MARGINS = {
    "histogram_kl": 0.005,  # one class in ten at 70 % of its share
    "recall": 0.03,
    "coverage": 0.03,
    "precision": 0.03,
    "duplicate_rate": 0.02,
    "copying": 0.05,
}
ALARMS_ABOVE = ("histogram_kl", "duplicate_rate", "copying")


@dataclass(frozen=True)
class PanelReference:
    """The real side, measured once.

    Attributes:
        shares: Of the classes, with shape :math:`(K,)`; ``None`` without classes.
        count: Held-out real samples behind the shares, the duplicate distance and copying.
        real: Held-out real features, at most 2000, with the distance of each to its fifth neighbour.
        duplicate_distance: Two real samples in a thousand have a neighbour nearer than that: the 0.1 % quantile.
        train: Features of training images, at most 10,000; ``None`` where copying is not looked for.
        held_out_distances: Of held-out real samples to the nearest training image, sorted.
    """

    shares: Tensor | None
    count: int
    real: RealManifold
    duplicate_distance: float
    train: Tensor | None
    held_out_distances: Tensor


@dataclass(frozen=True)
class PanelValues:
    """What the panel sees in some samples.

    Attributes:
        samples: Their number.
        histogram_kl: KL(fake ‖ real) of the classes in nats; NaN without classes.
        recall: Share of the real samples within the neighbourhood of a generated one.
        coverage: Share of the real samples with a generated one in their neighbourhood.
        precision: Share of the generated samples within the neighbourhood of a real one.
        duplicate_rate: Share of the generated samples with another one nearer than the duplicate distance.
        copying: Chance that a generated sample is nearer to the training images than a held-out real one: ½ for a
            perfect generator, 1 for copies; NaN without training images.
    """

    samples: int
    histogram_kl: float
    recall: float
    coverage: float
    precision: float
    duplicate_rate: float
    copying: float


@dataclass(frozen=True)
class PanelBound:
    """Where one statistic raises an alarm.

    Attributes:
        statistic: A field of :class:`PanelValues`.
        null_mean: Its mean over real samples at the same size.
        null_std: Its standard deviation there.
        threshold: Alarm beyond it: above for KL, duplicates and copying, below for the others.
    """

    statistic: str
    null_mean: float
    null_std: float
    threshold: float

    def crossed_by(self, value: float) -> bool:
        """Whether a value raises the alarm; NaN never does."""
        return value > self.threshold if self.statistic in ALARMS_ABOVE else value < self.threshold


@dataclass(frozen=True)
class PanelBounds:
    """The bounds of all statistics at one sample size."""

    samples: int
    bounds: tuple[PanelBound, ...]

    def alarms(self, values: PanelValues) -> tuple[str, ...]:
        """Statistics beyond their bounds; empty for a perfect generator in 95 of 100 cases.

        Raises:
            ValueError: If the values are of another sample size.
        """
        if values.samples != self.samples:
            raise ValueError(f"The bounds are for {self.samples} samples; the values are of {values.samples}.")
        found = asdict(values)
        return tuple(bound.statistic for bound in self.bounds if bound.crossed_by(found[bound.statistic]))


def panel_reference(held_out: Tensor, classes: Tensor | None, class_count: int, train: Tensor | None) -> PanelReference:
    """Measure the real side.

    Args:
        held_out: Features of real images that the generator was not trained on, with shape :math:`(n, d)`, n ≥ 500.
        classes: Their classes by the same judge as the samples', with shape :math:`(n,)`, or ``None``.
        class_count: Number of classes :math:`K`.
        train: Features of images that it was trained on, with shape :math:`(m, d)`, or ``None``.

    Raises:
        TooFewSamples: If there are fewer than 500 held-out or training images.
        ValueError: If features are not finite, or have different sizes.
    """
    held_out = checked_features("held-out real", held_out, LEAST_REAL)
    if train is not None:
        held_out, train = checked_pair(held_out, train, LEAST_REAL, LEAST_REAL, names=("held-out real", "training"))
        train = train[:LARGEST_TRAIN]
    return PanelReference(
        shares=None if classes is None else class_shares(classes.cpu(), class_count),
        count=len(held_out),
        real=real_manifold(held_out[:LARGEST_REAL]),
        duplicate_distance=float(_nearest(held_out).quantile(DUPLICATE_QUANTILE)),
        train=train,
        held_out_distances=torch.empty(0) if train is None else _nearest(held_out, train).sort().values,
    )


def measure_panel(reference: PanelReference, features: Tensor, classes: Tensor | None) -> PanelValues:
    """The panel's statistics of generated samples.

    Args:
        reference: The real side.
        features: By the same judge, with shape :math:`(n, d)`, n ≥ 64.
        classes: By the same judge, with shape :math:`(n,)`, or ``None``.

    Returns:
        Values that depend on n as well as on the generator: read them against :func:`calibrate_panel` at the same n.
        Deterministic; nothing is drawn.

    Raises:
        TooFewSamples: If there are fewer than 64 samples.
        ValueError: If features are not finite, or of another size than the reference's.

    Note:
        Recall and precision are those of Kynkäänniemi et al. (2019) and coverage that of Naeem et al. (2020), with
        k = 5 and closed balls. Copying is the statistic of Meehan et al.'s :math:`C_T` (2020) over all samples at
        once, as a probability instead of a z-score.

    References:
        | Improved Precision and Recall Metric for Assessing Generative Models (Kynkäänniemi et al., 2019)
        | https://arxiv.org/abs/1904.06991
        | Reliable Fidelity and Diversity Metrics for Generative Models (Naeem et al., 2020)
        | https://arxiv.org/abs/2002.09797
        | A Non-Parametric Test to Detect Data-Copying in Generative Models (Meehan et al., 2020)
        | https://arxiv.org/abs/2004.05675

    Examples:
        >>> held_out = torch.arange(500.0)[:, None]
        >>> values = measure_panel(panel_reference(held_out, None, 0, None), held_out[::5], None)
        >>> values.precision, values.recall, values.coverage, values.copying  # no training images: NaN
        (1.0, 1.0, 1.0, nan)
    """
    fake = checked_features("generated", features, LEAST_SAMPLES)
    manifold = prdc(reference.real, fake)
    histogram_kl = math.nan
    if reference.shares is not None and classes is not None:
        shares = class_shares(classes.cpu(), len(reference.shares))
        histogram_kl = kl_divergence(shares, check_shares(reference.shares, len(shares)))
    return PanelValues(
        samples=len(fake),
        histogram_kl=histogram_kl,
        recall=manifold.recall,
        coverage=manifold.coverage,
        precision=manifold.precision,
        duplicate_rate=float(double(_nearest(fake) < reference.duplicate_distance).mean()),
        copying=math.nan if reference.train is None else _copying(fake, reference.train, reference.held_out_distances),
    )


def calibrate_panel(
    reference: PanelReference, features: Tensor, classes: Tensor | None, samples: int, draws: int = 200, seed: int = 0
) -> PanelBounds:
    """Bounds that real samples keep, all at once, in 95 of 100 cases.

    Args:
        reference: The real side.
        features: Of real images that are neither the reference's nor the training set's, with shape :math:`(n, d)`.
        classes: Their classes, or ``None``.
        samples: Size at which the panel will be measured.
        draws: How often so many of them are drawn.
        seed: Fixes the draws; the global random state is left alone.

    Returns:
        For the histogram, the 97.5 % quantile of its closed form, :math:`\\chi^2_{K-1}(1/n + 1/n_{real})/2`; for the
        others, 3.5 standard deviations from the mean over the draws; and none nearer to the mean than its margin.

    Raises:
        TooFewSamples: If there are fewer than twice as many real images as ``samples``: draws would be nearly the same.
    """
    if len(features) < 2 * samples:
        raise TooFewSamples(f"Calibration at {samples} samples needs {2 * samples} real ones; got {len(features)}.")
    generator = torch.Generator().manual_seed(seed)
    rows = []
    for _ in range(draws):
        chosen = torch.randperm(len(features), generator=generator)[:samples].to(features.device)
        rows.append(measure_panel(reference, features[chosen], None if classes is None else classes[chosen]))
    bounds = []
    for statistic, margin in MARGINS.items():
        drawn = torch.tensor([getattr(row, statistic) for row in rows], dtype=torch.float64)
        mean, std = float(drawn.mean()), float(drawn.std())
        away = max(margin, DEVIATIONS * std)
        if statistic == "histogram_kl" and reference.shares is not None:
            degrees = int((reference.shares > 0).sum()) - 1
            scale = (1 / samples + 1 / reference.count) / 2
            mean, std = degrees * scale, math.sqrt(2 * degrees) * scale
            away = max(margin, float(scipy.stats.chi2.ppf(HISTOGRAM_QUANTILE, degrees)) * scale - mean)
        bounds.append(PanelBound(statistic, mean, std, mean + away if statistic in ALARMS_ABOVE else mean - away))
    return PanelBounds(samples, tuple(bounds))


def _nearest(points: Tensor, others: Tensor | None = None) -> Tensor:
    """Distance of each point to the nearest of the others, or of the other points."""
    return nearest_neighbours(points, others).distances[:, 0].cpu()


def _copying(fake: Tensor, train: Tensor, held_out_distances: Tensor) -> float:
    """Mann and Whitney's statistic as a probability; ties count half."""
    distances = _nearest(fake, train)
    farther = len(held_out_distances) - torch.searchsorted(held_out_distances, distances, right=True)
    as_far = len(held_out_distances) - torch.searchsorted(held_out_distances, distances) - farther
    return float((farther + as_far / 2).mean(dtype=torch.float64)) / len(held_out_distances)
