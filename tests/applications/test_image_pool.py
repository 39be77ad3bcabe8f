"""The pool's law: what goes in comes out, once at most twice, and half of it late."""

from collections import Counter

import pytest
import torch
from scipy.stats import binomtest

from gandiag.applications.image_pool import POOL_SIZE, ImagePool


def numbered(start, count):
    return torch.arange(start, start + count).float().reshape(-1, 1, 1, 1)


def test_until_it_is_full_the_pool_gives_back_what_it_is_given():
    pool = ImagePool(size=6)
    assert torch.equal(pool.exchange(numbered(0, 6)), numbered(0, 6))
    assert [int(image) for image in pool.images] == [0, 1, 2, 3, 4, 5]


def test_a_full_pool_gives_a_new_image_or_an_old_one_that_it_then_no_longer_holds():
    pool = ImagePool(size=5)
    pool.exchange(numbered(0, 5))
    for number in range(5, 300):
        before = [int(image) for image in pool.images]
        given = int(pool.exchange(numbered(number, 1)))
        after = [int(image) for image in pool.images]
        if given == number:
            assert after == before
        else:
            assert Counter(after) == Counter(before) - Counter([given]) + Counter([number])


def test_half_of_the_images_of_a_full_pool_are_old_and_each_place_is_as_likely():
    pool = ImagePool(size=4)
    pool.exchange(numbered(0, 4))
    places, old = Counter(), 0
    for number in range(4, 2004):
        before = [int(image) for image in pool.images]
        given = int(pool.exchange(numbered(number, 1)))
        if given != number:
            old += 1
            places[before.index(given)] += 1
    assert binomtest(old, 2000).pvalue > 0.01
    assert all(binomtest(places[place], old, 1 / 4).pvalue > 0.01 for place in range(4))


def test_what_comes_out_carries_no_gradient():
    images = torch.rand(3, 1, 2, 2, requires_grad=True)
    assert not ImagePool().exchange(images * 2).requires_grad


def test_a_pool_taken_up_from_a_state_goes_on_as_the_first():
    first, second = ImagePool(), ImagePool()
    first.exchange(numbered(0, POOL_SIZE))
    second.load_state_dict(first.state_dict())
    for pool in (first, second):
        torch.manual_seed(5)
        pool.exchange(numbered(100, 30))
    assert [int(image) for image in first.images] == [int(image) for image in second.images]


@pytest.mark.parametrize("size", [1, POOL_SIZE])
def test_the_pool_never_holds_more_than_its_size(size):
    pool = ImagePool(size)
    pool.exchange(numbered(0, 3 * size))
    assert len(pool.images) == size
