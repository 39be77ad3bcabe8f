"""The embedded digits are scikit-learn's, enlarged as they should be."""

import numpy as np
import pytest
import sklearn.datasets
import torch
from scipy.ndimage import map_coordinates

from gandiag.data import Dataset, load_digits


@pytest.fixture(scope="module")
def embedded_digits() -> Dataset:
    return load_digits()


def test_there_are_1797_images_in_the_unit_range(embedded_digits: Dataset) -> None:
    assert len(embedded_digits) == 1797
    assert embedded_digits.sample_shape == (1, 28, 28)
    assert embedded_digits.samples.dtype == torch.float32
    assert embedded_digits.samples.min() == 0
    assert embedded_digits.samples.max() == 1
    assert embedded_digits.samples.is_contiguous()


def test_the_labels_are_scikit_learns(embedded_digits: Dataset) -> None:
    assert embedded_digits.labels.dtype == torch.int64
    np.testing.assert_array_equal(embedded_digits.labels, sklearn.datasets.load_digits().target)


@pytest.mark.parametrize("index", [0, 17, 901, 1796])
def test_an_image_is_scikit_learns_enlarged_by_bilinear_interpolation(embedded_digits: Dataset, index: int) -> None:
    small = sklearn.datasets.load_digits().images[index] / 16
    # The centre of pixel i of 28 lies at (i + 1/2) · 8/28 − 1/2 in pixels of 8; beyond the edge it is the edge.
    at = ((np.arange(28) + 0.5) * 8 / 28 - 0.5).clip(0, 7)
    expected = map_coordinates(small, np.meshgrid(at, at, indexing="ij"), order=1, mode="nearest")
    np.testing.assert_allclose(embedded_digits.samples[index, 0], expected, atol=1e-6)


def test_the_images_are_not_upside_down_or_mirrored(embedded_digits: Dataset) -> None:
    """A mean 7 has its bar at the top; a mean 6 its loop at the bottom."""
    mean = {digit: embedded_digits.samples[embedded_digits.labels == digit].mean(dim=(0, 1)) for digit in (6, 7)}
    assert mean[7][:10].sum() > mean[7][18:].sum()
    assert mean[6][18:, 14:].sum() > mean[6][:10, 14:].sum()


def test_loading_twice_gives_the_same(embedded_digits: Dataset) -> None:
    assert torch.equal(load_digits().samples, embedded_digits.samples)
