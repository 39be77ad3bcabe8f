"""Digits as channels, and digits with their label written in."""

import torch

from gandiag.data import labelled, load_dataset, load_digits, stacked


def test_a_stacked_image_is_three_digits_and_its_label_their_number():
    digits = load_digits()
    images = stacked(digits, "stacked_digits", count=50)
    assert images.sample_shape == (3, 28, 28)
    for image, label in zip(images.samples[:10], images.labels[:10], strict=True):
        for channel, digit in zip(image, f"{int(label):03d}", strict=True):
            (at,) = [index for index in range(len(digits)) if torch.equal(digits.samples[index, 0], channel)][:1]
            assert int(digits.labels[at]) == int(digit)


def test_the_same_seed_stacks_the_same_digits():
    first, second = (load_dataset("stacked_digits") for _ in range(2))
    assert torch.equal(first.samples[:20], second.samples[:20])
    assert len(first.labels.unique()) == 1000


def test_a_label_is_written_into_the_first_row_and_nothing_else_changes():
    digits = load_digits()
    written = labelled(digits, "labelled_digits")
    assert torch.equal(written.samples[:, 0, 0, :10].argmax(dim=1), digits.labels)
    assert torch.equal(written.samples[:, 0, 1:], digits.samples[:, 0, 1:])
