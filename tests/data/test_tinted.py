"""Tinted digits: the tint is drawn by chance, and the grey image can be had back."""

import pytest
import torch
from scipy.stats import chi2_contingency

from gandiag.data import load_digits, stacked
from gandiag.data.grey import greyed
from gandiag.data.tinted import HUE_COUNT, hues, tinted
from gandiag.errors import GandiagError


def test_an_image_is_its_grey_image_times_its_hue():
    digits = load_digits()
    images = tinted(digits, "tinted_digits")
    for image, digit, label in zip(images.samples[:50], digits.samples, images.labels, strict=False):
        torch.testing.assert_close(image, torch.stack([digit[0] * share for share in hues()[label]]))
    assert torch.equal(greyed(images.samples), digits.samples)


def test_the_hue_does_not_follow_from_the_class():
    digits = load_digits()
    drawn = tinted(digits, "tinted_digits").labels
    table = torch.zeros(10, HUE_COUNT)
    table.index_put_((digits.labels, drawn), torch.tensor(1.0), accumulate=True)
    assert chi2_contingency(table.numpy()).pvalue > 0.01


def test_each_channel_has_one_median_hue_and_it_is_dull():
    """What L1 alone settles on: an odd number of hues leaves it no choice."""
    median = hues().median(dim=0).values
    torch.testing.assert_close(median, torch.tensor([0.8, 0.4, 0.4]))


def test_the_seed_fixes_the_tints():
    first, again, other = (tinted(load_digits(), "tinted_digits", seed=seed).labels for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_colour_images_cannot_be_tinted():
    with pytest.raises(GandiagError, match="must be grey, with 1 channel; those of 'stacked_digits' have 3"):
        tinted(stacked(load_digits(), "stacked_digits", count=5), "tinted")
