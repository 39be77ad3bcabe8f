"""Domains for unpaired translation: disjoint, and their true translation what it says."""

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import affine_transform, grey_dilation, morphological_gradient

from gandiag.data import load_digits
from gandiag.data.domains import SLANT, STYLES, Domains, framed, get_style, outlines, unpaired_domains
from gandiag.errors import GandiagError
from gandiag.nets import load_judge


@pytest.fixture(scope="module")
def images():
    return load_digits().samples[:40]


def test_inverted_is_the_negative_and_undoes_itself(images):
    style = STYLES["inverted"]
    assert torch.equal(style.transform(images), 1 - images)
    torch.testing.assert_close(style.undo(style.transform(images)), images)


def test_bold_is_a_dilation_by_a_pixel(images):
    made = STYLES["bold"].transform(images)
    for image, thick in zip(images[:, 0].numpy(), made[:, 0].numpy(), strict=True):
        np.testing.assert_array_equal(thick, grey_dilation(image, size=(3, 3), mode="constant", cval=0))


def test_slanted_is_a_shear_about_the_middle_with_the_top_to_the_right(images):
    made = STYLES["slanted"].transform(images)
    matrix = np.array([[1, 0], [SLANT, 1]])  # output (row, column) → where it is read from
    for image, sheared in zip(images[:, 0].numpy(), made[:, 0].numpy(), strict=True):
        padded = np.pad(image, 1)  # a stroke that is cut off fades to black within a pixel
        expected = affine_transform(padded, matrix, offset=[0, -SLANT * 14.5], order=1)[1:-1, 1:-1]
        np.testing.assert_allclose(sheared, expected, atol=1e-4)
    stroke = torch.zeros(1, 1, 28, 28)
    stroke[..., 14] = 1
    columns = STYLES["slanted"].transform(stroke)[0, 0].argmax(dim=1)
    assert columns[2] > 14 > columns[-3]


def test_outlines_are_the_morphological_gradient(images):
    for image, lines in zip(images[:, 0].numpy(), outlines(images)[:, 0].numpy(), strict=True):
        padded = np.pad(image, 1, mode="edge")  # beyond the edge is nothing: neither bright nor dark
        expected = morphological_gradient(padded, size=(3, 3))[1:-1, 1:-1]
        np.testing.assert_allclose(lines, expected, atol=1e-6)


def test_framed_digits_are_those_that_pillow_scales_to_twenty_pixels(images):
    for image, made in zip(images[:, 0].numpy(), framed(images)[:, 0].numpy(), strict=True):
        small = np.asarray(Image.fromarray(image).resize((20, 20), Image.Resampling.BILINEAR))
        np.testing.assert_allclose(made, np.pad(small, 4), atol=1e-5)


def test_framed_digits_can_be_read():
    digits = load_digits()
    read = load_judge()(framed(digits.samples[:500])).argmax(dim=1)
    assert (read == digits.labels[:500]).double().mean() > 0.98


@pytest.mark.parametrize("name", STYLES)
def test_a_changed_digit_can_still_be_read_once_the_style_is_undone(name):
    digits = load_digits()
    style = STYLES[name]
    read = load_judge()(style.undo(style.transform(digits.samples[:500]))).argmax(dim=1)
    assert (read == digits.labels[:500]).double().mean() > 0.98


@pytest.mark.parametrize("name", STYLES)
def test_the_domains_are_made_from_disjoint_images(name):
    digits = load_digits()
    domains = unpaired_domains(digits, name)
    assert torch.equal(
        torch.cat([domains.a, domains.b_upright]), torch.cat([digits.samples[::2], digits.samples[1::2]])
    )
    assert torch.equal(domains.b, STYLES[name].transform(domains.b_upright))


def test_domains_of_different_sizes_are_refused():
    with pytest.raises(
        GandiagError, match=r"of one size; those of A have shape \(1, 28, 28\), those of B \(1, 32, 32\)"
    ):
        Domains(torch.rand(2, 1, 28, 28), torch.rand(2, 1, 32, 32), torch.rand(2, 1, 32, 32))


def test_two_data_sets_have_no_true_translation():
    domains = Domains(torch.rand(2, 1, 28, 28), torch.rand(3, 1, 28, 28))
    with pytest.raises(GandiagError, match="Between two data sets no true translation is known"):
        _ = domains.b_upright


def test_an_unknown_style_is_refused():
    with pytest.raises(GandiagError, match="Unknown style 'italic'; choose one of inverted, slanted, bold"):
        get_style("italic")
