"""The census counts what a generator makes, whatever it is, and leaves no trace in the training."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from gandiag.data import Dataset, load_dataset, load_digits, stacked
from gandiag.errors import GandiagError
from gandiag.metrics import kl_divergence
from gandiag.training import Players, TrainingConfig, census, train
from gandiag.training.census import digit_shares
from gandiag.training.players import build_players

POINTS = TrainingConfig(dataset="ring", model="mlp", iterations=5)


class Copies(nn.Module):
    """A generator that makes the given samples again and again, whatever its noise."""

    def __init__(self, samples: Tensor) -> None:
        super().__init__()
        self.samples, self.made = samples, 0

    def forward(self, noise: Tensor) -> Tensor:
        chosen = torch.arange(self.made, self.made + len(noise)) % len(self.samples)
        self.made += len(noise)
        return self.samples[chosen]


def copying(samples: Tensor) -> Players:
    return replace(build_players(POINTS, (2,), torch.device("cpu")), generator=Copies(samples))


@pytest.fixture(scope="module")
def stacked_digits() -> Dataset:
    return stacked(load_digits(), "stacked_digits")


@pytest.mark.parametrize(("dataset", "modes"), [("ring", 8), ("grid", 25)])
@pytest.mark.parametrize("made", [1, 3, 8])
def test_points_of_exactly_k_modes(dataset, modes, made):
    """KL of k of K modes, each equally often, to the even distribution: ln(K / k)."""
    data = load_dataset(dataset)
    row = census(copying(data.mixture.centers[:made]), data, 2400)
    assert row["census_modes"] == made
    assert row["census_coverage"] == made / modes
    assert row["census_high_quality_share"] == 1
    assert row["census_kl_to_real"] == pytest.approx(math.log(modes / made), abs=1e-5)


def test_half_of_the_points_between_the_modes():
    data = load_dataset("ring")
    row = census(copying(torch.cat([data.mixture.centers, torch.zeros(8, 2)])), data, 2400)
    assert (row["census_modes"], row["census_high_quality_share"], row["census_kl_to_real"]) == (8, 0.5, 0)


def test_no_point_of_high_quality_is_no_mode():
    row = census(copying(torch.full((4, 2), math.nan)), load_dataset("ring"), 2400)
    assert row["census_modes"] == row["census_high_quality_share"] == 0
    assert math.isnan(row["census_kl_to_real"])


@pytest.mark.slow
@pytest.mark.parametrize("kept", [[3], [0, 1, 7]], ids=["one digit", "three digits"])
def test_real_triples_of_some_digits_alone(stacked_digits, kept):
    """All but what the judge mistakes lies in the k³ modes, and its KL is that of their shares."""
    digits = torch.stack([stacked_digits.labels // place % 10 for place in (100, 10, 1)], dim=1)
    own = torch.isin(digits, torch.tensor(kept)).all(dim=1)
    row = census(copying(stacked_digits.samples[own]), stacked_digits, 15_000)
    assert row["census_corrected_modes"] == pytest.approx(len(kept) ** 3, abs=2)
    assert row["census_modes"] < len(kept) ** 3 + 30
    made = stacked_digits.labels[own][torch.arange(15_000) % int(own.sum())].bincount(minlength=1000) / 15_000
    single = digits.flatten().bincount(minlength=10).double() / digits.numel()
    real = torch.einsum("i,j,k->ijk", single, single, single).flatten()
    assert row["census_kl_to_real"] == pytest.approx(kl_divergence(made.double(), real), rel=0.03)
    assert row["census_unsure_share"] < 0.03


@pytest.mark.slow
def test_the_real_data_itself_has_all_thousand_modes(stacked_digits):
    """Its 10,000 triples are themselves a draw, whose KL to what it is from is part of what is found."""
    row = census(copying(stacked_digits.samples), stacked_digits, 20_000)
    assert row["census_modes"] == pytest.approx(1000, abs=2)
    assert row["census_corrected_modes"] == pytest.approx(1000, abs=20)
    assert row["census_kl_null"] == pytest.approx(999 / 40_000)
    assert row["census_kl_to_real"] == pytest.approx(999 / 20_000, rel=0.15)  # each twice: no further than 10,000 are


def test_images_that_are_not_finite_are_no_mode(stacked_digits):
    row = census(copying(torch.full((4, 3, 28, 28), math.nan)), stacked_digits, 15_000)
    assert row["census_modes"] == 0
    assert math.isnan(row["census_kl_to_real"])


def test_shares_of_digits_are_those_of_the_channels():
    labels = torch.tensor([123, 111, 999, 0])
    shares = digit_shares(Dataset("stacked_digits", torch.zeros(4, 3, 28, 28), labels))
    assert (12 * shares).tolist() == [3, 4, 1, 1, 0, 0, 0, 0, 0, 3]


def test_networks_and_random_states_stay_as_they_are():
    data = load_dataset("ring")
    players = train(replace(POINTS, model="mlp_batch_norm"), data).players
    before, random = {k: v.clone() for k, v in players.generator.state_dict().items()}, torch.get_rng_state()
    modes = [part.training for part in players.generator.modules()]
    first = census(players, data, 2500, seed=1)
    assert torch.equal(random, torch.get_rng_state())
    assert all(torch.equal(value, before[name]) for name, value in players.generator.state_dict().items())
    assert modes == [part.training for part in players.generator.modules()]
    torch.rand(3)
    again, other = census(players, data, 2500, seed=1), census(players, data, 2500, seed=2)
    assert str(first) == str(again)
    assert str(first) != str(other) or first["census_modes"] == 0


@pytest.mark.parametrize(
    ("dataset", "count", "reason"),
    [
        ("mnist", 26_000, "The modes of 'mnist' cannot be counted"),
        ("grid", 249, "needs at least 250 samples; got 249"),
        ("stacked_mnist", 2500, "needs at least 15,000 samples; got 2,500"),
    ],
)
def test_a_census_that_cannot_be_taken_is_one_sentence(dataset, count, reason):
    data = replace(load_dataset("ring"), name=dataset)
    with pytest.raises(GandiagError, match=reason):
        census(copying(torch.zeros(1, 2)), data, count)
