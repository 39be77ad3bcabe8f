"""Fidelity to the label and quality within classes, on real digits whose answer is known."""

import dataclasses

import pytest
import torch

from gandiag.applications import class_quality, label_fidelity
from gandiag.data import Dataset, load_dataset
from gandiag.errors import GandiagError, TooFewSamples
from gandiag.nets import load_judge

COUNT = 60


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits")


def of_each_class(digits: Dataset) -> torch.Tensor:
    return torch.cat([(digits.labels == digit).nonzero()[:COUNT, 0] for digit in range(10)])


def test_real_digits_show_their_labels_and_others_do_not(digits):
    chosen = of_each_class(digits)
    images, labels = digits.samples[chosen], digits.labels[chosen]
    right = label_fidelity(images, labels)
    assert right.overall > 0.95
    assert right.overall == pytest.approx(sum(right.by_class) / 10)
    assert label_fidelity(images, (labels + 1) % 10).overall < 0.05


def test_fidelity_is_the_share_that_the_judge_agrees_with(digits):
    images, labels = digits.samples[:40], torch.zeros(40, dtype=torch.int64)
    with torch.no_grad():
        seen = load_judge()(images).argmax(dim=1)
    found = label_fidelity(images, labels)
    assert found.overall == float((seen == 0).double().mean()) == found.by_class[0]
    assert all(share != share for share in found.by_class[1:])  # NaN: nothing was asked for


@pytest.mark.parametrize(("images", "labels"), [(0, 0), (3, 2)])
def test_labels_that_do_not_fit_are_refused(images, labels):
    with pytest.raises(ValueError, match="one label an image"):
        label_fidelity(torch.rand(images, 1, 28, 28), torch.zeros(labels, dtype=torch.int64))


def test_real_digits_are_near_the_real_ones_and_as_varied(digits):
    chosen = of_each_class(digits)
    found = class_quality(digits.samples[chosen], digits.labels[chosen], digits)
    assert found.count == COUNT
    assert all(share == pytest.approx(1, abs=0.25) for share in found.diversity)
    shuffled = class_quality(digits.samples[chosen], digits.labels[chosen].roll(COUNT), digits)
    assert all(wrong > 3 * right for wrong, right in zip(shuffled.frechet, found.frechet, strict=True))


def test_one_image_over_and_over_has_no_diversity(digits):
    chosen = torch.cat([(digits.labels == digit).nonzero()[:1, 0].repeat(20) for digit in range(10)])
    found = class_quality(digits.samples[chosen], digits.labels[chosen], digits)
    assert max(found.diversity) < 1e-6


def test_unequal_classes_are_refused(digits):
    with pytest.raises(ValueError, match="as many images of each of 10 classes"):
        class_quality(digits.samples[:15], digits.labels[:15], digits)
    one_of_each = dataclasses.replace(digits, samples=digits.samples[:10], labels=torch.arange(10))
    with pytest.raises(TooFewSamples):
        class_quality(one_of_each.samples, one_of_each.labels, digits)


def test_garments_are_refused_for_the_judge_knows_digits_alone(digits):
    garments = dataclasses.replace(digits, name="fashion_mnist")
    with pytest.raises(GandiagError, match="knows digits alone, so that it cannot tell the quality of classes of 'f"):
        class_quality(digits.samples, digits.labels, garments)
