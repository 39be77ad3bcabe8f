"""Grey images of coloured ones, beside other libraries' rules."""

import colorsys

import numpy as np
import pytest
import torch
from PIL import Image

from gandiag.data.grey import greyed, luma
from gandiag.errors import GandiagError


def test_luma_is_what_pillow_makes_of_a_colour_picture():
    pixels = np.random.default_rng(0).integers(0, 256, (5, 9, 7, 3), dtype=np.uint8)
    made = luma(torch.from_numpy(pixels).permute(0, 3, 1, 2).double())[:, 0]
    for picture, grey in zip(pixels, made, strict=True):
        assert np.abs(np.asarray(Image.fromarray(picture).convert("L")) - grey.numpy()).max() <= 1


def test_the_brightest_channel_is_the_value_of_hsv():
    images = torch.rand(2, 3, 4, 5)
    for image, grey in zip(images, greyed(images), strict=True):
        by_hand = [colorsys.rgb_to_hsv(*pixel)[2] for pixel in image.flatten(1).T.tolist()]
        assert grey.flatten().tolist() == pytest.approx(by_hand)


def test_a_grey_picture_stays_as_it_is():
    grey = torch.rand(3, 1, 4, 4)
    torch.testing.assert_close(luma(grey.expand(-1, 3, -1, -1)), grey)
    assert torch.equal(greyed(grey.expand(-1, 3, -1, -1)), grey)


@pytest.mark.parametrize("of", [greyed, luma])
def test_grey_images_are_refused(of):
    with pytest.raises(GandiagError, match=r"Colour images have shape \(n, 3, height, width\); got \(4, 1, 28, 28\)"):
        of(torch.rand(4, 1, 28, 28))
