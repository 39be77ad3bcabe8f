"""Planted failures are what their names say, and are planted again by the same seed."""

import pytest
import torch

from gandiag.data import Dataset
from gandiag.data.damage import (
    blurred,
    copied,
    dropped,
    few_images,
    garbage,
    noisy,
    perfect,
    planted_failures,
    prototypes,
    rarer,
    repeated,
    shrunk,
)
from gandiag.errors import GandiagError


def draw(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def source() -> Dataset:
    """Images that carry their own index and class: pixel 0 the class, pixel 1 the index."""
    labels = torch.arange(4000) % 10
    samples = torch.rand(4000, 1, 8, 8, generator=draw())
    samples[:, 0, 0, 0], samples[:, 0, 0, 1] = labels / 10, torch.arange(4000) / 4000
    return Dataset("numbered", samples, labels)


def classes(images: torch.Tensor) -> torch.Tensor:
    return (images[:, 0, 0, 0] * 10).round().long().bincount(minlength=10)


def different(images: torch.Tensor) -> int:
    return len(images.flatten(1).unique(dim=0))


def test_each_failure_is_planted_again_by_the_same_seed_and_draws_nothing_else(source):
    before = torch.get_rng_state()
    for name, damage in planted_failures(source).items():
        first, again, other = (damage(source, 200, draw(seed)) for seed in (1, 1, 2))
        assert torch.equal(first, again), name
        assert not torch.equal(first, other), name
        assert first.shape == (200, 1, 8, 8), name
        assert 0 <= float(first.min()) <= float(first.max()) <= 1, name
    assert torch.equal(torch.get_rng_state(), before)


def test_perfect_images_are_different_ones(source):
    assert different(perfect(source, 1000, draw())) == 1000
    with pytest.raises(GandiagError, match="4001 different images"):
        perfect(source, 4001, draw())


def test_classes_are_dropped_or_made_rarer(source):
    counts = classes(dropped(source, 1000, draw(), classes=3))
    assert int((counts == 0).sum()) == 3
    assert int(counts.sum()) == 1000
    assert different(dropped(source, 1000, draw(), classes=3)) == 1000
    counts = classes(rarer(source, 2000, draw(), classes=5, factor=0.5)).sort().values
    assert int(counts[:5].sum()) == pytest.approx(2000 / 3, abs=80)


def test_few_things_are_made_again_and_again(source):
    assert different(few_images(source, 1000, draw(), support=20)) == 20
    assert different(repeated(source, 1000, draw(), share=0.4)) == 600
    noisy_copies = prototypes(source, 500, draw(), per_class=2)
    apart = torch.pdist(noisy_copies.flatten(1))
    assert float((apart < 1).double().mean()) == pytest.approx(1 / 20, abs=0.01)


def test_the_whole_image_is_damaged_as_stated(source):
    assert float(noisy(source, 500, draw(), std=0.0).sub(perfect(source, 500, draw())).abs().max()) == 0
    assert float(blurred(source, 500, draw(), sigma=1.5).var()) < 0.3 * float(source.samples.var())
    assert float(shrunk(source, 500, draw(), amount=1.0)[:, 0, 4, 4].std()) < 0.1
    broken = garbage(source, 500, draw(), share=0.1)
    whole = {tuple(image.flatten().tolist()) for image in source.samples}
    assert sum(tuple(image.flatten().tolist()) not in whole for image in broken) == 50


def test_copies_come_from_the_training_images(source):
    train = Dataset("train", source.samples[:1000], source.labels[:1000])
    held_out = Dataset("held out", source.samples[1000:], source.labels[1000:])
    images = copied(held_out, 400, draw(), train=train, share=0.25)
    assert int((images[:, 0, 0, 1] < 0.25).sum()) == 100
