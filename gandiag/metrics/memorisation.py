"""Whether a generator has learned its training set by heart."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gandiag.errors import TooFewSamples
from gandiag.metrics.features import checked_pair, double
from gandiag.metrics.frechet import frechet_distance
from gandiag.metrics.neighbours import nearest_neighbours
from gandiag.metrics.overfitting import rank_z
from gandiag.metrics.tiles import Floats, Indices

LEAST_IN_CELL = 20
"""Fakes and held-out samples of a cell: the normal approximation of the Mann–Whitney statistic holds from there on."""

LEAST_FAKES = 64
"""At which C_T finds a generator of copies every time on MNIST."""

MEMORISED_BELOW = 0.1
"""Mean cosine distance from which on a generator is not penalised."""

COPY_QUANTILE = 0.001
"""Share of held-out samples that are as near to a training sample as a copy is."""


@dataclass(frozen=True)
class Memorisation:
    """How near fakes are to the training set, measured by held-out samples.

    Attributes:
        distance_ratio: Median distance of fakes to the nearest training sample over that of held-out samples. At least
            0; 1 expected of a perfect generator, 0 of copies, above 1 of underfitting.
        copy_rate: Share of fakes that are copies.
        threshold: Largest distance of a copy.
        nearest: Index of the training sample nearest to each fake, with shape :math:`(n,)`.
        distances: Distance to it, with shape :math:`(n,)`.
    """

    distance_ratio: float
    copy_rate: float
    threshold: float
    nearest: Tensor
    distances: Tensor

    @property
    def copies(self) -> Tensor:
        """Pairs (fake, training sample) that are copies, nearest first, with shape :math:`(c, 2)`."""
        order = self.distances.argsort(stable=True)
        chosen = order[self.distances[order] <= self.threshold]
        return torch.stack([chosen, self.nearest[chosen]], dim=1)


def memorisation(train: Tensor, held_out: Tensor, fake: Tensor, *, quantile: float = COPY_QUANTILE) -> Memorisation:
    r"""Nearest-neighbour distances to the training set: of fakes against those of held-out samples.

    .. math:: \frac{\mathrm{median}_j \min_i |y_j - t_i|}{\mathrm{median}_j \min_i |h_j - t_i|}

    Args:
        train: Features :math:`t` of the training set, with shape :math:`(n_t, d)`.
        held_out: Features :math:`h` of real samples that were not trained on, with shape :math:`(n_h, d)`, n_h ≥ 64.
        fake: Generated features :math:`y`, with shape :math:`(n, d)`, n ≥ 64.
        quantile: Share of held-out samples that count as copies: a perfect generator's copy rate.

    Returns:
        Not symmetric. Both distances are to the same training set, so their ratio has no bias from its size. The
        threshold of a copy is a quantile of held-out distances: from fewer than 1 / ``quantile`` of them it is the
        smallest. Draws no random number.

    Raises:
        TooFewSamples: If there are fewer than 64 fakes or held-out samples, or no training sample.
        ValueError: If a feature is not finite, or the dimensions differ.

    Examples:
        >>> train = torch.arange(0.0, 200.0, 2.0)[:, None]
        >>> memorisation(train, train + 1, train).distance_ratio
        0.0
        >>> memorisation(train, train + 1, train + 0.5).copies[0].tolist()
        [0, 0]
    """
    to_train, held, nearest = _distances_to_train(train, held_out, fake)
    median = float(np.median(held))
    ratio = float(np.median(to_train)) / median if median > 0 else math.nan
    # An order statistic, not one interpolated: the smallest distance where there are few.
    threshold = float(np.quantile(held, quantile, method="inverted_cdf"))
    return Memorisation(ratio, float((to_train <= threshold).mean()), threshold, nearest, torch.from_numpy(to_train))


def data_copying_score(train: Tensor, held_out: Tensor, fake: Tensor, *, cells: int = 1, seed: int = 0) -> float:
    r"""C_T: are fakes nearer to the training set than held-out samples are?

    .. math::
        Z_U = \frac{U - \tfrac12 n m}{\sqrt{n m (n + m + 1) / 12}}, \qquad
        C_T = \frac{\sum_\pi P(\pi) Z_U(\pi)}{\sum_\pi P(\pi)}

    :math:`U` counts the pairs of a fake and a held-out sample in which the fake is farther from its nearest training
    sample, ties as one half; :math:`P(\pi)` is the share of held-out samples in cell :math:`\pi`.

    Args:
        train: Features of the training set, with shape :math:`(n_t, d)`.
        held_out: Features of real samples that were not trained on, with shape :math:`(n_h, d)`, n_h ≥ 64.
        fake: Generated features, with shape :math:`(n, d)`, n ≥ 64.
        cells: Cells of a k-means clustering of the training set; 1 compares all with all. A cell with fewer than 20
            fakes or held-out samples is left out.
        seed: Of k-means; nothing else is random.

    Returns:
        A z-score: about standard normal for a perfect generator and one cell, with several a weighted mean of such;
        below −3 is copying, far above 0 underfitting. It grows with the root of n: compare at the same n. Not
        symmetric. With one cell, copies in one region can hide behind underfitting in another.

    Raises:
        TooFewSamples: If there are fewer than 64 fakes or held-out samples, or no cell has 20 of both.
        ValueError: If ``cells`` < 1, a feature is not finite, or the dimensions differ.

    Note:
        The authors look for the nearest training sample within the cell only, and leave cells out by their share of
        fakes; here it is the nearest of all, which for most samples is the same one. Ties are corrected for.

    References:
        | A Non-Parametric Test to Detect Data-Copying in Generative Models (Meehan et al., 2020)
        | https://arxiv.org/abs/2004.05675

    Examples:
        >>> train = torch.arange(0.0, 200.0, 2.0)[:, None]
        >>> round(data_copying_score(train, train + 1, train + 0.5))  # every fake is nearer
        -14
        >>> data_copying_score(train, train + 1, train + 1)
        0.0
    """
    if cells < 1:
        raise ValueError(f"There must be at least one cell; got {cells}.")
    to_train, held, _ = _distances_to_train(train, held_out, fake)
    if cells == 1:
        return rank_z(to_train, held)
    cells_of_fakes, cells_of_held = _cells(train, fake, held_out, cells, seed)
    scores, weights = [], []
    for cell in range(cells):
        fakes, reals = to_train[cells_of_fakes == cell], held[cells_of_held == cell]
        if min(len(fakes), len(reals)) >= LEAST_IN_CELL:
            scores.append(rank_z(fakes, reals))
            weights.append(len(reals))
    if not scores:
        raise TooFewSamples(f"No cell holds {LEAST_IN_CELL} fakes and as many held-out samples; use fewer cells.")
    return float(np.average(scores, weights=weights))


def memorisation_distance(train: Tensor, fake: Tensor) -> float:
    r"""Mean cosine distance of fakes to the nearest training sample.

    .. math:: \frac1n \sum_j \min_i \Bigl(1 - \frac{|y_j \cdot t_i|}{|y_j| |t_i|}\Bigr)

    Args:
        train: Features of the training set, with shape :math:`(n_t, d)`, none of them 0.
        fake: Generated features, with shape :math:`(n, d)`, none of them 0.

    Returns:
        In [0, 1]; 0 for copies. Not symmetric: it runs over the *fakes*. A larger training set makes it smaller.
        Draws no random number.

    Raises:
        TooFewSamples: If there is no training sample or no fake.
        ValueError: If a feature is not finite, a sample is all 0, or the dimensions differ.

    Note:
        torchmetrics (1.9) runs over the real samples and finds the nearest fake: a generator that knows a hundred
        training images and nothing else is at no small distance there.

    References:
        | On Training Sample Memorization: Lessons from Benchmarking Generative Modeling (Bai et al., 2021)
        | https://arxiv.org/abs/2106.03062

    Examples:
        >>> memorisation_distance(torch.eye(2), torch.tensor([[3.0, 0.0]]))
        0.0
    """
    train, fake = checked_pair(train, fake, names=("training", "fake"))
    train, fake = _unit(train), _unit(fake)
    # |y − t|² = 2 − 2 cos of unit vectors; the nearest to t or −t has the largest |cos|.
    nearest = [nearest_neighbours(fake, signed).squared[:, 0] for signed in (train, -train)]
    return float(torch.minimum(*nearest).mean()) / 2


def memorisation_informed_frechet_distance(train: Tensor, fake: Tensor, *, below: float = MEMORISED_BELOW) -> float:
    r"""MiFID: the Fréchet distance to the training set, divided by the memorisation distance where that is small.

    .. math:: \mathrm{FD} / s, \qquad s = m \text{ if } m < \epsilon, \text{ else } 1

    Args:
        train: Features of the training set, with shape :math:`(n_t, d)`, n_t ≥ 2.
        fake: Generated features, with shape :math:`(n, d)`, n ≥ 2.
        below: :math:`\epsilon`, the memorisation distance :math:`m` from which on there is no penalty; the right one
            depends on the features.

    Returns:
        At least 0, lower is better, not symmetric; infinite for copies, even of the whole training set. Biased upwards
        as the Fréchet distance is. Draws no random number.

    Raises:
        TooFewSamples: If there are fewer than two samples of a kind.
        ValueError: As ``memorisation_distance``.

    Note:
        Right where torchmetrics has the direction of the memorisation distance reversed.

    References:
        | On Training Sample Memorization: Lessons from Benchmarking Generative Modeling (Bai et al., 2021)
        | https://arxiv.org/abs/2106.03062

    Examples:
        >>> memorisation_informed_frechet_distance(torch.eye(2), torch.eye(2))
        inf
    """
    memorised = memorisation_distance(train, fake)
    if memorised == 0:
        return math.inf
    return frechet_distance(train, fake) / (memorised if memorised < below else 1.0)


def _distances_to_train(train: Tensor, held_out: Tensor, fake: Tensor) -> tuple[Floats, Floats, Tensor]:
    """Of fakes and of held-out samples to the nearest training sample, and which one it is to each fake."""
    train, fake = checked_pair(train, fake, 1, LEAST_FAKES, ("training", "fake"))
    train, held_out = checked_pair(train, held_out, 1, LEAST_FAKES, ("training", "held-out"))
    found = nearest_neighbours(fake, train)
    held = nearest_neighbours(held_out, train).distances[:, 0]
    return found.distances[:, 0].numpy(), held.numpy(), found.indices[:, 0]


def _cells(train: Tensor, fake: Tensor, held_out: Tensor, cells: int, seed: int) -> tuple[Indices, Indices]:
    """Cell of each fake and of each held-out sample."""
    if len(train) < cells:
        raise TooFewSamples(f"{cells} cells need at least as many training samples; got {len(train)}.")
    from sklearn.cluster import KMeans  # seconds of every start otherwise

    clusters = KMeans(cells, n_init=1, random_state=seed).fit(double(train.flatten(1)).cpu().numpy())
    first, second = (clusters.predict(double(x.flatten(1)).cpu().numpy()) for x in (fake, held_out))
    return first, second


def _unit(features: Tensor) -> Tensor:
    features = double(features)
    lengths = features.norm(dim=1, keepdim=True)
    if bool((lengths == 0).any()):
        raise ValueError("A sample whose features are all 0 has no angle to others; remove it.")
    return features.div(lengths)
