"""Stacked and labelled digits as samples of a distribution."""

import torch

from gandiag.data import Dataset, labelled, load_dataset, load_digits, stacked


def test_the_three_channels_are_drawn_apart_from_one_another() -> None:
    labels = load_dataset("stacked_digits").labels
    for place in (1, 10, 100):
        shares = torch.bincount(labels // place % 10, minlength=10) / len(labels)
        # Of 10,000 draws a share of 0.1 has a standard deviation of 0.003.
        assert float((shares - 0.1).abs().max()) < 0.02
    pairs = torch.bincount(labels // 10, minlength=100) / len(labels)
    assert float((pairs - 0.01).abs().max()) < 0.006


def test_a_seed_fixes_the_triples_and_the_global_random_state_is_not_touched() -> None:
    digits, state = load_digits(), torch.get_rng_state()
    first, again, other = (stacked(digits, "stacked_digits", count=20, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first.samples, again.samples)
    assert not torch.equal(first.labels, other.labels)
    assert torch.equal(torch.get_rng_state(), state)


def test_writing_labels_in_leaves_the_given_digits_as_they_were() -> None:
    digits = Dataset("digits", torch.zeros(3, 1, 28, 28), torch.tensor([0, 1, 2]))
    assert labelled(digits, "labelled_digits").samples.sum() == 3
    assert not digits.samples.any()
