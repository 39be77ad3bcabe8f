"""The colouriser, its discriminator of patches, and the judge of hues."""

import pytest
import torch
from torch import nn

from gandiag.data.tinted import HUE_COUNT, hues, tinted
from gandiag.nets.colorization import NOISE_SIZE, ColorizationDiscriminator, ColorizationGenerator
from gandiag.nets.hue_judge import HueJudge


def test_a_grey_image_and_noise_become_a_colour_image():
    made = ColorizationGenerator()(torch.rand(5, 1, 28, 28), torch.randn(5, NOISE_SIZE))
    assert made.shape == (5, 3, 28, 28)
    assert 0 <= made.min().item() <= made.max().item() <= 1


def test_the_noise_and_the_grey_image_both_count():
    generator = ColorizationGenerator()
    grey, noise = torch.rand(1, 1, 28, 28), torch.randn(1, NOISE_SIZE)
    made = generator(grey, noise)
    assert not torch.equal(made, generator(grey, -noise))
    assert not torch.equal(made, generator(1 - grey, noise))


def test_a_logit_sees_a_patch_18_pixels_wide_and_nothing_else():
    pairs = torch.rand(1, 4, 28, 28, requires_grad=True)
    logits = ColorizationDiscriminator()(pairs)
    assert logits.shape == (1, 1, 7, 7)
    (slope,) = torch.autograd.grad(logits[0, 0, 3, 3], pairs)
    seen = slope[0].abs().sum(dim=0).nonzero()
    assert (seen.max(dim=0).values - seen.min(dim=0).values + 1).tolist() == [18, 18]


def test_the_judge_reads_the_hue_of_every_real_image(all_digits):
    images = tinted(all_digits, "tinted_digits")
    judge = HueJudge()
    assert torch.equal(judge(images.samples).argmax(dim=1), images.labels)
    torch.testing.assert_close(judge.features(images.samples), hues()[images.labels], atol=1e-5, rtol=0)
    assert float(judge(images.samples).softmax(dim=1).amax(dim=1).min()) > 0.99


@pytest.mark.parametrize("brightness", [0.0, 1e-30])
def test_the_judge_gives_numbers_for_a_black_image(brightness):
    logits = HueJudge()(torch.full((1, 3, 28, 28), brightness))
    assert logits.shape == (1, HUE_COUNT)
    assert bool(logits.isfinite().all())


def test_the_hues_travel_with_the_judge():
    assert "hues" in HueJudge().state_dict()
    assert isinstance(HueJudge(), nn.Module)


def test_black_stays_black():
    assert ColorizationGenerator()(torch.zeros(2, 1, 28, 28), torch.randn(2, NOISE_SIZE)).abs().max().item() == 0
