"""Bins against SciPy and simulation, sharpness against loops, and scores that refuse to be compared."""

import numpy as np
import pytest
import scipy.ndimage
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from gandiag.errors import GandiagError, TooFewSamples
from gandiag.metrics.blur import relative_sharpness, sharpness
from gandiag.metrics.ndb import Bins, bin_difference, fit_bins
from gandiag.metrics.score import Score


def test_bins_are_the_formula():
    draw = np.random.default_rng(0)
    real, fake = torch.tensor(draw.normal(size=(800, 3))), torch.tensor(draw.normal((0.5, 0, 0), 1, size=(500, 3)))
    bins = fit_bins(real, 10)
    found = bin_difference(bins, fake)
    nearest = ((fake[:, None] - bins.centers[None]) ** 2).sum(-1).argmin(1)
    p, q = bins.counts.numpy() / 800, np.bincount(nearest, minlength=10) / 500
    pooled = (800 * p + 500 * q) / 1300
    z = (q - p) / np.sqrt(pooled * (1 - pooled) * (1 / 800 + 1 / 500))
    assert found.different_share == pytest.approx(np.mean(np.abs(z) > 1.959964))
    assert found.js == pytest.approx(jensenshannon(p, q) ** 2)
    assert set(found.crowded) == {i for i in range(10) if z[i] > 1.959964}
    assert set(found.missing) == {i for i in range(10) if z[i] < -1.959964}


def test_a_perfect_generator_has_the_stated_nulls():
    draw, differing, divergences = np.random.default_rng(0), [], []
    shares = np.full(50, 0.02)
    for _ in range(200):
        bins = Bins(torch.arange(50.0).double()[:, None], torch.tensor(draw.multinomial(2000, shares)))
        found = bin_difference(bins, torch.tensor(draw.choice(50, 1000, p=shares))[:, None].double())
        differing.append(found.different_share)
        divergences.append(found.js)
    assert np.mean(differing) == pytest.approx(found.different_null, abs=0.01)
    assert np.mean(divergences) == pytest.approx(found.js_null, rel=0.05)


def test_what_is_missing_and_what_is_crowded_can_be_told():
    real = torch.tensor([[0.0], [10.0]]).repeat(100, 1) + torch.linspace(0, 0.1, 200)[:, None]
    bins = fit_bins(real, 2)
    found = bin_difference(bins, real[::2])
    (empty,), (full,) = found.missing, found.crowded
    assert float(bins.centers[empty]) > 5 > float(bins.centers[full])


def test_the_same_seed_gives_the_same_bins_and_leaves_the_random_state_alone():
    real, before = torch.randn(200, 4), torch.get_rng_state()
    assert torch.equal(fit_bins(real, 5, seed=3).centers, fit_bins(real, 5, seed=3).centers)
    assert torch.equal(torch.get_rng_state(), before)


def test_bins_refuse_too_little_and_what_does_not_fit():
    with pytest.raises(TooFewSamples, match="500 samples; got 100"):
        fit_bins(torch.randn(100, 2))
    bins = fit_bins(torch.randn(100, 2), 5)
    with pytest.raises(TooFewSamples, match="25 samples; got 3"):
        bin_difference(bins, torch.randn(3, 2))
    with pytest.raises(ValueError, match="of 2 features; got 3"):
        bin_difference(bins, torch.randn(50, 3))
    with pytest.raises(ValueError, match="NaN"):
        bin_difference(bins, torch.full((50, 2), torch.nan))


def test_sharpness_is_scipys_laplacian():
    images = np.random.default_rng(0).random((5, 1, 12, 9))
    inner = [scipy.ndimage.laplace(image[0])[1:-1, 1:-1].var() / image.var() for image in images]
    np.testing.assert_allclose(sharpness(torch.tensor(images)), inner, rtol=1e-9)


@given(st.floats(-2, 2), st.floats(0.1, 10))
def test_sharpness_ignores_brightness_and_contrast(shift, scale):
    images = torch.rand(3, 1, 8, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    np.testing.assert_allclose(sharpness(scale * images + shift), sharpness(images), rtol=1e-9)


def test_blur_lowers_it_step_by_step_and_noise_raises_it():
    images = torch.rand(20, 1, 16, 16).round()
    blurred = [
        torch.tensor(scipy.ndimage.gaussian_filter(images.numpy(), (0, 0, sigma, sigma))) for sigma in (0.5, 1.0, 2.0)
    ]
    ratios = [relative_sharpness(images, images), *(relative_sharpness(one, images) for one in blurred)]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[-1] < 0.2
    smooth = blurred[-1]
    assert relative_sharpness(smooth + 0.3 * torch.randn_like(smooth), smooth) > 2


def test_what_is_no_image_is_refused():
    with pytest.raises(ValueError, match="shape"):
        sharpness(torch.rand(3, 28, 28))
    with pytest.raises(ValueError, match="NaN"):
        sharpness(torch.full((1, 1, 4, 4), torch.nan))
    with pytest.raises(ValueError, match="one colour"):
        relative_sharpness(torch.rand(2, 1, 4, 4), torch.zeros(2, 1, 4, 4))
    with pytest.raises(ValueError, match="one size"):
        relative_sharpness(torch.rand(2, 1, 4, 4), torch.rand(2, 1, 5, 5))


SCORE = Score("fid", 3.0, "judge@f0c2", n_fake=1000, n_real=5000, null_mean=1.0, null_std=0.5)


def test_a_score_carries_its_protocol_and_its_distance_from_the_null():
    assert SCORE.name == "fid_judge_n1000"
    assert SCORE.excess == 4
    assert Score("fid", 3.0, "judge", 1000).excess is None
    assert SCORE.to_dict()["n_real"] == 5000


@pytest.mark.parametrize(
    ("other", "aspect"),
    [
        (Score("kid", 2.0, "judge@f0c2", 1000, 5000), "metrics differ"),
        (Score("fid", 2.0, "judge@beef", 1000, 5000), "feature extractors differ"),
        (Score("fid", 2.0, "judge@f0c2", 2000, 5000), r"n_fake differ .*, and the metric's bias"),
        (Score("fid", 2.0, "judge@f0c2", 1000, 500), "n_real differ"),
    ],
)
def test_scores_that_only_look_alike_refuse_to_be_compared(other, aspect):
    for compare in (lambda: SCORE - other, lambda: other > SCORE, lambda: other <= SCORE):
        with pytest.raises(GandiagError, match=aspect):
            compare()


def test_scores_of_one_protocol_are_numbers():
    better = Score("fid", 2.0, "judge@f0c2", n_fake=1000, n_real=5000)
    assert SCORE - better == 1
    assert better < SCORE
    assert better <= SCORE
