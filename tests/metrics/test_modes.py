"""Mode coverage against SciPy, closed forms and simulation."""

import math

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st

from gandiag.metrics import class_shares, entropy, kl_divergence, modes_present, unsure_share


@st.composite
def histograms(draw) -> torch.Tensor:
    counts = draw(st.lists(st.integers(0, 1000), min_size=2, max_size=20).filter(any))
    return torch.tensor(counts, dtype=torch.float64) / sum(counts)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=200))
def test_class_shares_are_numpys_counts(classes):
    expected = np.bincount(classes, minlength=10) / len(classes)
    np.testing.assert_allclose(class_shares(torch.tensor(classes), 10), expected)


@given(histograms())
def test_entropy_is_scipys(shares):
    assert entropy(shares) == pytest.approx(scipy.stats.entropy(shares.numpy()), abs=1e-12)


@given(histograms(), histograms())
def test_kl_is_scipys_in_the_stated_direction(first, second):
    size = min(len(first), len(second))
    fake, real = first[:size] + 1e-3, second[:size] + 1e-3
    fake, real = fake / fake.sum(), real / real.sum()
    assert kl_divergence(fake, real) == pytest.approx(scipy.stats.entropy(fake.numpy(), real.numpy()), abs=1e-12)


def test_kl_is_not_symmetric_and_infinite_where_the_data_lacks_a_class():
    collapsed, even = torch.tensor([1.0, 0.0]), torch.tensor([0.5, 0.5])
    assert kl_divergence(collapsed, even) == pytest.approx(math.log(2))
    assert kl_divergence(even, collapsed) == math.inf


def test_a_perfect_generator_has_the_stated_divergence():
    """(K − 1) / 2n on average; the standard error of 2000 draws is 1 % of it."""
    generator = np.random.default_rng(0)
    draws = generator.multinomial(512, np.full(10, 0.1), size=2000) / 512
    mean = np.mean([kl_divergence(torch.tensor(draw), torch.full((10,), 0.1)) for draw in draws])
    assert mean == pytest.approx(9 / 1024, rel=0.05)


def test_a_few_misjudged_samples_do_not_fill_an_empty_class():
    real = torch.full((10,), 0.1)
    fake = torch.tensor([0.005] + [0.995 / 9] * 9)
    assert modes_present(fake, real) == 9
    assert modes_present(real, real) == 10


def test_classes_that_the_data_lacks_are_not_counted():
    assert modes_present(torch.tensor([0.5, 0.5]), torch.tensor([1.0, 0.0])) == 1


def test_unsure_is_below_nine_tenths():
    probabilities = torch.tensor([[0.91, 0.09], [0.89, 0.11], [0.5, 0.5], [1.0, 0.0]])
    assert unsure_share(probabilities) == 0.5
