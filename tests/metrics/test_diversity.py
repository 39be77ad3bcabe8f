"""Diversity, the Vendi score, duplicates and the support's size."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform
from scipy.stats import ortho_group

from gandiag.errors import TooFewSamples
from gandiag.metrics import (
    duplicate_threshold,
    duplicates,
    intra_class_distances,
    mean_pairwise_distance,
    support_size,
    vendi_score,
)

seeds = st.integers(0, 10_000)


def test_mean_pairwise_distance_is_scipys_over_several_blocks():
    samples = torch.randn(2500, 3)
    assert mean_pairwise_distance(samples) == pytest.approx(pdist(samples.double()).mean(), rel=1e-12)


def test_a_collapse_within_one_class_shows_in_its_distance_alone():
    samples, classes = torch.randn(300, 4), torch.arange(300) % 3
    samples[classes == 1] *= 0.01
    distances = intra_class_distances(samples, classes, 4)
    for c in range(3):
        assert distances[c] == pytest.approx(pdist(samples[classes == c].double()).mean(), rel=1e-9)
    assert distances[1] < 0.02 * distances[0]
    assert distances[3].isnan()
    with pytest.raises(ValueError, match=r"in \[0, 2\)"):
        intra_class_distances(samples, classes, 2)
    with pytest.raises(ValueError, match="one class a sample"):
        intra_class_distances(samples, classes[:5], 3)


@given(st.integers(2, 30), st.integers(1, 12), st.sampled_from([0.5, 1.0, 2.0]), seeds)
def test_vendi_score_is_the_entropy_of_the_kernels_eigenvalues(n, d, order, seed):
    features = np.random.default_rng(seed).normal(size=(n, d))
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    shares = np.linalg.eigvalsh(unit @ unit.T / n).clip(1e-14)
    expected = np.exp(-(shares * np.log(shares)).sum()) if order == 1 else (shares**order).sum() ** (1 / (1 - order))
    # Eigenvalues that should be 0 are 1e−16, and their roots, at order ½, 1e−8 each.
    assert vendi_score(torch.tensor(features), order=order) == pytest.approx(expected, rel=1e-5)


def test_vendi_score_is_the_packages():
    package = pytest.importorskip("vendi_score.vendi")
    features = torch.randn(80, 6, dtype=torch.float64)
    for order in (1, 2):
        expected = package.score_dual(features.numpy(), q=order, normalize=True)
        assert vendi_score(features, order=order) == pytest.approx(expected, rel=1e-6)


def test_vendi_score_counts_even_kinds_and_ignores_length_and_rotation():
    kinds = torch.eye(4, dtype=torch.float64).repeat(25, 1)
    assert vendi_score(kinds) == pytest.approx(4)
    assert vendi_score(torch.rand(100, 1) + 1) == pytest.approx(1)
    features = torch.randn(50, 5, dtype=torch.float64)
    turned = features @ torch.tensor(ortho_group.rvs(5, random_state=0)) * torch.rand(50, 1)
    assert vendi_score(turned) == pytest.approx(vendi_score(features))
    with pytest.raises(ValueError, match="no angle"):
        vendi_score(torch.zeros(3, 2))
    with pytest.raises(TooFewSamples):
        vendi_score(torch.ones(1, 2))
    with pytest.raises(ValueError, match="positive"):
        vendi_score(kinds, order=0)


@given(st.integers(64, 90), st.floats(0.01, 0.5), seeds)
def test_duplicates_are_the_pairs_within_the_threshold(n, threshold, seed):
    fake = torch.tensor(np.random.default_rng(seed).normal(size=(n, 2)))
    distances = squareform(pdist(fake.numpy()))
    close = (distances <= threshold) & ~np.eye(n, dtype=bool)
    result = duplicates(fake, threshold)
    assert result.pairs == close.sum() / 2
    assert result.rate == close.any(axis=0).mean()
    assert (result.groups[:, None] == result.groups[None, :]).numpy()[close].all()
    assert (result.nearest.numpy() == np.argmin(distances + 1e9 * np.eye(n), axis=1)).all()


def test_every_copy_is_found_in_float32_over_several_tiles_and_grouped():
    fake = torch.randn(1500, 128) + 30
    fake[1100:1105] = fake[3]
    fake[1400] = fake[1401]
    result = duplicates(fake, 0.0)
    assert [group.tolist() for group in result.repeated()] == [[3, 1100, 1101, 1102, 1103, 1104], [1400, 1401]]
    assert result.rate == pytest.approx(8 / 1500)
    assert result.pairs == 15 + 1


def test_a_collapsed_generator_repeats_itself_throughout():
    result = duplicates(torch.ones(100, 3), 0.0)
    assert result.rate == 1
    assert result.pairs == 100 * 99 / 2
    assert len(result.repeated()) == 1


def test_a_perfect_generator_has_the_quantile_of_duplicates():
    """2,000 against 2,000 at a quantile of 5 %: about 100 expected, in pairs: a standard deviation of 14 or so."""
    real, fake = torch.randn(2000, 3), torch.randn(2000, 3)
    threshold = duplicate_threshold(real, quantile=0.05)
    assert duplicates(fake, threshold).rate == pytest.approx(0.05, abs=0.025)


def test_a_threshold_needs_enough_reals_and_duplicates_enough_fakes():
    with pytest.raises(TooFewSamples, match="at least 1000 real samples; got 999"):
        duplicate_threshold(torch.randn(999, 2))
    with pytest.raises(TooFewSamples, match="at least 64 fake samples; got 63"):
        duplicates(torch.randn(63, 2), 0.1)
    with pytest.raises(ValueError, match="must be a distance"):
        duplicates(torch.randn(64, 2), math.nan)
    with pytest.raises(ValueError, match="not finite"):
        duplicates(torch.full((64, 2), math.nan), 0.1)


def test_the_support_of_a_finite_generator_is_within_the_interval():
    """95 % of the intervals should hold it; of 100 draws fewer than 88 with a probability of 0.4 %."""
    draw, hits = np.random.default_rng(0), 0
    for _ in range(100):
        counts = np.bincount(draw.integers(0, 500, size=200))
        estimate = support_size(200, int((counts * (counts - 1) // 2).sum()))
        hits += estimate.low <= 500 <= estimate.high
    assert hits >= 88


def test_no_collision_bounds_the_support_from_below_only():
    estimate = support_size(1000, 0)
    assert estimate.size == estimate.high == math.inf
    assert estimate.low == pytest.approx(1000 * 999 / 2 / 3.689, rel=1e-3)  # −ln 0.025
    assert support_size(64, 64 * 63 // 2).size == 1
    with pytest.raises(TooFewSamples):
        support_size(63, 0)
    with pytest.raises(ValueError, match="at most 2016 pairs"):
        support_size(64, 2017)
