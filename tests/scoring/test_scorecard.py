"""Scorecards: real samples are near their nulls, damaged ones are not, and what is wrong is named."""

import json

import pytest
import torch

from gandiag.data import load_digits
from gandiag.errors import GandiagError
from gandiag.metrics.frechet import frechet_distance
from gandiag.metrics.moments import feature_statistics
from gandiag.scoring import resolve_extractor, score_samples

SEED = torch.Generator().manual_seed(0)
ORDER = torch.randperm(1797, generator=SEED)


@pytest.fixture(scope="module")
def halves():
    digits = load_digits()
    first, second = ORDER[:590], ORDER[590:]
    return digits.samples[first], digits.labels[first], digits.samples[second]


@pytest.fixture(scope="module")
def judge():
    return resolve_extractor("judge")


def by_metric(card):
    return {score.metric: score for score in card.scores}


def test_real_samples_are_within_their_nulls(halves, judge):
    fake, _, real = halves
    scores = by_metric(score_samples(fake, real, judge))
    assert scores["fid"].name == "fid_judge_n590"
    assert scores["modes"].value == 10
    for metric in ("fid", "precision", "recall", "kl_to_real", "inception_score", "vendi", "sharpness", "c_t"):
        excess = scores[metric].excess
        assert excess is None or abs(excess) < 5, (metric, scores[metric])
    assert scores["fid"].null_mean is not None


def test_kid_has_its_standard_error_and_a_null_of_real_samples_at_the_same_sizes(halves, judge):
    fake, labels, real = halves
    perfect, broken = (by_metric(score_samples(some, real, judge))["kid"] for some in (fake, fake[labels < 5]))
    assert (perfect.n_fake, perfect.n_real) == (len(fake), len(real) - len(fake))
    # Unbiased: the mean of 20 splits is 0 up to its own error.
    assert abs(perfect.null_mean) < 4 * perfect.null_std / 20**0.5
    assert abs(perfect.excess) < 4
    assert abs(perfect.value) < 4 * perfect.standard_error
    assert broken.excess > 10
    assert broken.value > 4 * broken.standard_error > 0


def test_the_frechet_distance_has_the_standard_error_of_samples_drawn_anew(halves, judge):
    fake, labels, real = halves
    broken = fake[labels < 5]
    score = by_metric(score_samples(broken, real[:300], judge))["fid"]  # too few reals for a split: all are compared
    features, reference = judge(broken).features, feature_statistics(judge(real[:300]).features)
    draw = torch.Generator().manual_seed(0)
    again = [torch.randint(len(broken), (len(broken),), generator=draw) for _ in range(100)]
    spread = torch.tensor([frechet_distance(reference, features[chosen]) for chosen in again]).std()
    assert score.standard_error == pytest.approx(float(spread), rel=0.3)
    assert by_metric(score_samples(fake[:70], real, judge))["fid"].standard_error is None


def test_without_enough_real_samples_for_a_split_the_null_of_kid_is_its_mean_alone(halves, judge):
    fake, _, real = halves
    kid = by_metric(score_samples(fake[:200], real[:300], judge))["kid"]
    assert (kid.null_mean, kid.null_std, kid.excess) == (0, None, None)
    assert kid.standard_error > 0
    assert kid.n_real == 300


def test_what_is_wrong_is_named(halves, judge):
    fake, labels, real = halves
    fake = fake[labels != 4]
    fake = torch.cat([fake, fake[:40], real[:30]])
    card = score_samples(fake, real, judge)
    scores = by_metric(card)
    assert card.attribution.missing_classes == (4,)
    assert scores["kl_to_real"].excess > 10
    assert scores["kl_from_real"].excess > 10
    assert {tuple(sorted(group)) for group in card.attribution.duplicate_groups} >= {(0, len(fake) - 70)}
    assert scores["duplicate_rate"].value > 0.1
    said = "\n".join(card.attribution.sentences())
    assert "Missing classes: 4" in said
    assert "repeat each other" in said
    json.loads(json.dumps(card.to_dict(), allow_nan=False))


def test_copies_name_the_real_sample(halves, judge):
    _, _, real = halves
    card = score_samples(real[:400], real, judge)
    assert by_metric(card)["c_t"].value < -3
    exact = [copy for copy in card.attribution.copies if copy.distance == 0]
    assert exact
    assert all(copy.sample == copy.real for copy in exact)


def test_without_real_samples_the_packaged_statistics_serve_and_the_rest_is_left_out(halves, judge):
    fake, _, _ = halves
    card = score_samples(fake, None, judge)
    assert {"fid", "modes", "inception_score"} <= by_metric(card).keys()
    assert any(reason.startswith("duplicates: needs --real") for reason in card.left_out)


def test_pixels_know_no_classes(halves):
    fake, _, real = halves
    card = score_samples(fake, real, resolve_extractor("pixels"))
    assert "precision" in by_metric(card)
    assert any("know no classes" in reason for reason in card.left_out)


def test_scoring_leaves_the_random_state_alone_and_repeats_itself(halves, judge):
    fake, _, real = halves
    before = torch.get_rng_state()
    first, second = (score_samples(fake[:100], real[:300], judge, seed=5) for _ in range(2))
    assert first == second
    assert torch.equal(torch.get_rng_state(), before)


def test_too_few_or_other_samples_are_one_sentence(halves, judge):
    fake, _, real = halves
    with pytest.raises(GandiagError, match="at least 64 generated and 128 real samples; got 10 generated"):
        score_samples(fake[:10], real, judge)
    with pytest.raises(GandiagError, match="give both in one size"):
        score_samples(fake, torch.zeros(200, 1, 8, 8), judge)
    with pytest.raises(GandiagError, match="28×28"):
        score_samples(torch.zeros(200, 3, 8, 8), None, judge)
    with pytest.raises(GandiagError, match="Unknown features 'vgg'"):
        resolve_extractor("vgg")
