"""Colourfulness against the paper's formula in NumPy; diversity against a loop over pairs."""

from itertools import permutations

import numpy as np
import pytest
import torch

from gandiag.data import load_digits
from gandiag.data.tinted import tinted
from gandiag.metrics.colour import colourfulness, output_diversity


def by_hand(image: np.ndarray) -> float:
    red, green, blue = 255 * image.astype(float)
    first, second = red - green, 0.5 * (red + green) - blue
    spread = np.sqrt(np.std(first) ** 2 + np.std(second) ** 2)
    return spread + 0.3 * np.sqrt(np.mean(first) ** 2 + np.mean(second) ** 2)


def test_colourfulness_is_the_papers():
    images = torch.cat([tinted(load_digits(), "tinted_digits").samples[:20], torch.rand(5, 3, 28, 28)])
    expected = [by_hand(image) for image in images.numpy()]
    np.testing.assert_allclose(colourfulness(images), expected, rtol=1e-6)


def test_grey_is_not_colourful_and_halving_the_saturation_halves_it():
    grey = load_digits().samples[:5].expand(-1, 3, -1, -1)
    colour = tinted(load_digits(), "tinted_digits").samples[:5]
    assert colourfulness(grey).tolist() == [0.0] * 5
    torch.testing.assert_close(colourfulness((grey + colour) / 2), colourfulness(colour) / 2)


def test_colourfulness_of_grey_images_is_refused():
    with pytest.raises(ValueError, match="Colour images have shape"):
        colourfulness(torch.rand(2, 1, 28, 28))


def test_diversity_is_the_mean_over_pairs_of_outputs_of_one_input():
    outputs = torch.rand(3, 4, 2, 5)
    pairs = [float(torch.linalg.vector_norm(own[i] - own[j])) for own in outputs for i, j in permutations(range(4), 2)]
    assert output_diversity(outputs) == pytest.approx(np.mean(pairs), rel=1e-6)


def test_outputs_that_do_not_depend_on_the_noise_have_no_diversity_however_many():
    assert output_diversity(torch.rand(2, 1, 400).expand(-1, 30, -1)) == 0


def test_one_output_an_input_is_refused():
    with pytest.raises(ValueError, match="at least 2"):
        output_diversity(torch.rand(5, 1, 3))
