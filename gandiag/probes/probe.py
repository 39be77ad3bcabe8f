"""One probe after another of the same generator at the same inputs."""

import math

import torch
from torch import Tensor

from gandiag.metrics.diversity import mean_pairwise_distance
from gandiag.metrics.duplicates import duplicates
from gandiag.metrics.energy import energy_coefficient
from gandiag.metrics.features import double
from gandiag.metrics.frechet import frechet_distance
from gandiag.metrics.modes import class_shares, entropy, kl_divergence, modes_present, unsure_share
from gandiag.metrics.prdc import prdc
from gandiag.probes.classes import LARGEST_CLASS_COUNT, Labels, class_diversity, fidelity
from gandiag.probes.judging import Judgement, Judging
from gandiag.probes.reference import Reference

LEAST_SAMPLES = 64
LARGEST_NEIGHBOURS = 512  # keeps a probe cheap, and its numbers comparable from probe to probe


class Probe:
    """Turns samples into a row of the probes table; remembers the last samples, for how they moved.

    Args:
        judging: The judge.
        reference: The real data as the same judge sees it; ``None`` leaves out what is measured against it.
    """

    REMEMBERED = ("_last",)

    def __init__(self, judging: Judging, reference: Reference | None) -> None:
        self.judging = judging
        self.reference = reference
        self._last: tuple[Tensor, Tensor | None] | None = None  # features and classes

    def measure(self, samples: Tensor, asked: Labels | None = None) -> dict[str, float]:
        """Measure samples :math:`(n, *)` of one generator, at the same inputs as at the last call.

        Args:
            samples: The samples.
            asked: The class that each was asked for; ``None`` where none was.

        Returns:
            Columns of the probes table. Those that cannot be had are NaN: all but ``samples`` and ``finite_share`` if a
            sample is not finite, ``drift`` and ``flip_rate`` at the first call.
        """
        finite = torch.isfinite(samples).flatten(1).all(dim=1)
        row = {"samples": float(len(samples)), "finite_share": float(double(finite).mean())}
        if not bool(finite.all()) or len(samples) < LEAST_SAMPLES:
            self._last = None
            return row
        judged = self.judging(samples)
        row |= self._spread(judged) | self._classes(judged) | self._movement(judged)
        row |= self._asked(judged, asked) | self._within_classes(judged, asked)
        self._last = judged.features, _shown(judged)
        return row

    def _spread(self, judged: Judgement) -> dict[str, float]:
        """Diversity relative to the real data, and distances to it."""
        if self.reference is None:
            return {}
        real, own = self.reference.pairwise_distance, mean_pairwise_distance(judged.features)
        row = {"diversity": own / real}
        if self.reference.features is not None:
            row["energy"] = energy_coefficient(
                self.reference.features, judged.features, real_distance=real, fake_distance=own
            )
        if self.reference.statistics is not None and self.judging.module is not None:
            row["fid_judge"] = frechet_distance(self.reference.statistics, judged.features)
        return row | self._neighbours(judged.features[:LARGEST_NEIGHBOURS]) | self._clusters(judged.features)

    def _neighbours(self, features: Tensor) -> dict[str, float]:
        """Fidelity and coverage by nearest neighbours, and how many samples repeat each other."""
        row: dict[str, float] = {}
        if self.reference is not None and self.reference.manifold is not None:
            found = prdc(self.reference.manifold, features)
            row |= {"precision": found.precision, "recall": found.recall, "coverage": found.coverage}
        if self.reference is not None and self.reference.duplicate_distance is not None:
            row["duplicate_rate"] = duplicates(features, self.reference.duplicate_distance).rate
        return row

    def _clusters(self, features: Tensor) -> dict[str, float]:
        """Share of the real data's clusters that the samples cover, where no judge names classes."""
        if self.reference is None or self.reference.clusters is None:
            return {}
        centers, counts = self.reference.clusters.centers, self.reference.clusters.counts
        nearest = torch.cdist(double(features).cpu(), centers).argmin(dim=1)
        shares = class_shares(nearest, len(counts))
        return {"cluster_coverage": modes_present(shares, counts / counts.sum()) / int((counts > 0).sum())}

    def _classes(self, judged: Judgement) -> dict[str, float]:
        if judged.probabilities is None:
            return {}
        class_count = judged.probabilities.shape[1]
        shares = class_shares(judged.probabilities.argmax(dim=1), class_count).cpu()
        row = {"entropy": entropy(shares), "unsure_share": unsure_share(judged.probabilities)}
        if judged.high_quality_share is not None:
            row["high_quality_share"] = judged.high_quality_share
        if self.reference is not None and self.reference.class_shares is not None:
            real_shares = self.reference.class_shares.cpu()
            row["modes"] = float(modes_present(shares, real_shares))
            row["kl_to_real"] = kl_divergence(shares, real_shares)
        if class_count <= LARGEST_CLASS_COUNT:
            row |= {f"class_{index}": float(share) for index, share in enumerate(shares)}
        return row

    def _asked(self, judged: Judgement, asked: Labels | None) -> dict[str, float]:
        """Whether the samples show what was asked for, where the judge names the same classes."""
        if asked is None or judged.probabilities is None or judged.probabilities.shape[1] != asked.count:
            return {}
        return fidelity(asked, judged.probabilities.argmax(dim=1))

    def _within_classes(self, judged: Judgement, asked: Labels | None) -> dict[str, float]:
        """Diversity within each class asked for, or else shown, relative to real samples of it, or else to all."""
        if self.reference is None or (asked is None and judged.probabilities is None):
            return {}
        labels = asked
        if labels is None and judged.probabilities is not None:
            labels = Labels(judged.probabilities.argmax(dim=1), judged.probabilities.shape[1])
        assert labels is not None
        scale = self.reference.class_distances
        same_classes = scale is not None and len(scale) == labels.count
        return class_diversity(
            judged.features, labels, scale if same_classes and scale is not None else self.reference.pairwise_distance
        )

    def _movement(self, judged: Judgement) -> dict[str, float]:
        """How far the samples of the same inputs moved since the last probe."""
        if self._last is None or self._last[0].shape != judged.features.shape:
            return {}
        features, classes = self._last
        scale = self.reference.pairwise_distance if self.reference is not None else math.nan
        moved = torch.linalg.vector_norm(judged.features - features, dim=1)
        row = {"drift": float(double(moved).mean()) / scale}
        now = _shown(judged)
        if now is not None and classes is not None:
            row["flip_rate"] = float(double(now != classes).mean())
        return row


def _shown(judged: Judgement) -> Tensor | None:
    return None if judged.probabilities is None else judged.probabilities.argmax(dim=1)
