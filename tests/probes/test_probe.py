"""Probes: rows from samples, against the real data as the same judge sees it."""

import numpy as np
import pytest
import torch
from torch import nn

import gandiag
from gandiag.data import load_digits, mixture_dataset, ring
from gandiag.errors import GandiagError
from gandiag.nets import MixtureJudge
from gandiag.probes import Probe, packaged_reference, reference_from_samples, resolve_judge, take_samples
from gandiag.probes.images import as_digits, as_pictures

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def digits():
    return load_digits()


@pytest.fixture
def probe(digits) -> Probe:
    judging = resolve_judge("mnist", CPU)
    return Probe(judging, reference_from_samples(digits.samples, judging))


def test_real_digits_look_real(probe, digits):
    row = probe.measure(digits.samples[:512])
    assert row["modes"] == 10
    assert row["diversity"] == pytest.approx(1, abs=0.05)
    assert row["kl_to_real"] < 0.05
    assert row["entropy"] == pytest.approx(np.log(10), abs=0.05)
    assert row["unsure_share"] < 0.1
    assert 0 <= row["fid_judge"] < 10
    assert abs(row["energy"]) < 0.01
    assert sum(row[f"class_{index}"] for index in range(10)) == pytest.approx(1)


def test_neighbours_are_probed_beside_enough_real_samples(probe, digits):
    """Every other of the thousand digits that the neighbourhoods are made of."""
    row = probe.measure(digits.samples[torch.linspace(0, len(digits) - 1, 1000).long()][::2])
    assert row["precision"] > 0.9
    assert row["recall"] > 0.9
    assert row["coverage"] > 0.5
    repeated = probe.measure(digits.samples[:64].repeat(4, 1, 1, 1))
    assert repeated["duplicate_rate"] == 1
    assert repeated["recall"] < row["recall"]


def test_one_class_alone_is_seen_as_missing_modes(probe, digits):
    threes = digits.samples[digits.labels == 3]
    row = probe.measure(threes)
    assert row["modes"] == 1
    assert row["class_3"] > 0.95
    assert row["kl_to_real"] > 1.5
    assert row["diversity"] < 0.7
    assert row["fid_judge"] > 100


def test_one_image_over_and_over_has_no_diversity(probe, digits):
    row = probe.measure(digits.samples[:1].expand(256, -1, -1, -1))
    assert row["diversity"] == pytest.approx(0, abs=1e-5)


def test_movement_is_measured_from_probe_to_probe(probe, digits):
    first, second = digits.samples[:200], digits.samples[200:400]
    assert "drift" not in probe.measure(first)
    still = probe.measure(first)
    assert still["drift"] == 0
    assert still["flip_rate"] == 0
    moved = probe.measure(second)
    changed = (digits.labels[:200] != digits.labels[200:400]).double().mean().item()
    assert moved["flip_rate"] == pytest.approx(changed, abs=0.03)
    assert moved["drift"] == pytest.approx(1, abs=0.1), "different digits are about a real distance apart"


def test_samples_that_are_not_finite_are_counted_and_not_judged(probe, digits):
    broken = digits.samples[:100].clone()
    broken[:25, 0, 3, 3] = torch.nan
    row = probe.measure(broken)
    assert row == {"samples": 100, "finite_share": 0.75}


def test_too_few_samples_give_no_plausible_number(probe, digits):
    assert probe.measure(digits.samples[:10]).keys() == {"samples", "finite_share"}


def test_a_perfect_ring_has_all_modes_and_the_expected_quality():
    dataset = mixture_dataset(ring())
    judging = resolve_judge(MixtureJudge(ring()), CPU)
    probe = Probe(judging, reference_from_samples(dataset.samples[:10_000], judging))
    row = probe.measure(dataset.samples[-4000:])
    assert row["modes"] == 8
    assert row["high_quality_share"] == pytest.approx(1 - np.exp(-4.5), abs=0.006)
    assert row["fid_judge"] == pytest.approx(0, abs=0.02)


def test_the_packaged_reference_is_the_measured_one(digits):
    judging = resolve_judge("mnist", CPU)
    packaged, measured = packaged_reference("digits"), reference_from_samples(digits.samples, judging)
    assert packaged is not None
    assert packaged.pairwise_distance == pytest.approx(measured.pairwise_distance, rel=1e-4)
    torch.testing.assert_close(packaged.statistics.covariance, measured.statistics.covariance, rtol=1e-3, atol=1e-4)
    assert packaged_reference("fashion_mnist") is None


def test_without_a_judge_samples_are_compared_as_they_are(digits):
    judging = resolve_judge(None, CPU)
    row = Probe(judging, reference_from_samples(digits.samples, judging)).measure(digits.samples[:300])
    assert row["diversity"] == pytest.approx(1, abs=0.05)
    assert not {"modes", "fid_judge", "class_0"} & row.keys()


def test_a_feature_extractor_names_no_classes(digits):
    class Features(nn.Module):
        num_features = 4

        def forward(self, images):
            return images.flatten(1)[:, 300:304]

    judging = resolve_judge(Features(), CPU)
    row = Probe(judging, reference_from_samples(digits.samples, judging)).measure(digits.samples[:300])
    assert "fid_judge" in row
    assert "modes" not in row


@pytest.mark.parametrize("judge", ["imagenet", 3, [nn.Linear(2, 2)]])
def test_an_unknown_judge_is_refused(judge):
    with pytest.raises(GandiagError, match="Unknown judge"):
        resolve_judge(judge, CPU)


