"""Nulls by splitting the real data."""

import numpy as np
import pytest
import torch

from gandiag.errors import TooFewSamples
from gandiag.metrics import expected_coverage, frechet_distance, prdc, split_null


def test_the_split_null_of_coverage_is_its_closed_form():
    """The splits' mean; 40 of them share 400 samples, and coverage has a deviation of about 0.03."""
    real = torch.randn(400, 3)
    null = split_null(lambda r, f: prdc(r, f).coverage, real, 100, draws=40)
    assert (null.real_count, null.fake_count) == (300, 100)
    assert null.mean == pytest.approx(expected_coverage(300, 100), abs=0.03)


def test_the_null_falls_with_the_sample_size_as_the_distances_bias_does():
    """About c / n: a quarter of the fakes, three to five times the distance, when there are many reals."""
    real = torch.randn(4000, 4)
    few, many = (split_null(frechet_distance, real, n, n_real=3000, draws=20) for n in (50, 200))
    assert 2.5 < few.mean / many.mean < 6


def test_parts_are_disjoint_of_the_stated_sizes_and_from_a_stream_of_their_own():
    real, seen = torch.arange(50)[:, None], []

    def record(reference: torch.Tensor, fake: torch.Tensor) -> float:
        assert not set(reference.flatten().tolist()) & set(fake.flatten().tolist())
        seen.append((len(reference), len(fake)))
        return float(fake.double().mean())

    state = torch.get_rng_state()
    first, second = (split_null(record, real, 10, n_real=20, draws=20, seed=5) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), state)
    assert set(seen) == {(20, 10)}
    assert first == second != split_null(record, real, 10, n_real=20, draws=20, seed=6)


def test_its_numbers_are_numpys_and_its_rates_never_0():
    null = split_null(lambda _, fake: float(fake.mean()), torch.randn(100, 1), 10, draws=50)
    assert null.sd == pytest.approx(np.std(null.values, ddof=1))
    assert null.quantile(0.95) == np.quantile(null.values, 0.95)
    assert null.share_at_least(1e9) == null.share_at_most(-1e9) == 1 / 51
    assert null.share_at_least(-1e9) == 1


def test_impossible_splits_are_refused():
    with pytest.raises(TooFewSamples, match="10 real samples cannot be split into 0 and 10"):
        split_null(frechet_distance, torch.randn(10, 2), 10)
    with pytest.raises(ValueError, match="at least 20 draws"):
        split_null(frechet_distance, torch.randn(10, 2), 5, draws=5)
