"""What is made of each class: fidelity, information and diversity, against numbers known in closed form."""

import math

import pytest
import torch
from scipy.spatial.distance import pdist
from sklearn.metrics import mutual_info_score

from gandiag.data import load_digits
from gandiag.probes import Probe, packaged_reference, reference_from_samples, resolve_judge
from gandiag.probes.classes import Labels, class_diversity, fidelity

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def digits():
    return load_digits()


@pytest.fixture(scope="module")
def probe(digits) -> Probe:
    judging = resolve_judge("mnist", CPU)
    return Probe(judging, reference_from_samples(digits.samples, judging))


def of_class(digits, index: int, count: int) -> torch.Tensor:
    return digits.samples[digits.labels == index][:count]


def test_information_is_what_scikit_learn_says():
    generator = torch.Generator().manual_seed(0)
    asked = torch.randint(4, (300,), generator=generator)
    judged = torch.where(torch.rand(300, generator=generator) < 0.6, asked, (asked + 1) % 4)
    row = fidelity(Labels(asked, 4), judged)
    shares = asked.bincount().double() / 300
    expected = mutual_info_score(asked, judged) / float(-(shares * shares.log()).sum())
    assert row["label_information"] == pytest.approx(expected, rel=1e-9)
    assert row["label_fidelity"] == pytest.approx((asked == judged).double().mean().item())
    assert row["fidelity_class_2"] == pytest.approx((judged[asked == 2] == 2).double().mean().item())


def test_ignored_and_exchanged_labels_are_told_apart():
    asked = torch.arange(5).repeat(40)
    ignored = fidelity(Labels(asked, 5), torch.arange(5).repeat_interleave(40))
    exchanged = fidelity(Labels(asked, 5), (asked + 1) % 5)
    assert ignored["label_fidelity"] == pytest.approx(0.2)
    assert ignored["label_information"] == pytest.approx(0, abs=1e-9)
    assert exchanged["label_fidelity"] == 0
    assert exchanged["label_information"] == pytest.approx(1)
    assert [exchanged[f"judged_as_class_{index}"] for index in range(5)] == [1, 2, 3, 4, 0]


def test_a_class_that_was_hardly_asked_for_is_not_judged():
    asked = Labels(torch.tensor([0] * 20 + [1] * 7), 2)
    row = fidelity(asked, asked.classes)
    assert row["fidelity_class_0"] == 1
    assert math.isnan(row["fidelity_class_1"])
    assert math.isnan(row["judged_as_class_1"])
    diversity = class_diversity(torch.randn(27, 3), asked, 1.0)
    assert math.isnan(diversity["diversity_class_1"])


def test_diversity_within_a_class_is_relative_to_the_same_class_of_real_samples(probe, digits):
    samples = torch.cat([of_class(digits, 3, 30), of_class(digits, 5, 30)])
    asked = Labels(torch.tensor([3] * 30 + [5] * 30 + [9] * 4), 10)
    row = probe.measure(torch.cat([samples, of_class(digits, 9, 4)]), asked)
    features = probe.judging(samples[:30]).features.double().numpy()
    real = float(probe.reference.class_distances[3])
    assert row["diversity_class_3"] == pytest.approx(pdist(features).mean() / real, rel=1e-5)
    assert row["diversity_class_3"] == pytest.approx(1, abs=0.15)
    assert math.isnan(row["diversity_class_9"])


def test_one_image_a_class_is_seen_although_all_classes_are_there(probe, digits):
    samples = torch.cat([of_class(digits, index, 1).expand(20, -1, -1, -1) for index in range(10)])
    row = probe.measure(samples)
    assert row["modes"] == 10
    assert row["diversity"] > 0.8
    assert max(row[f"diversity_class_{index}"] for index in range(10)) < 1e-5


def test_samples_as_asked_and_not(probe, digits):
    asked = Labels(digits.labels[:500], 10)
    right = probe.measure(digits.samples[:500], asked)
    wrong = probe.measure(digits.samples[:500], Labels((asked.classes + 1) % 10, 10))
    assert right["label_fidelity"] > 0.95
    assert right["label_information"] > 0.9
    assert wrong["label_fidelity"] < 0.05
    assert wrong["judged_as_class_4"] == 3


def test_labels_of_other_classes_than_the_judges_say_nothing_of_fidelity(probe, digits):
    row = probe.measure(digits.samples[:200], Labels(digits.labels[:200] % 3, 3))
    assert "label_fidelity" not in row
    # With no real samples of these classes, the distance of any two real samples is the scale.
    features = probe.judging(digits.samples[:200]).features[digits.labels[:200] % 3 == 0].double().numpy()
    assert row["diversity_class_0"] == pytest.approx(pdist(features).mean() / probe.reference.pairwise_distance)


def test_labels_are_of_use_without_a_judge(digits):
    judging = resolve_judge(None, CPU)
    row = Probe(judging, reference_from_samples(digits.samples, judging)).measure(
        digits.samples[:300], Labels(digits.labels[:300], 10)
    )
    assert 0.3 < row["diversity_class_0"] < 1
    assert "label_fidelity" not in row


def test_the_packaged_distances_within_classes_are_those_measured_again(digits):
    measured = reference_from_samples(digits.samples, resolve_judge("mnist", CPU)).class_distances
    packaged = packaged_reference("digits").class_distances
    # Packaged are those of the true classes; the judge errs on a few.
    torch.testing.assert_close(packaged, measured, rtol=0.06, atol=0)
