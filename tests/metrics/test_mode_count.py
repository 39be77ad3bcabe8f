"""Corrected mode counts by simulation of a judge that errs, and coverage of known mixtures against closed forms."""

import math

import numpy as np
import pytest
import torch

from gandiag.data import grid, ring
from gandiag.errors import TooFewSamples
from gandiag.metrics.cycles import cycling
from gandiag.metrics.mixtures import HIGH_QUALITY_NULL, mixture_coverage, stacked_coverage
from gandiag.metrics.mode_count import corrected_shares, count_modes, judge_errors, stacked_errors
from gandiag.nets import judge_card

EVEN = np.full(10, 0.1)
DROPPED = np.array([0.0] + [1 / 9] * 9)
RARE = np.array([0.03] + [0.97 / 9] * 9)


def judge_of(accuracy: float) -> np.ndarray:
    return np.full((10, 10), (1 - accuracy) / 9) + np.eye(10) * (accuracy - (1 - accuracy) / 9)


def draw_counts(truth: np.ndarray, rates: np.ndarray, count: int, draw: np.random.Generator) -> torch.Tensor:
    return torch.tensor(draw.multinomial(count, truth @ rates))


@pytest.mark.parametrize(("truth", "modes"), [(EVEN, 10), (DROPPED, 9), (RARE, 10)], ids=["all", "dropped", "rare"])
@pytest.mark.parametrize("count", [256, 1000, 4000, 16_000])
def test_the_count_stays_right_as_the_sample_grows(truth, modes, count):
    """A judge right in 98.5 %, whose confusion is known from 10,000 held-out samples, each draw from new ones."""
    draw, rates, right, naive = np.random.default_rng(count), judge_of(0.985), 0, 0
    for _ in range(60):
        confusion = np.stack([draw.multinomial(1000, row) for row in rates])
        counts = draw_counts(truth, rates, count, draw)
        found = count_modes(counts, torch.tensor(EVEN), judge_errors(torch.tensor(confusion)))
        right += found.modes == modes
        naive += int((counts > 0).sum()) == modes
    assert right >= 54
    if modes == 9 and count >= 4000:
        assert naive <= 6, "the published rule fails here; if it does not, this test shows nothing"


def test_the_dropped_class_is_named_by_the_packaged_judges_own_errors():
    confusion = torch.tensor(judge_card()["confusion_mnist_test"])
    rates = (confusion / confusion.sum(dim=1, keepdim=True)).double().numpy()
    draw = np.random.default_rng(0)
    found = count_modes(
        draw_counts(np.roll(DROPPED, 3), rates, 10_000, draw), torch.tensor(EVEN), judge_errors(confusion)
    )
    assert found.missing == (3,)
    assert found.present == (0, 1, 2, 4, 5, 6, 7, 8, 9)
    assert float(found.expected_errors[3]) > 0


def test_shares_are_recovered_from_exact_calls():
    truth, rates = np.random.default_rng(0).dirichlet(np.ones(10)), judge_of(0.9)
    errors = judge_errors(torch.tensor(rates * 1e7))
    np.testing.assert_allclose(corrected_shares(torch.tensor(truth @ rates * 1e6), errors), truth, atol=1e-3)


def test_classes_that_the_data_lacks_are_not_counted():
    real = torch.tensor([0.5, 0.5, 0.0])
    found = count_modes(torch.tensor([50, 50, 30]), real, judge_errors(torch.eye(3) * 100))
    assert (found.present, found.missing) == ((0, 1), ())


def test_too_few_or_wrong_counts_are_refused():
    errors = judge_errors(torch.eye(10) * 100)
    with pytest.raises(TooFewSamples, match="at least 100 samples"):
        count_modes(torch.full((10,), 6), torch.tensor(EVEN), errors)
    with pytest.raises(ValueError, match="10 classes"):
        count_modes(torch.full((9,), 60), torch.tensor(EVEN), errors)
    with pytest.raises(ValueError, match="square"):
        judge_errors(torch.ones(3, 2))
    with pytest.raises(ValueError, match="at least one sample"):
        judge_errors(torch.zeros(2, 2))


def test_stacked_errors_are_products():
    single = judge_errors(torch.tensor([[9, 1], [2, 8]]))
    triple = stacked_errors(single).rates
    assert float(triple[0b011, 0b101]) == pytest.approx(
        float(single.rates[0, 1] * single.rates[1, 0] * single.rates[1, 1])
    )
    assert torch.allclose(triple.sum(dim=1), torch.ones(8).double())


