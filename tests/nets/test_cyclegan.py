"""Translators, their discriminators of patches, and the judge of both polarities."""

import torch
from torch import nn

from gandiag.nets.cyclegan import CycleGANDiscriminator, CycleGANGenerator, ResidualBlock
from gandiag.nets.polarity_judge import PolarityJudge


def test_a_translation_has_the_shape_of_its_image_and_lies_in_the_unit_range():
    made = CycleGANGenerator()(torch.rand(3, 1, 28, 28))
    assert made.shape == (3, 1, 28, 28)
    assert 0 <= made.min().item() <= made.max().item() <= 1


def test_an_image_is_translated_alike_whatever_is_beside_it():
    generator, images = CycleGANGenerator(), torch.rand(4, 1, 28, 28)
    torch.testing.assert_close(generator(images)[1:2], generator(images[1:2]), atol=1e-5, rtol=0)


def test_a_residual_block_adds_to_what_goes_in():
    block, values = ResidualBlock(6), torch.rand(2, 6, 5, 5)
    torch.testing.assert_close(block(values) - values, block.layers(values))
    assert len([layer for layer in CycleGANGenerator(blocks=3).modules() if isinstance(layer, ResidualBlock)]) == 3


def test_a_discriminators_convolutions_see_patches_18_pixels_wide():
    """Without its normalisation, which sees the whole image."""
    discriminator = CycleGANDiscriminator()
    discriminator.layers[3] = nn.Identity()
    images = torch.rand(1, 1, 28, 28, requires_grad=True)
    logits = discriminator(images)
    assert logits.shape == (1, 1, 7, 7)
    (slope,) = torch.autograd.grad(logits[0, 0, 3, 3], images)
    seen = slope[0, 0].nonzero()
    assert (seen.max(dim=0).values - seen.min(dim=0).values + 1).tolist() == [18, 18]


def test_the_judge_reads_digits_and_their_negatives_alike(all_digits, packaged_judge):
    images, judge = all_digits.samples[:300], PolarityJudge()
    assert torch.equal(judge(images), packaged_judge(images))
    torch.testing.assert_close(judge(1 - images), packaged_judge(images), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(judge.features(1 - images), packaged_judge.features(images), atol=1e-4, rtol=1e-4)
