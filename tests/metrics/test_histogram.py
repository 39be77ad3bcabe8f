"""Class histograms, their intervals and their divergence against closed forms, statsmodels' formula and simulation."""

import math

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st

from gandiag.errors import TooFewSamples
from gandiag.metrics.histogram import class_histogram, histogram_divergence, wilson_interval
from gandiag.metrics.inception import inception_score

EVEN = torch.full((10,), 0.1)


@given(st.integers(1, 500), st.floats(0, 1), st.floats(0.5, 0.999))
def test_wilson_interval_is_scipys(total, share, confidence):
    hits = round(share * total)
    expected = scipy.stats.binomtest(hits, total).proportion_ci(confidence, method="wilson")
    low, high = wilson_interval(torch.tensor(hits), total, confidence)
    assert float(low) == pytest.approx(expected.low, abs=1e-12)
    assert float(high) == pytest.approx(expected.high, abs=1e-12)


def test_wilson_interval_covers_a_rare_share_as_often_as_it_says():
    """The normal interval covers 1 % at n = 200 in 86 % of draws; Wilson's must not be below 93 %."""
    draws = np.random.default_rng(0).binomial(200, 0.01, size=20_000)
    low, high = wilson_interval(torch.tensor(draws), 200)
    covered = ((low <= 0.01) & (high >= 0.01)).double().mean()
    assert float(covered) > 0.93


@given(st.lists(st.integers(0, 9), min_size=1, max_size=200), st.randoms(use_true_random=False))
def test_histogram_counts_and_ignores_order(classes, random):
    shuffled = classes[:]
    random.shuffle(shuffled)
    histogram = class_histogram(torch.tensor(shuffled), 10)
    assert histogram.counts.tolist() == np.bincount(classes, minlength=10).tolist()
    assert histogram.total == len(classes)
    assert bool(((histogram.low <= histogram.shares) & (histogram.shares <= histogram.high)).all())


@pytest.mark.parametrize(
    "bad", [torch.tensor([0, 10]), torch.tensor([-1, 3]), torch.tensor([0.5]), torch.zeros(2, 2).int()]
)
def test_what_is_no_class_is_refused(bad):
    with pytest.raises(ValueError, match="Classes"):
        class_histogram(bad, 10)


def test_no_samples_are_too_few():
    with pytest.raises(TooFewSamples, match="got 0"):
        class_histogram(torch.tensor([], dtype=torch.long), 10)
    with pytest.raises(TooFewSamples, match="got 0"):
        wilson_interval(torch.tensor(0), 0)


def test_both_directions_are_scipys_and_infinite_where_a_class_is_absent():
    counts = np.array([30, 10, 60])
    histogram = class_histogram(torch.tensor(np.repeat(np.arange(3), counts)), 3)
    real = np.array([0.5, 0.25, 0.25])
    divergence = histogram_divergence(histogram, torch.tensor(real))
    assert divergence.to_real == pytest.approx(scipy.stats.entropy(counts / 100, real))
    assert divergence.from_real == pytest.approx(scipy.stats.entropy(real, counts / 100))
    dropped = histogram_divergence(class_histogram(torch.zeros(100).long(), 3), torch.tensor(real))
    assert dropped.from_real == math.inf
    assert dropped.to_real == pytest.approx(math.log(2))


@pytest.mark.parametrize("count", [64, 256, 1000])
def test_a_perfect_generator_has_the_stated_null(count):
    """Mean, spread and p-values over 4000 multinomial draws; three standard errors of the mean are under 4 %."""
    draws = np.random.default_rng(0).multinomial(count, np.full(10, 0.1), size=4000)
    found = [
        histogram_divergence(class_histogram(torch.tensor(np.repeat(np.arange(10), draw)), 10), EVEN) for draw in draws
    ]
    values = np.array([one.to_real for one in found])
    assert values.mean() == pytest.approx(found[0].null_mean, rel=0.05)
    assert values.std() == pytest.approx(found[0].null_std, rel=0.10)
    assert np.mean([one.p_value < 0.05 for one in found]) == pytest.approx(0.05, abs=0.015)


def test_too_few_samples_for_the_rarest_class_are_said():
    with pytest.raises(TooFewSamples, match="at least 50 samples"):
        histogram_divergence(class_histogram(torch.arange(10), 10), EVEN)


@pytest.mark.parametrize(
    "bad", [torch.full((9,), 1 / 9), torch.full((10,), 0.2), torch.tensor([1.1, -0.1] + [0.0] * 8)]
)
def test_real_shares_that_are_no_distribution_are_refused(bad):
    with pytest.raises(ValueError, match="real shares"):
        histogram_divergence(class_histogram(torch.arange(10).repeat(10), 10), bad)


def inception_score_by_loops(rows: np.ndarray) -> float:
    marginal = rows.mean(axis=0)
    total = 0.0
    for row in rows:
        for p, q in zip(row, marginal, strict=True):
            if p > 0:
                total += p * math.log(p / q)
    return math.exp(total / len(rows))


def mode_score_by_loops(rows: np.ndarray, real: np.ndarray) -> float:
    marginal = rows.mean(axis=0)
    sure = np.mean([scipy.stats.entropy(row, real) for row in rows])
    return math.exp(sure - scipy.stats.entropy(marginal, real))


@given(st.integers(0, 10_000), st.floats(0.05, 5))
def test_inception_score_is_the_papers_and_the_mode_score(seed, concentration):
    draw = np.random.default_rng(seed)
    rows = draw.dirichlet(np.full(5, concentration), size=60) + 1e-12
    rows /= rows.sum(axis=1, keepdims=True)
    ours = inception_score(torch.tensor(rows))
    assert ours == pytest.approx(inception_score_by_loops(rows), rel=1e-9)
    assert ours == pytest.approx(mode_score_by_loops(rows, draw.dirichlet(np.ones(5))), rel=1e-6)
    assert ours == pytest.approx(inception_score(torch.tensor(draw.permutation(rows)[:, ::-1].copy())), rel=1e-9)
    assert 1 <= ours <= 5


def test_inception_score_bias_is_as_stated():
    """Sure calls of ten even classes at n = 256: short of 10 by (K − 1)/2n of it."""
    draw = np.random.default_rng(0)
    scores = [inception_score(torch.eye(10)[draw.integers(0, 10, 256)]) for _ in range(300)]
    assert 1 - np.mean(scores) / 10 == pytest.approx(9 / 512, rel=0.1)


def test_inception_score_refuses_what_it_cannot_judge():
    with pytest.raises(TooFewSamples, match="at least 100 samples; got 99"):
        inception_score(torch.full((99, 10), 0.1))
    with pytest.raises(ValueError, match="sum to 1"):
        inception_score(torch.full((100, 10), 0.2))
    with pytest.raises(ValueError, match="sum to 1"):
        inception_score(torch.full((100, 10), torch.nan))
