"""The packaged judge is what its card says, and so are the statistics packaged beside it."""

import hashlib
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load as load_safetensors
from scipy.spatial.distance import pdist

from gandiag.data import Dataset, load_idx_dataset, places
from gandiag.nets import Judge, judge_card, load_judge, real_statistics

SETS = {"mnist": 60_000, "digits": 1797}


def packaged(name: str) -> bytes:
    return resources.files("gandiag").joinpath("weights", name).read_bytes()


@torch.no_grad()
def confusion(judge: Judge, samples: torch.Tensor, labels: torch.Tensor) -> np.ndarray:
    """Counts; rows are true classes, columns predicted ones."""
    predicted = torch.cat([judge(batch).argmax(dim=1) for batch in samples.split(1000)])
    counts = np.zeros((10, 10), dtype=int)
    np.add.at(counts, (labels.numpy(), predicted.numpy()), 1)
    return counts


def test_the_weights_are_small_and_are_those_that_the_card_describes() -> None:
    weights = packaged("mnist_judge.safetensors")
    assert len(weights) <= 2 * 2**20
    assert hashlib.sha256(weights).hexdigest() == judge_card()["sha256"]
    assert sum(parameter.numel() for parameter in Judge().parameters()) == judge_card()["parameters"]


def test_loading_the_judge_draws_no_random_number() -> None:
    before = torch.get_rng_state()
    load_judge()
    assert torch.equal(torch.get_rng_state(), before)


def test_the_judge_arrives_in_evaluation_mode_and_frozen() -> None:
    judge = load_judge()
    assert not any(module.training for module in judge.modules())
    assert not any(parameter.requires_grad for parameter in judge.parameters())


def test_the_loaded_judge_is_the_trained_network(packaged_judge: Judge, all_digits: Dataset) -> None:
    trained = Judge().eval()
    trained.load_state_dict(load_safetensors(packaged("mnist_judge.safetensors")))
    images = all_digits.samples[:200]
    expected, before = trained.features(images).detach(), images.clone()
    torch.testing.assert_close(packaged_judge.features(images), expected, rtol=1e-5, atol=1e-5 * float(expected.max()))
    assert torch.equal(packaged_judge(images).argmax(dim=1), trained(images).argmax(dim=1))
    assert torch.equal(images, before)


def test_loading_the_judge_leaves_no_other_judge_changed() -> None:
    first, second = load_judge(), load_judge()
    first.head.weight.zero_()
    assert float(second.head.weight.abs().sum()) > 0


def test_on_digits_it_never_saw_the_judge_is_as_good_as_its_card_says(
    packaged_judge: Judge, all_digits: Dataset
) -> None:
    # Halved exactly as studies/train_judge.py halves them.
    order = torch.randperm(len(all_digits), generator=torch.Generator().manual_seed(judge_card()["seed"]))
    held_out = order[len(all_digits) // 2 :]
    counts = confusion(packaged_judge, all_digits.samples[held_out], all_digits.labels[held_out])
    accuracy = counts.trace() / counts.sum()
    assert accuracy >= 0.95
    assert counts.sum() == judge_card()["digits_held_out"] == 899
    assert accuracy == pytest.approx(judge_card()["accuracy_digits_held_out"], abs=1e-12)
    assert counts.tolist() == judge_card()["confusion_digits_held_out"]


def test_on_mnists_test_set_the_judge_is_as_good_as_its_card_says(
    mnist_dir: Path, packaged_judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "user_cache", lambda: tmp_path)
    test = load_idx_dataset("mnist", "test", mnist_dir)
    counts = confusion(packaged_judge, test.samples, test.labels)
    accuracy = counts.trace() / counts.sum()
    assert accuracy >= 0.994
    assert accuracy == pytest.approx(judge_card()["accuracy_mnist_test"], abs=1e-12)
    assert counts.tolist() == judge_card()["confusion_mnist_test"]


def test_the_cards_numbers_agree_with_one_another() -> None:
    card = judge_card()
    for name in ("mnist_test", "digits_held_out"):
        counts = np.array(card[f"confusion_{name}"])
        assert card[f"accuracy_{name}"] == pytest.approx(counts.trace() / counts.sum())
    assert np.array(card["confusion_mnist_test"]).sum() == 10_000


def test_the_logits_are_the_head_on_the_features(packaged_judge: Judge, all_digits: Dataset) -> None:
    images = all_digits.samples[:7]
    features = packaged_judge.features(images)
    assert features.shape == (7, 64)
    logits = features @ packaged_judge.head.weight.T + packaged_judge.head.bias
    torch.testing.assert_close(packaged_judge(images), logits, rtol=1e-5, atol=1e-5)


def test_an_image_is_judged_the_same_alone_and_in_company(packaged_judge: Judge, all_digits: Dataset) -> None:
    together = packaged_judge(all_digits.samples[:16])
    alone = torch.cat([packaged_judge(image) for image in all_digits.samples[:16].split(1)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", SETS)
def test_the_packaged_statistics_are_sound(name: str) -> None:
    statistics = real_statistics(name)
    assert statistics is not None
    assert set(statistics) == {"count", "mean", "covariance", "class_shares", "pairwise_distance", "class_distances"}
    assert {value.dtype for value in statistics.values()} == {torch.float64}
    assert int(statistics["count"]) == SETS[name]
    assert statistics["mean"].shape == (64,)
    covariance = statistics["covariance"].numpy()
    np.testing.assert_allclose(covariance, covariance.T, rtol=0, atol=1e-12 * covariance.max())
    assert np.linalg.eigvalsh(covariance).min() >= -1e-10 * covariance.trace()
    assert covariance.trace() > 0
    assert float(statistics["class_shares"].sum()) == pytest.approx(1, abs=1e-12)
    assert statistics["class_shares"].shape == (10,)
    assert float(statistics["pairwise_distance"]) > 0


def test_the_packaged_class_shares_of_mnist_are_its_known_counts() -> None:
    known = np.array([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]) / 60_000
    np.testing.assert_allclose(real_statistics("mnist")["class_shares"], known, rtol=1e-12)


def test_the_packaged_statistics_of_the_digits_are_those_measured_again(
    packaged_judge: Judge, all_digits: Dataset
) -> None:
    features = torch.cat([packaged_judge.features(batch) for batch in all_digits.samples.split(500)]).double().numpy()
    statistics = real_statistics("digits")
    # Features are float32 and depend in their last digits on the machine.
    np.testing.assert_allclose(statistics["mean"], features.mean(axis=0), rtol=1e-4, atol=1e-4)
    covariance = np.cov(features, rowvar=False)
    np.testing.assert_allclose(statistics["covariance"], covariance, rtol=1e-3, atol=1e-4 * covariance.max())
    shares = np.bincount(all_digits.labels) / len(all_digits)
    np.testing.assert_allclose(statistics["class_shares"], shares, rtol=1e-12)
    assert float(statistics["pairwise_distance"]) == pytest.approx(pdist(features).mean(), rel=1e-4)


@pytest.mark.parametrize("name", ["fashion_mnist", "digit", "", "mnist.mean"])
def test_there_are_no_statistics_of_other_sets(name: str) -> None:
    assert real_statistics(name) is None
