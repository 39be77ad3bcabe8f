"""The cheap panel: its statistics against loops, its bounds against real samples, and each failure by what sees it."""

import math

import numpy as np
import pytest
import scipy.stats
import torch

from gandiag.data import Dataset, load_dataset
from gandiag.data.damage import perfect, planted_failures
from gandiag.errors import TooFewSamples
from gandiag.metrics.panel import MARGINS, calibrate_panel, measure_panel, panel_reference
from gandiag.nets import load_judge


def blobs(count: int, seed: int, spread: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
    """Points of three classes, far apart, in four dimensions."""
    draw = torch.Generator().manual_seed(seed)
    classes = torch.randint(3, (count,), generator=draw)
    return 20.0 * classes[:, None] + spread * torch.randn(count, 4, generator=draw), classes


HELD_OUT, HELD_OUT_CLASSES = blobs(1500, 0)
TRAIN, _ = blobs(1000, 1)
REFERENCE = panel_reference(HELD_OUT, HELD_OUT_CLASSES, 3, TRAIN)
BOUNDS = calibrate_panel(REFERENCE, *blobs(4000, 2), samples=200, draws=60)


def apart(first: torch.Tensor, second: torch.Tensor) -> np.ndarray:
    return np.linalg.norm(first.double().numpy()[:, None] - second.double().numpy()[None], axis=2)


def test_the_statistics_are_their_definitions():
    fake, classes = blobs(100, 3, spread=1.2)
    values = measure_panel(REFERENCE, fake, classes)
    between, own = apart(HELD_OUT, fake), apart(fake, fake)
    real_radii, fake_radii = np.sort(apart(HELD_OUT, HELD_OUT), axis=1)[:, 5], np.sort(own, axis=1)[:, 5]
    assert values.recall == pytest.approx((between <= fake_radii).any(axis=1).mean(), abs=1e-9)
    assert values.coverage == pytest.approx((between.min(axis=1) <= real_radii).mean(), abs=1e-9)
    assert values.precision == pytest.approx((between <= real_radii[:, None]).any(axis=0).mean(), abs=1e-9)
    shares, expected = np.bincount(classes, minlength=3) / 100, np.bincount(HELD_OUT_CLASSES, minlength=3) / 1500
    assert values.histogram_kl == pytest.approx(float((shares * np.log(shares / expected)).sum()))
    ranks = scipy.stats.mannwhitneyu(apart(HELD_OUT, TRAIN).min(axis=1), apart(fake, TRAIN).min(axis=1))
    assert values.copying == pytest.approx(ranks.statistic / (1500 * 100))


def test_a_tight_generator_is_precise_and_recalls_little_and_a_wide_one_the_reverse():
    tight, wide = (measure_panel(REFERENCE, *blobs(300, 4, spread)) for spread in (0.3, 3.0))
    assert tight.precision > 0.99 > 0.5 > tight.recall
    assert wide.recall > 0.95 > 0.5 > wide.precision


def test_real_samples_keep_the_bounds_and_damaged_ones_do_not():
    quiet = [BOUNDS.alarms(measure_panel(REFERENCE, *blobs(200, seed))) for seed in range(100, 160)]
    assert sum(bool(found) for found in quiet) <= 7, "5 % of 60 is 3; 8 and more has a chance of 1 %"
    fake, classes = blobs(200, 5)
    left = (classes != 1).nonzero().flatten().repeat(2)[:200]
    assert "histogram_kl" in BOUNDS.alarms(measure_panel(REFERENCE, fake[left], classes[left]))
    few = fake[:20].repeat(10, 1), classes[:20].repeat(10)
    assert "duplicate_rate" in BOUNDS.alarms(measure_panel(REFERENCE, *few))
    copies = TRAIN[:200], torch.arange(200) % 3
    assert "copying" in BOUNDS.alarms(measure_panel(REFERENCE, *copies))


def test_a_difference_within_the_margin_raises_no_alarm_however_sure_it_is():
    for bound in BOUNDS.bounds:
        assert abs(bound.threshold - bound.null_mean) >= MARGINS[bound.statistic]
        assert not bound.crossed_by(bound.null_mean)
        assert not bound.crossed_by(math.nan)


def test_without_classes_or_training_images_what_needs_them_is_left_out():
    reference = panel_reference(HELD_OUT, None, 3, None)
    values = measure_panel(reference, blobs(200, 6)[0], None)
    assert math.isnan(values.histogram_kl)
    assert math.isnan(values.copying)
    bounds = calibrate_panel(reference, blobs(1000, 7)[0], None, samples=200, draws=10)
    assert not {"histogram_kl", "copying"} & set(bounds.alarms(values))


def test_exact_duplicates_are_found_far_from_the_origin():
    fake, classes = blobs(100, 8)
    far = panel_reference(HELD_OUT + 1000, HELD_OUT_CLASSES, 3, None)
    values = measure_panel(far, torch.cat([fake, fake]) + 1000, torch.cat([classes, classes]))
    assert values.duplicate_rate == 1


def test_nothing_is_drawn_from_the_global_random_state_and_the_seed_fixes_the_bounds():
    before = torch.get_rng_state()
    again = [calibrate_panel(REFERENCE, *blobs(500, 9), samples=100, draws=5, seed=3) for _ in range(2)]
    assert again[0] == again[1]
    assert torch.equal(torch.get_rng_state(), before)


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(TooFewSamples, match="at least 64 generated samples; got 63"):
        measure_panel(REFERENCE, HELD_OUT[:63], None)
    with pytest.raises(TooFewSamples, match="at least 500 held-out"):
        panel_reference(HELD_OUT[:499], None, 3, None)
    with pytest.raises(TooFewSamples, match="needs 400 real ones; got 399"):
        calibrate_panel(REFERENCE, HELD_OUT[:399], HELD_OUT_CLASSES[:399], samples=200)
    with pytest.raises(ValueError, match="not finite"):
        measure_panel(REFERENCE, torch.full((100, 4), torch.nan), None)
    with pytest.raises(ValueError, match="dimension"):
        measure_panel(REFERENCE, torch.zeros(100, 5), None)
    with pytest.raises(ValueError, match="for 200 samples"):
        BOUNDS.alarms(measure_panel(REFERENCE, *blobs(100, 10)))


@pytest.mark.slow
def test_every_planted_failure_is_found_on_mnist(mnist_dir):
    """A spot check of reports/metrics/panel.csv: ten draws of each failure at 256 samples, on a split of its own."""
    dataset, judge = load_dataset("mnist", mnist_dir), load_judge()
    order = torch.randperm(len(dataset), generator=torch.Generator().manual_seed(7))[:24_000]
    images, labels = dataset.samples[order], dataset.labels[order]
    with torch.no_grad():
        features = torch.cat([judge.features(batch) for batch in images.split(1000)])

    def seen(some: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return some, judge.head(some).argmax(dim=1)

    train, held_out, calibration, _ = features.split(6000)
    reference = panel_reference(*seen(held_out), 10, train)
    bounds = calibrate_panel(reference, *seen(calibration), samples=256, draws=60)
    source = Dataset("evaluation", images[18_000:], labels[18_000:])
    known = Dataset("train", images[:6000], labels[:6000])
    rates = {}
    for name, damage in {"none": perfect, **planted_failures(known)}.items():
        found = []
        for seed in range(10):
            made = damage(source, 256, torch.Generator().manual_seed(seed))
            with torch.no_grad():
                found.append(bool(bounds.alarms(measure_panel(reference, *seen(judge.features(made))))))
        rates[name] = sum(found) / 10
    assert rates.pop("none") <= 0.3
    assert min(rates.values()) >= 0.5, rates
