"""A data set by name, and the refusal of data that no GAN could learn from."""

import math

import pytest
import torch
import torchvision

from gandiag.data import CLASS_NAMES, DATASETS, Dataset, Mixture, catalogue, check_samples, load_dataset
from gandiag.errors import GandiagError

MADE_ON_THE_SPOT = {
    "digits": (1797, (1, 28, 28)),
    "ring": (50_000, (2,)),
    "grid": (50_000, (2,)),
    "dirac": (10_000, (2,)),
}


def test_every_named_data_set_is_made_on_the_spot_or_read_from_archives() -> None:
    put_together = {"labelled_digits", "stacked_digits", "stacked_mnist"}  # tests/data/test_put_together.py
    assert set(DATASETS) == {*MADE_ON_THE_SPOT, *put_together, "mnist", "fashion_mnist", "cifar10"}


@pytest.mark.parametrize("name", MADE_ON_THE_SPOT)
def test_a_data_set_that_needs_no_download_loads_by_name(name: str) -> None:
    dataset = load_dataset(name)
    assert dataset.name == name
    assert (len(dataset), dataset.sample_shape) == MADE_ON_THE_SPOT[name]
    assert dataset.labels.shape == (len(dataset),)
    assert dataset.samples.dtype == torch.float32
    assert (dataset.mixture is None) == (name in ("digits", "dirac"))


def test_an_unknown_data_set_is_refused_in_one_sentence_that_lists_the_choices() -> None:
    with pytest.raises(GandiagError) as refusal:
        load_dataset("imagenet")
    assert "'imagenet'" in str(refusal.value)
    assert all(name in str(refusal.value) for name in DATASETS)
    assert "\n" not in str(refusal.value)


def test_garments_are_called_what_torchvision_calls_them() -> None:
    assert list(CLASS_NAMES["fashion_mnist"]) == torchvision.datasets.FashionMNIST.classes


@pytest.mark.parametrize("shape", [(0, 2), (0, 1, 28, 28)])
def test_an_empty_data_set_is_refused_by_name(shape: tuple[int, ...]) -> None:
    with pytest.raises(GandiagError, match=r"'mine' holds no samples"):
        check_samples(torch.zeros(shape), "mine")


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("shape", [(9, 2), (9, 1, 28, 28), (9, 3, 4, 4)])
def test_values_that_are_not_finite_are_counted_and_the_first_bad_sample_is_named(
    shape: tuple[int, ...], bad: float
) -> None:
    samples = torch.rand(shape)
    samples[5].view(-1)[-1] = bad
    samples[7].view(-1)[0] = bad
    samples[7].view(-1)[1] = bad
    with pytest.raises(GandiagError, match=r"'mine'.*in 2 of 9 samples \(the first is sample 5\)"):
        check_samples(samples, "mine")


def test_sound_data_passes() -> None:
    check_samples(torch.rand(1, 2), "mine")
    check_samples(torch.full((3, 1, 28, 28), 1e30), "mine")


def test_load_dataset_refuses_bad_data_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "ring", lambda: Mixture("ring", torch.zeros(1, 2), math.nan))
    with pytest.raises(GandiagError, match=r"'ring' holds NaN.*the first is sample 0"):
        load_dataset("ring")


def test_moving_a_data_set_moves_its_tensors_and_keeps_the_rest() -> None:
    mixture = Mixture("pair", torch.zeros(2, 2), 0.1)
    dataset = Dataset("mine", torch.rand(4, 2), torch.arange(4), mixture)
    moved = dataset.to("meta")
    assert moved.samples.device.type == moved.labels.device.type == "meta"
    assert dataset.samples.device.type == "cpu"
    assert (moved.name, moved.mixture, len(moved), moved.sample_shape) == ("mine", mixture, 4, (2,))