@pytest.mark.parametrize("kind", ["tensor", "dataset", "loader", "loader without labels"])
def test_real_samples_come_from_whatever_holds_them(digits, kind):
    images, labels = digits.samples[:100], digits.labels[:100]
    dataset = torch.utils.data.TensorDataset(images, labels)
    given = {
        "tensor": images,
        "dataset": dataset,
        "loader": torch.utils.data.DataLoader(dataset, batch_size=32),
        "loader without labels": torch.utils.data.DataLoader(images, batch_size=32),  # type: ignore[arg-type]
    }[kind]
    state = torch.get_rng_state()
    assert torch.equal(take_samples(given, CPU), images)
    assert torch.equal(state, torch.get_rng_state())


def test_a_shuffling_loader_leaves_the_random_state(digits):
    loader = torch.utils.data.DataLoader(digits.samples[:100], batch_size=32, shuffle=True)  # type: ignore[arg-type]
    state = torch.get_rng_state()
    take_samples(loader, CPU)
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize(
    ("real", "message"),
    [
        (torch.zeros(1, 3), "at least two samples; got 1"),
        (torch.full((5, 3), torch.nan), "NaN or infinite"),
        ([], "empty loader"),
        ([("a", "b")], "must give tensors"),
        (7, "must be a tensor, a data set or a loader; got int"),
    ],
)
def test_bad_real_samples_are_one_sentence(real, message):
    with pytest.raises(GandiagError, match=message):
        take_samples(real, CPU)


def test_samples_are_brought_to_the_judges_form(digits):
    images = digits.samples[:80]
    torch.testing.assert_close(as_digits(images.flatten(1)), images)
    torch.testing.assert_close(as_digits(2 * images - 1), images)
    with pytest.raises(GandiagError, match="28×28"):
        as_digits(torch.zeros(5, 3, 32, 32))


def test_pictures_are_what_a_person_can_look_at(digits):
    assert as_pictures(digits.samples).shape == (64, 28, 28)
    assert as_pictures(torch.rand(5, 3, 8, 8)).shape == (5, 8, 8, 3)
    assert as_pictures(torch.randn(3000, 2)).shape == (2048, 2)
    assert as_pictures(torch.rand(5, 7)) is None


def test_an_attached_monitor_probes_at_the_same_inputs_and_compares_with_the_loops_own_real_samples(make_gan):
    generator, discriminator, step = make_gan()
    with gandiag.attach(generator, discriminator, every=10) as monitor:
        for _ in range(60):
            step()
    probes = monitor.recording.probes
    assert len(probes) >= 3
    assert probes["diversity"].notna().all()
    assert (probes["drift"].dropna() < 0.5).all(), "at other inputs the samples would seem to move"


@pytest.fixture
def make_gan():
    def make():
        generator, discriminator = nn.Linear(4, 6), nn.Linear(6, 1)
        optimizers = [torch.optim.SGD(m.parameters(), lr=1e-3) for m in (generator, discriminator)]

        def step() -> None:
            real, fake = torch.randn(32, 6), generator(torch.randn(32, 4))
            optimizers[1].zero_grad()
            (discriminator(fake.detach()).mean() - discriminator(real).mean()).backward()
            optimizers[1].step()
            optimizers[0].zero_grad()
            (-discriminator(fake).mean()).backward()
            optimizers[0].step()

        return generator, discriminator, step

    return make


def test_sorted_data_is_known_as_a_whole(digits):
    """Data sets often come sorted by class, and the first thousands are of one class then."""
    many = digits.samples[digits.labels.argsort()].repeat_interleave(3, dim=0)
    judging = resolve_judge("mnist", CPU)
    sorted_, shuffled = (
        reference_from_samples(samples, judging)
        for samples in (many, many[torch.randperm(len(many), generator=torch.Generator().manual_seed(0))])
    )
    assert sorted_.pairwise_distance == pytest.approx(shuffled.pairwise_distance, rel=0.02)
    assert Probe(judging, sorted_).measure(digits.samples[:512])["energy"] < 0.02


def test_without_a_judge_clusters_stand_for_classes(digits):
    judging = resolve_judge(None, CPU)
    probe = Probe(judging, reference_from_samples(digits.samples, judging))
    assert probe.measure(digits.samples[:512])["cluster_coverage"] == 1
    three_classes = digits.samples[digits.labels < 3]
    assert 0.1 < probe.measure(three_classes)["cluster_coverage"] < 0.6
    assert probe.measure(digits.samples[:1].expand(64, -1, -1, -1))["cluster_coverage"] == 0.05


def test_with_a_judge_of_classes_there_are_no_clusters(probe, digits):
    assert "cluster_coverage" not in probe.measure(digits.samples[:512])


def test_every_mode_of_a_ring_is_a_cluster_of_its_own():
    data = mixture_dataset(ring(), 2000)
    judging = resolve_judge(None, CPU)
    probe = Probe(judging, reference_from_samples(data.samples, judging))
    half = data.samples[data.samples[:, 0] > 0]
    assert probe.measure(data.samples[:512])["cluster_coverage"] == 1
    assert probe.measure(half)["cluster_coverage"] == pytest.approx(0.5, abs=0.15)


def test_data_of_a_few_points_has_as_many_clusters():
    points = torch.eye(3).repeat(200, 1)
    judging = resolve_judge(None, CPU)
    probe = Probe(judging, reference_from_samples(points, judging))
    assert probe.measure(points[:300])["cluster_coverage"] == 1
    assert probe.measure(points[:1].expand(300, -1))["cluster_coverage"] == pytest.approx(1 / 3)
