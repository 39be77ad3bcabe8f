"""All scores of some samples against real ones, each beside what a perfect generator has at the same size."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gandiag.errors import GandiagError, TooFewSamples
from gandiag.metrics.blur import sharpness
from gandiag.metrics.diversity import vendi_score
from gandiag.metrics.duplicates import duplicate_threshold, duplicates
from gandiag.metrics.frechet import INTERVAL_SAMPLES_PER_DIMENSION, frechet_distance, frechet_standard_error
from gandiag.metrics.histogram import class_histogram, histogram_divergence
from gandiag.metrics.inception import inception_score
from gandiag.metrics.kernel import kernel_inception_distance
from gandiag.metrics.memorisation import data_copying_score, memorisation
from gandiag.metrics.mode_count import count_modes, judge_errors
from gandiag.metrics.modes import class_shares
from gandiag.metrics.moments import FeatureStatistics
from gandiag.metrics.null import split_null
from gandiag.metrics.prdc import PRDC, prdc
from gandiag.metrics.score import Score
from gandiag.nets.judge import judge_card, real_statistics
from gandiag.scoring.attribution import MOST_LISTED, Attribution, ClassShare, copies, duplicate_groups
from gandiag.scoring.extractors import Extractor, Seen

LEAST_SAMPLES = 64
NULL_DRAWS = 20
MANIFOLD = ("precision", "recall", "density", "coverage")
MANIFOLD_SAMPLES = 2_000
NEIGHBOUR_SAMPLES = 5_000
LARGEST_REAL = 10_000
HIGHEST_DIMENSION = 4_096
HELD_OUT_SHARE = 5
"""One real sample in five is held out, to say how near to the others a sample is that was not copied."""


@dataclass(frozen=True)
class Scorecard:
    """Scores and where they come from.

    Attributes:
        scores: In the order in which they are shown.
        attribution: The classes and samples behind them.
        left_out: What could not be measured, and why.
    """

    scores: tuple[Score, ...]
    attribution: Attribution
    left_out: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values; numbers that JSON lacks, such as infinity, as words."""
        scores = [{key: _plain(value) for key, value in score.to_dict().items()} for score in self.scores]
        return {"scores": scores, "attribution": self.attribution.to_dict(), "left_out": list(self.left_out)}


def score_samples(fake: Tensor, real: Tensor | None, extractor: Extractor, seed: int = 0) -> Scorecard:
    """Measure generated samples.

    Args:
        fake: Generated samples, with shape :math:`(n, *)`, n ≥ 64.
        real: Real samples, such as the training set, with shape :math:`(m, *)`; at most 10,000 of them are used, drawn
            by ``seed``. ``None`` leaves out what needs them; the packaged judge then compares with MNIST's statistics.
        extractor: What they are measured by.
        seed: Of every draw; the global random state is left alone.

    Raises:
        GandiagError: If there are too few samples, or they differ in size from the real ones.
    """
    if len(fake) < LEAST_SAMPLES or (real is not None and len(real) < 2 * LEAST_SAMPLES):
        counts = f"{len(fake)} generated" + ("" if real is None else f" and {len(real)} real")
        raise GandiagError(
            f"Scores need at least {LEAST_SAMPLES} generated and {2 * LEAST_SAMPLES} real samples; got {counts}."
        )
    if real is not None and fake.shape[1:] != real.shape[1:]:
        raise GandiagError(
            f"Generated samples have shape {tuple(fake.shape[1:])} and real ones {tuple(real.shape[1:])}; give both in "
            f"one size."
        )
    if real is None:
        return _Scoring(fake, None, torch.arange(0), extractor, seed).card()
    order = torch.randperm(len(real), generator=torch.Generator().manual_seed(seed))[:LARGEST_REAL]
    return _Scoring(fake, real[order], order, extractor, seed).card()


