"""The studies that are no grid of runs: their measures against references, and a whole small run."""

import json
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.ndimage import median_filter

from gandiag.data import load_dataset
from gandiag.training import TrainingConfig
from gandiag.training.players import build_players

STUDIES = Path(__file__).parents[2] / "studies"


@pytest.fixture(scope="module")
def vanishing():
    return runpy.run_path(str(STUDIES / "vanishing_gradients.py"))


@pytest.fixture(scope="module")
def autoencoder():
    return runpy.run_path(str(STUDIES / "gan_against_autoencoder.py"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vanishing_gradients", "gan_against_autoencoder", "conditional"])
def test_the_smoke_leaves_its_tables_its_picture_and_where_it_is_from(name, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", [name, "--smoke", "--out", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(STUDIES / f"{name}.py"), run_name="__main__")
    assert ended.value.code == 0
    assert len(pd.read_csv(tmp_path / "summary.csv"))
    assert (tmp_path / f"{name}.png").exists()
    if name != "conditional":
        assert json.loads((tmp_path / "manifest.json").read_text())["question"].endswith("?")
        page = (tmp_path / "index.html").read_text()
        assert "nan" not in page.split("<table")[1].split("</table")[0]  # one seed gives no interval
        assert "[nan" not in page


def test_the_generators_gradients_are_those_of_the_losses_in_the_papers_form(vanishing):
    dataset = load_dataset("digits")
    torch.manual_seed(0)
    players = build_players(TrainingConfig(), dataset.sample_shape, torch.device("cpu"))
    torch.manual_seed(1)
    found = vanishing["measured"](players, players.generator, dataset)

    torch.manual_seed(1)
    noise = players.noise(vanishing["MEASURED"])
    probability = torch.sigmoid(players.discriminator(players.generator(noise)))
    for name, loss in {
        "minimax": (1 - probability).log().mean(),
        "non_saturating": -probability.log().mean(),
    }.items():
        players.generator.zero_grad()
        loss.backward(retain_graph=True)
        squares = sum(float(one.grad.double().square().sum()) for one in players.generator.parameters())
        assert found[name] == pytest.approx(squares**0.5, rel=1e-4)


def test_the_change_of_a_gradient_is_the_geometric_mean_over_the_seeds(vanishing):
    rows = [
        {
            "epochs": 1, "seed": seed, "noise": 0.0, "step": step, "accuracy": 0.9,
            "minimax": 2.0**-seed if step else 1.0, "non_saturating": 10.0 if step else 1.0,
        }
        for seed in range(5)
        for step in (0, 100)
    ]  # fmt: skip
    (row,) = vanishing["changes"](pd.DataFrame(rows)).to_dict("records")
    assert row["minimax"] == pytest.approx(2.0**-2)
    assert row["non_saturating"] == pytest.approx(10)
    assert row["minimax_low"] < row["minimax"] < row["minimax_high"]


def test_speckles_go_as_scipys_median_filter_takes_them(autoencoder):
    images = torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    expected = np.stack([median_filter(one, size=3, mode="nearest") for one in images[:, 0].numpy()])
    assert np.array_equal(autoencoder["without_speckles"](images)[:, 0].numpy(), expected)


def test_codes_are_drawn_with_the_mean_and_covariance_of_the_real_ones(autoencoder):
    dataset = load_dataset("digits")
    torch.manual_seed(0)
    model = autoencoder["Autoencoder"](dataset, 20, 0, False)
    with torch.no_grad():
        drawn = model.drawn(dataset).double()
        real = model.codes(dataset.samples).double()
    errors = real.std(dim=0) / len(drawn) ** 0.5
    assert ((drawn.mean(dim=0) - real.mean(dim=0)).abs() < 6 * errors).all()
    assert float(drawn.T.cov().trace()) == pytest.approx(float(real.T.cov().trace()), rel=0.1)


def test_models_are_compared_on_the_same_seeds(autoencoder):
    runs = pd.DataFrame(
        [
            {"model": name, "seed": seed, "sharpness": seed + (name == "GAN")}
            for seed in range(5)
            for name in autoencoder["COMPARED"]
        ]
    )
    assert autoencoder["against"](runs, "sharpness").endswith("on the same seeds: +1 [+1, +1].")