def stacked_calls(modes: np.ndarray, rates: np.ndarray, count: int, draw: np.random.Generator) -> torch.Tensor:
    truth = draw.choice(modes, count)
    digits = np.stack([truth // 100, truth // 10 % 10, truth % 10], axis=1)
    chosen = (draw.random((count, 3, 1)) > rates.cumsum(axis=1)[digits]).sum(axis=2)
    return torch.tensor(chosen.clip(max=9))


@pytest.mark.parametrize("there", [1000, 900])
def test_a_thousand_modes_are_counted_in_spite_of_the_judges_errors(there):
    """26,000 samples as published, digits called rightly in 99 %: "at least one" finds modes that are not there."""
    draw, rates = np.random.default_rng(0), judge_of(0.99)
    modes = draw.permutation(1000)[:there]
    found = stacked_coverage(stacked_calls(modes, rates, 26_000, draw), judge_errors(torch.tensor(rates * 1000)))
    assert found.corrected_modes == pytest.approx(there, abs=10)
    assert found.modes > there + 40 or there == 1000
    if there == 1000:
        assert found.kl == pytest.approx(found.kl_null, rel=0.15)
        assert found.kl_null == pytest.approx(0.0192, abs=1e-4)


def test_triples_as_often_as_their_digits_have_no_distance_to_the_real_ones():
    """Digits with shares of 3/4 and 1/4: 27, 9, 3 or 1 of 64 samples a triple; of 1 and 1, KL is ln 64."""
    digits = torch.tensor([0, 0, 0, 1])
    errors, shares = judge_errors(torch.eye(2) * 1e6), torch.tensor([0.75, 0.25])
    exact = stacked_coverage(torch.cartesian_prod(digits, digits, digits).repeat(10, 1), errors, shares)
    assert (exact.modes, exact.corrected_modes, exact.kl) == (8, 8, pytest.approx(0, abs=1e-12))
    rarest = stacked_coverage(torch.ones(640, 3).long(), errors, shares)
    assert (rarest.modes, rarest.kl) == (1, pytest.approx(math.log(64)))


def test_stacked_digits_need_three_channels_and_enough_samples():
    errors = judge_errors(torch.eye(10) * 100)
    with pytest.raises(ValueError, match=r"\(n, 3\)"):
        stacked_coverage(torch.zeros(20_000, 2).long(), errors)
    with pytest.raises(TooFewSamples, match="samples"):
        stacked_coverage(torch.zeros(500, 3).long(), errors)


@pytest.mark.parametrize("mixture", [ring(), grid()], ids=["ring", "grid"])
def test_a_perfect_mixture_has_the_stated_nulls(mixture):
    points, _ = mixture.sample(20_000, torch.Generator().manual_seed(0))
    found = mixture_coverage(points, mixture.centers, mixture.std)
    assert found.modes == len(mixture.centers)
    assert pytest.approx(0.9889, abs=1e-4) == HIGH_QUALITY_NULL
    assert abs(found.high_quality_share - HIGH_QUALITY_NULL) < 4 * found.high_quality_null_std
    assert found.kl == pytest.approx(found.kl_null, rel=1.2)


@pytest.mark.parametrize("size", [1, 2, 8, 100])
def test_the_radius_keeps_the_null_in_every_dimension(size):
    points = 0.1 * torch.randn(20_000, size)
    found = mixture_coverage(points, torch.zeros(1, size), 0.1)
    assert abs(found.high_quality_share - HIGH_QUALITY_NULL) < 4 * found.high_quality_null_std


def test_mixture_coverage_is_the_loops():
    mixture = grid()
    points = torch.randn(400, 2, dtype=torch.float64) * 2
    counts = [0] * 25
    for point in points.tolist():
        distances = [math.dist(point, center) for center in mixture.centers.tolist()]
        if min(distances) < 3 * 0.3:
            counts[distances.index(min(distances))] += 1
    found = mixture_coverage(points, mixture.centers, 0.3)
    assert found.counts.tolist() == counts
    assert found.modes == sum(count > 0 for count in counts)
    assert found.high_quality_share == pytest.approx(sum(counts) / 400)
    shares = np.array(counts) / sum(counts)
    assert found.kl == pytest.approx(sum(q * math.log(q * 25) for q in shares if q > 0))


def test_one_mode_or_none_of_a_ring():
    centers = ring().centers
    one = mixture_coverage(centers[:1].expand(100, 2), centers, 0.02)
    assert (one.modes, one.high_quality_share) == (1, 1)
    assert one.kl == pytest.approx(math.log(8))
    none = mixture_coverage(torch.full((100, 2), torch.nan), centers, 0.02)
    assert (none.modes, none.high_quality_share) == (0, 0)
    assert math.isnan(none.kl)


def test_mixtures_refuse_what_does_not_fit():
    with pytest.raises(TooFewSamples, match="needs 80 samples; got 79"):
        mixture_coverage(torch.zeros(79, 2), ring().centers, 0.02)
    with pytest.raises(ValueError, match="Points"):
        mixture_coverage(torch.zeros(100, 3), ring().centers, 0.02)


def test_a_steady_generator_does_not_cycle_and_its_turnover_is_the_null():
    draws = torch.tensor(np.random.default_rng(0).multinomial(500, EVEN, size=200))
    found = cycling(draws, torch.tensor(EVEN))
    assert found.hidden == 0
    assert found.turnover == pytest.approx(found.turnover_null, rel=0.06)  # 3 standard errors


def test_cycling_does_not_depend_on_the_direction_of_time():
    draws = torch.tensor(np.random.default_rng(0).multinomial(500, np.random.default_rng(1).dirichlet(EVEN), size=20))
    assert cycling(draws, torch.tensor(EVEN)) == cycling(draws.flip(0), torch.tensor(EVEN))


def test_cycling_needs_two_instants_of_enough_samples():
    with pytest.raises(TooFewSamples, match="two instants"):
        cycling(torch.full((1, 10), 50), torch.tensor(EVEN))
    with pytest.raises(TooFewSamples, match="rarest"):
        cycling(torch.full((3, 10), 2), torch.tensor(EVEN))
