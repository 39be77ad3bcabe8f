"""Curves of confidence against closed forms, and the plot of how well they hold."""

import math

import numpy as np
import pandas as pd
import pytest

from gandiag.lab.confidence import cross_fitted, fit_curves, rate_runs, reliability
from gandiag.lab.page import write_lab_page
from gandiag.lab.score import score
from tests.lab.conftest import recording
from tests.lab.test_score import TABLE


def findings(margins, right, scenario=None, role="decides", failure="mode_collapse"):
    """Of one recipe, or else each of its own."""
    names = [f"recipe {number}" for number in range(len(margins))] if scenario is None else scenario
    columns = {"scenario": names, "seed": 0, "role": role, "failure": failure}
    return pd.DataFrame({**columns, "margin": margins, "right": right})


def test_without_any_margin_a_curve_is_the_share_drawn_in_by_half_a_recipe_of_either_outcome():
    curve = fit_curves(findings(np.zeros(10), [True] * 7 + [False] * 3))["decides", "mode_collapse"]
    # Mean of the targets: 7 times 7.5/8 and 3 times 0.5/4.
    assert curve.at(0) == pytest.approx((7 * 7.5 / 8 + 3 * 0.5 / 4) / 10, abs=1e-3)
    assert (curve.recipes, curve.findings, curve.right, curve.most) == (10, 10, 7, pytest.approx(10.5 / 11))


def test_a_recipe_counts_once_however_many_seeds_it_was_run_with():
    once = findings(np.zeros(2), [True, False])
    often = pd.concat([findings(np.zeros(1), True, "a"), findings(np.zeros(9), False, "b")], ignore_index=True)
    for rated in (once, often):
        assert fit_curves(rated)["decides", "mode_collapse"].at(0) == pytest.approx(0.5, abs=1e-3)
    assert fit_curves(often)["decides", "mode_collapse"].recipes == 2


def test_a_curve_finds_back_the_odds_that_findings_were_drawn_with():
    random = np.random.default_rng(0)
    margins = random.uniform(0, 3, 20_000)
    right = random.uniform(size=20_000) < 1 / (1 + np.exp(1 - 2 * margins))
    curve = fit_curves(findings(margins, right))["decides", "mode_collapse"]
    assert (curve.intercept, curve.slope) == (pytest.approx(-1, abs=0.1), pytest.approx(2, abs=0.1))


def test_a_curve_never_falls_with_the_margin():
    curve = fit_curves(findings([0.1, 0.2, 2.0, 3.0], [True, True, False, False]))["decides", "mode_collapse"]
    assert curve.slope == 0


def test_no_recipe_is_rated_by_curves_that_saw_it():
    rated = pd.concat([findings(np.zeros(8), True, "a"), findings(np.zeros(8), False, "b")], ignore_index=True)
    confidence = cross_fitted(rated).groupby("scenario")["confidence"].mean()
    # One other recipe alone, all wrong or all right: targets 0.5/2 and 1.5/2.
    assert confidence["a"] == pytest.approx(0.25, abs=1e-3)
    assert confidence["b"] == pytest.approx(0.75, abs=1e-3)
    alone = cross_fitted(findings(np.zeros(8), True, "a"))
    assert alone["confidence"].isna().all()


def test_bins_are_what_one_counts_by_hand():
    rated = findings([0.0] * 5, [True, True, False, True, False]).assign(confidence=[0.92, 0.94, 0.94, 0.1, math.nan])
    low, high = reliability(rated)
    assert (low.confidence, low.right.hits, low.right.of) == (0.1, 1, 1)
    assert (high.confidence, high.right.hits, high.right.of) == (pytest.approx(2.8 / 3), 2, 3)


def test_findings_are_held_against_all_that_the_oracle_found():
    diverged = {(name, 0): recording(iterations=400, logit_real=900.0, logit_fake=-900.0) for name in TABLE["scenario"]}
    rated = rate_runs(TABLE, diverged)
    assert set(rated["scenario"]) == set(TABLE["scenario"]) - {"ring-hot-g"}, "ambiguous runs are left out"
    decides = rated[rated["role"] == "decides"].set_index("scenario")
    assert set(decides["failure"]) == {"non_convergence"}
    assert decides.index[decides["right"]].tolist() == ["ring-momentum"]
    assert decides["margin"].tolist() == pytest.approx([math.log10(900 / 50)] * 5)


def test_the_page_shows_how_sure_it_is(tmp_path):
    recordings = {(name, 0): recording(grad_norm=1.0) for name in TABLE["scenario"]}
    bins = reliability(findings([0.0] * 4, [True, True, True, False]).assign(confidence=0.7))
    page = write_lab_page([score(TABLE, "x", "calibration")], TABLE, recordings, tmp_path / "index.html", bins)
    text = page.read_text(encoding="utf-8")
    assert "How sure is it?" in text
    assert "75%" in text
    without = write_lab_page([score(TABLE, "x", "calibration")], TABLE, recordings, tmp_path / "other.html")
    assert "How sure is it?" not in without.read_text(encoding="utf-8")