class _Scoring:
    """One pass: the samples as the extractor sees them, and the scores so far."""

    def __init__(self, fake: Tensor, real: Tensor | None, order: Tensor, extractor: Extractor, seed: int) -> None:
        self.fake, self.real, self.extractor, self.seed = fake, real, extractor, seed
        self.order = order  # of the real samples, as the user counts them
        self.fake_seen: Seen = extractor(fake)
        self.real_seen: Seen | None = None if real is None else extractor(real)
        self.packaged = real_statistics("mnist") if extractor.is_judge and real is None else None
        self.scores: list[Score] = []
        self.left_out: list[str] = []
        self.found: dict[str, Any] = {}

    def card(self) -> Scorecard:
        for name, measure in (
            ("fid", self._distance),
            ("kid", self._kernel_distance),
            ("precision, recall, density and coverage", self._manifold),
            ("modes", self._modes),
            ("class histogram", self._histogram),
            ("inception score", self._inception_score),
            ("duplicates", self._duplicates),
            ("copying", self._copying),
            ("vendi score", self._vendi),
            ("sharpness", self._sharpness),
        ):
            try:
                reason = measure()
            except (TooFewSamples, ValueError) as error:
                reason = str(error)
            if reason:
                self.left_out.append(f"{name}: {reason}")
        return Scorecard(tuple(self.scores), Attribution(**self.found), tuple(self.left_out))

    def _add(self, metric: str, value: float, n_fake: int, **rest: Any) -> None:
        self.scores.append(Score(metric, value, self.extractor.name, n_fake, **rest))

    def _null(
        self, metric: Callable[[Tensor, Tensor], float], values: Tensor, n_fake: int, n_real: int | None = None
    ) -> dict[str, Any]:
        """Real samples in the place of as many generated ones; without enough of them, nothing is known."""
        if len(values) < 2 * n_fake:
            return {}
        null = split_null(metric, values, n_fake, n_real=n_real, draws=NULL_DRAWS, seed=self.seed)
        return {"null_mean": null.mean, "null_std": null.sd}

    def _distance(self) -> str:
        features = self.fake_seen.features
        if features.shape[1] > HIGHEST_DIMENSION:
            return f"{features.shape[1]} features are too many for a covariance; choose other --features"
        reference: Tensor | FeatureStatistics
        if self.real_seen is not None:
            real, count = self.real_seen.features, len(features)
            null = self._null(frechet_distance, real, count)
            reference = real[count:] if null else real  # as many as the null has
            n_real = len(reference)
        elif self.packaged is not None:
            n_real, null = int(self.packaged["count"]), {}
            reference = FeatureStatistics(n_real, self.packaged["mean"], self.packaged["covariance"])
        else:
            return "needs --real"
        value, error = frechet_distance(reference, features), None
        if len(features) >= INTERVAL_SAMPLES_PER_DIMENSION * features.shape[1]:
            error = frechet_standard_error(reference, features)
        self._add("fid", value, len(features), n_real=n_real, higher_is_better=False, standard_error=error, **null)
        return ""

    def _kernel_distance(self) -> str:
        if self.real_seen is None:
            return "needs --real"
        real, fake = self.real_seen.features, self.fake_seen.features[:NEIGHBOUR_SAMPLES]
        left = min(len(real) - len(fake), NEIGHBOUR_SAMPLES)
        null = self._null(lambda *pair: kernel_inception_distance(*pair).value, real, len(fake), left)
        reference = real[-left:] if null else real[:NEIGHBOUR_SAMPLES]  # as many as the null has
        found = kernel_inception_distance(reference, fake)
        self._add(
            "kid",
            found.value,
            len(fake),
            n_real=len(reference),
            higher_is_better=False,
            standard_error=found.standard_error,
            **(null or {"null_mean": 0.0}),  # it is unbiased
        )
        return ""

    def _manifold(self) -> str:
        if self.real_seen is None:
            return "needs --real"
        real, fake = self.real_seen.features[:MANIFOLD_SAMPLES], self.fake_seen.features[:MANIFOLD_SAMPLES]
        result = prdc(real, fake)
        nulls = self._manifold_nulls(len(real), len(fake))
        for metric in MANIFOLD:
            null = dict(nulls.get(metric, {}))
            if metric == "coverage":
                null["null_mean"] = result.expected_coverage
            self._add(metric, getattr(result, metric), len(fake), n_real=len(real), higher_is_better=True, **null)
        self.found["uncovered"] = tuple(self.order[result.uncovered[:MOST_LISTED]].tolist())
        return ""

    def _manifold_nulls(self, n_real: int, n_fake: int) -> dict[str, dict[str, float]]:
        """Of all four from the same splits; the reference must be as large as the one the samples are judged by."""
        assert self.real_seen is not None
        real = self.real_seen.features
        if len(real) < n_real + n_fake:
            return {}
        drawn: list[PRDC] = []

        def draw(reference: Tensor, some: Tensor) -> float:
            drawn.append(prdc(reference, some))
            return drawn[-1].precision

        split_null(draw, real, n_fake, n_real=n_real, draws=NULL_DRAWS, seed=self.seed)
        values = {metric: torch.tensor([getattr(one, metric) for one in drawn]).double() for metric in MANIFOLD}
        return {m: {"null_mean": float(some.mean()), "null_std": float(some.std())} for m, some in values.items()}

    def _real_shares(self) -> Tensor | None:
        if self.packaged is not None:
            return self.packaged["class_shares"]
        if self.real_seen is None or self.real_seen.classes is None or self.real_seen.probabilities is None:
            return None
        return class_shares(self.real_seen.classes, self.real_seen.probabilities.shape[1])

    def _modes(self) -> str:
        shares, classes = self._real_shares(), self.fake_seen.classes
        if shares is None or classes is None:
            return "these features know no classes"
        counts = class_histogram(classes, len(shares)).counts
        count = count_modes(counts, shares, judge_errors(torch.tensor(judge_card()["confusion_mnist_test"])))
        self._add(
            "modes", count.modes, len(classes), null_mean=float((shares > 0).sum()), null_std=0.0, higher_is_better=True
        )
        self.found["missing_classes"] = count.missing
        return ""

    def _histogram(self) -> str:
        shares, classes = self._real_shares(), self.fake_seen.classes
        if shares is None or classes is None:
            return "these features know no classes"
        histogram = class_histogram(classes, len(shares))
        divergence = histogram_divergence(histogram, shares)
        null = {"null_mean": divergence.null_mean, "null_std": divergence.null_std}
        self._add("kl_to_real", divergence.to_real, len(classes), higher_is_better=False, **null)
        self._add("kl_from_real", divergence.from_real, len(classes), higher_is_better=False, **null)
        columns = zip(shares, histogram.shares, histogram.low, histogram.high, strict=True)
        self.found["classes"] = tuple(ClassShare(i, *map(float, column)) for i, column in enumerate(columns))
        return ""

    def _inception_score(self) -> str:
        probabilities = self.fake_seen.probabilities
        if probabilities is None:
            return "these features know no classes"
        null = {}
        if self.real_seen is not None and self.real_seen.probabilities is not None:
            null = self._null(lambda _, some: inception_score(some), self.real_seen.probabilities, len(probabilities))
        self._add("inception_score", inception_score(probabilities), len(probabilities), higher_is_better=True, **null)
        return ""

    def _duplicates(self) -> str:
        if self.real_seen is None:
            return "needs --real"
        real, fake = self.real_seen.features, self.fake_seen.features[:NEIGHBOUR_SAMPLES]
        threshold = duplicate_threshold(real)
        found = duplicates(fake, threshold)
        null = self._null(lambda _, some: duplicates(some, threshold).rate, real, len(fake))
        self._add("duplicate_rate", found.rate, len(fake), n_real=len(real), higher_is_better=False, **null)
        self.found["duplicate_groups"] = duplicate_groups(found)
        return ""

    def _copying(self) -> str:
        if self.real_seen is None:
            return "needs --real"
        real, fake = self.real_seen.features, self.fake_seen.features[:NEIGHBOUR_SAMPLES]
        held = len(real) // HELD_OUT_SHARE
        held_out, train = real[:held], real[held:]
        value = data_copying_score(train, held_out, fake)
        self._add("c_t", value, len(fake), n_real=len(real), null_mean=0.0, null_std=1.0)
        found = memorisation(train, held_out, fake)
        self._add("copy_rate", found.copy_rate, len(fake), n_real=len(real), higher_is_better=False)
        if found.copy_rate > 0 and value < -3:
            self.found["copies"] = copies(found, self.order[held:])
        return ""

    def _vendi(self) -> str:
        features = self.fake_seen.features
        if features.shape[1] > HIGHEST_DIMENSION:
            return f"{features.shape[1]} features are too many; choose other --features"
        null = {}
        if self.real_seen is not None:
            null = self._null(lambda _, some: vendi_score(some), self.real_seen.features, len(features))
        self._add("vendi", vendi_score(features), len(features), higher_is_better=True, **null)
        return ""

    def _sharpness(self) -> str:
        if self.fake.ndim != 4:
            return "these samples are no images"
        if self.real is None:
            return "needs --real"
        real = sharpness(self.real)
        scale, spread = float(real.mean()), float(real.std())
        error = spread * math.sqrt(1 / len(self.fake) + 1 / len(real)) / scale
        value = float(sharpness(self.fake).mean()) / scale
        self.scores.append(Score("sharpness", value, "pixels", len(self.fake), len(real), 1.0, error))
        return ""


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
