"""The statistics, against closed forms, enumeration and hand-made tables."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gandiag.study import Study, across, listed, named, product
from gandiag.study import statistics as of
from gandiag.study.answer import answer
from gandiag.study.figures import budget_figure, budgets, drawn, figure_of, matrix_figure
from gandiag.study.matrix import best_overall, best_remedies, mended, pooled
from gandiag.study.page import study_page
from gandiag.study.study import MEASURABLE, label
from gandiag.training import TrainingConfig

STUDY = Study(
    "hand",
    "Does B help?",
    TrainingConfig(dataset="ring", model="mlp", iterations=10),
    listed({"loss": "minimax"}, {"loss": "hinge"}, {"loss": "wasserstein"}),
    {"loss": "minimax"},
    5,
    ("fid_judge", "modes"),
)


def table(**changes: list[float]) -> pd.DataFrame:
    fids = {"minimax": [10.0, 12, 11, 13, 14], "hinge": [7.0, 9.5, 8, 9, 11], "wasserstein": [9.0, 14, 10, 14, 13]}
    rows = []
    for loss, values in (fids | changes).items():
        for seed, fid in enumerate(values):
            verdict = "healthy" if loss == "hinge" or seed == 0 else "mode_collapse"
            rows.append(
                {
                    "run": f"{loss}{seed}", "setting": f"loss={loss}", "seed": seed, "verdict": verdict,
                    "fid_judge": fid, "modes": 8.0, "error": None, "seconds": 2.0, "iterations": 10,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize("lower", [True, False])
def test_the_budget_curve_is_the_mean_over_all_subsets(lower):
    values = [3.0, 1.5, 8.0, 2.0, 2.0, 7.0]
    best = min if lower else max
    for k, expected in enumerate(of.budget_curve(values, lower), start=1):
        assert expected == pytest.approx(np.mean([best(some) for some in itertools.combinations(values, k)]))


def test_the_interquartile_mean_is_that_of_the_middle_half():
    assert of.interquartile_mean([1000, 1, 2, 3, 4, 5, 6, -1000]) == pytest.approx((2 + 3 + 4 + 5) / 4)
    assert math.isnan(of.interquartile_mean([]))


@pytest.mark.parametrize("count", [5, 20])
def test_the_bootstrap_interval_holds_the_mean_as_often_as_it_says(count):
    source = np.random.default_rng(0)
    intervals = [of.mean_interval(source.normal(1.0, 2.0, count).tolist()) for _ in range(300)]
    share = np.mean([low <= 1.0 <= high for low, high in intervals])
    assert 0.90 <= share <= 0.98  # of 5 values no bootstrap covers more than 94 %, and the plain one 84 %
    assert of.mean_interval([3.0] * count) == (3.0, 3.0)
    assert all(map(math.isnan, of.mean_interval([3.0, 2.0, 4.0, 5.0])))


def test_correction_is_benjamini_and_hochbergs_and_leaves_out_what_is_missing():
    found = of.adjusted([0.01, math.nan, 0.04, 0.03])
    assert found[0] == pytest.approx(0.03)
    assert math.isnan(found[1])
    assert found[2:] == pytest.approx([0.04, 0.04])  # min(0.03 · 3 / 2, 0.04)


@pytest.mark.parametrize("level", [0.05, 0.002])
def test_seeds_needed_find_the_difference_with_their_power(level):
    differences = [1.0, -1.0, 2.0, 0.0, 1.5]
    count = int(of.seeds_needed(differences, level))
    drawn = np.random.default_rng(0).normal(np.mean(differences), np.std(differences, ddof=1), (4000, count))
    found = stats.ttest_1samp(drawn, 0.0, axis=1).pvalue < level
    assert np.mean(found) == pytest.approx(0.8, abs=0.03)
    assert of.seeds_needed([1.0, -1.0]) == math.inf


def test_the_exact_paired_test_of_rates_is_the_sum_of_binomial_chances():
    changes = [1] * 7 + [-1] * 2 + [0] * 11
    expected = 2 * sum(math.comb(9, k) for k in range(7, 10)) / 2**9  # as lopsided or more, to either side
    assert of.paired_rate_p_value(changes) == pytest.approx(expected)
    assert math.isnan(of.paired_rate_p_value([0, 0]))


def test_where_correction_leaves_a_difference_open_seeds_needed_are_told():
    fids = {"hinge": [7.0, 9.5, 8, 9, 11], "wasserstein": [9.0, 11.5, 10, 14, 13.5]}
    summary = of.summarise(STUDY, table(**fids)).set_index("setting")
    alone, corrected = (summary.loc["loss=wasserstein", f"fid_judge_p{end}"] for end in ("", "_adjusted"))
    assert alone == pytest.approx(stats.ttest_rel(fids["wasserstein"], [10.0, 12, 11, 13, 14]).pvalue)
    assert corrected > 0.05
    assert summary.loc["loss=wasserstein", "fid_judge_seeds_needed"] > 5
    assert math.isnan(summary.loc["loss=hinge", "fid_judge_seeds_needed"])
    assert summary.loc["loss=hinge", "healthy_difference"] == pytest.approx(0.8)
    assert summary.loc["loss=hinge", "healthy_p"] == pytest.approx(2 / 2**4)


def test_differences_are_taken_seed_by_seed_and_only_where_both_runs_are_there():
    runs = table()
    runs.loc[(runs["setting"] == "loss=hinge") & (runs["seed"] == 4), ["error", "fid_judge"]] = ["out of luck", np.nan]
    summary = of.summarise(STUDY, runs).set_index("setting")
    row = summary.loc["loss=hinge"]
    assert row["errors"] == 1
    assert row["fid_judge_difference"] == pytest.approx(np.mean([-3, -2.5, -3, -4]))
    assert math.isnan(row["fid_judge_difference_high"])  # of four seeds
    assert row["fid_judge_effect_size"] == pytest.approx(np.mean([-3, -2.5, -3, -4]) / np.std([3, 2.5, 3, 4], ddof=1))
    assert math.isnan(row["fid_judge_seeds_needed"])
    assert summary.loc["loss=wasserstein", "fid_judge_seeds_needed"] > 5
    assert math.isnan(summary.loc["loss=minimax", "fid_judge_difference"])
    assert summary.loc["loss=minimax", "healthy"] == pytest.approx(0.2)
    assert summary.loc["loss=minimax", "healthy_low"] == pytest.approx(0.0362, abs=1e-4)  # Wilson's, of 1 in 5


def test_the_answer_comes_first_and_names_what_helps():
    runs = table()
    summary = of.summarise(STUDY, runs)
    told = answer(STUDY, runs, summary)
    assert told[0] == (
        "From the best on, by fid_judge (and by how many runs are healthy). "
        "loss=hinge = 8.83 (100%), loss=minimax = 12 (20%), loss=wasserstein = 12.3 (20%)."
    )
    assert told[1].startswith("Most often healthy: loss=hinge, 100% [57%, 100%] of 5 runs each.")
    assert "Baselines: loss=minimax 20%" in told[1]
    assert "fid_judge, against the baseline on the same seeds: better 1, worse 0, open 1" in told[2]
    assert "The greatest gain: loss=hinge, -3.1" in told[2]
    assert "15 of 15 runs" in told[-1]
    picture = drawn(figure_of(STUDY, runs, summary), "png")
    assert picture.startswith(b"\x89PNG")
    page = study_page(STUDY, told, summary, [picture], "gandiag study hand").decode()
    assert page.index("From the best on") < page.index("<table")


def test_the_performance_profile_is_the_share_of_runs_at_least_as_good():
    runs = table()
    figure = figure_of(STUDY, runs, of.summarise(STUDY, runs))
    profile = next(axes for axes in figure.axes if axes.get_title() == "Performance profile")
    settings = [text.get_text() for text in profile.get_legend().get_texts()]
    assert sorted(settings) == sorted(runs["setting"].unique())
    drawn_first = profile.lines[-1].get_xydata()  # seaborn draws the last hue first
    values = runs.loc[runs["setting"] == settings[0], "fid_judge"].to_numpy()
    for x, share in drawn_first[1:]:
        assert share == pytest.approx((values <= x).mean())


def test_each_group_of_settings_has_its_own_budget_curve():
    grid = across(product(loss=["minimax", "hinge"]), product(regularizer=["none", "spectral_norm"]))
    study = Study("g", "?", STUDY.base, grid, {"regularizer": "none"}, 2, ("fid_judge",), ("loss", "regularizer"))
    settings = [label(setting) for setting in grid]
    runs = pd.DataFrame({"setting": settings * 2, "fid_judge": [4.0, 2.0, 9.0, 7.0, 6.0, 8.0, 5.0, 1.0]})
    found = budgets(study, runs, "fid_judge").set_index(["group", "runs"])["expected_best"]
    assert found["loss=minimax"].tolist() == pytest.approx([5.0, 10 / 3, 2.5, 2.0])
    assert found["loss=hinge"].to_dict()[4] == 1.0
    figure = budget_figure(study, runs.assign(error=None), "fid_judge")
    assert [axes.get_title() for axes in figure.axes] == ["Performance profile", "Budget"]


def test_the_order_of_print_is_counted_in_pairs():
    published = {"loss=minimax": {"modes": 3.0}, "loss=hinge": {"modes": 9.0}, "loss=wasserstein": {"modes": 8.0}}
    study = replace(STUDY, published_values=published)
    runs = table()
    runs["modes"] = runs["setting"].map({"loss=minimax": 2.0, "loss=hinge": 5.0, "loss=wasserstein": 6.0})
    told = answer(study, runs, of.summarise(study, runs))
    assert any(one.endswith("In the published order: 2 of 3 pairs.") for one in told)


def test_the_matrix_counts_pairs_whose_baseline_failed():
    grid = across(
        named("failure", {"mode_collapse": {}}),
        named("recipe", {"a": {"loss": "minimax"}, "b": {"loss": "hinge"}}),
        named("remedy", {"none": {}, "R1": {"regularizer": "r1", "strength": 1.0}}),
    )
    study = Study("m", "?", STUDY.base, grid, {"remedy": "none"}, 3, ("modes",), ("failure", "remedy"))
    verdicts = {
        ("a", "none"): ["mode_collapse", "mode_collapse", "healthy"],
        ("a", "R1"): ["healthy", "mode_collapse", "healthy"],
        ("b", "none"): ["non_convergence", None, "insufficient_data"],
        ("b", "R1"): ["healthy", "healthy", "healthy"],
    }
    runs = pd.DataFrame(
        {
            "setting": f"mode_collapse, {recipe}, {remedy}", "failure": "mode_collapse",
            "recipe": recipe, "remedy": remedy, "seed": seed, "verdict": verdict, "error": None,
            "seconds": 3.0 if remedy == "R1" else 2.0,
        }
        for (recipe, remedy), found in verdicts.items()
        for seed, verdict in enumerate(found)
    )  # fmt: skip
    (row,) = mended(study, runs).to_dict("records")
    assert (row["failure"], row["remedy"], row["pairs"]) == ("mode_collapse", "R1", 3)
    assert row["mended"] == pytest.approx(2 / 3)
    assert row["mended_low"] == pytest.approx(0.2077, abs=1e-4)  # Wilson's, of 2 in 3
    assert row["cost"] == 1.5
    apart = mended(study, runs.assign(stacked=runs["remedy"] == "R1"))
    assert apart["cost"].isna().all()
    assert mended(study, runs.assign(stacked=True))["cost"].tolist() == [1.5]
    assert best_remedies(study, mended(study, runs))[0].startswith("What mends most often. mode collapse: R1 mends 67%")


def test_a_failure_that_only_a_run_shows_is_the_baselines_on_the_same_seed():
    grid = across(named("remedy", {"none": {}, "R1": {"regularizer": "r1", "strength": 1.0}}))
    study = Study("m", "?", STUDY.base, grid, {"remedy": "none"}, 8, ("modes",), ("kind", "remedy"))
    before = ["total"] * 3 + ["divergence"] * 4 + [None]
    rows = [("none", seed, "healthy" if kind is None else "failed", kind) for seed, kind in enumerate(before)]
    rows += [("R1", seed, "healthy" if seed < 7 else "failed", None if seed < 7 else "total") for seed in range(8)]
    runs = pd.DataFrame(rows, columns=["remedy", "seed", "verdict", "kind"])
    runs = runs.assign(setting=runs["remedy"], error=None, seconds=1.0, modes=1.0, iterations=10)
    found = mended(study, runs).set_index("kind")
    assert found["pairs"].to_dict() == {"total": 3, "divergence": 4}
    assert found["mended"].to_dict() == {"total": 1.0, "divergence": 1.0}
    (overall,) = pooled(study, runs).to_dict("records")
    assert (overall["pairs"], overall["healthy"], overall["healthy_before"]) == (8, 7 / 8, 1 / 8)
    assert overall["p"] == pytest.approx(2 * (1 + 8) / 2**8)  # seven to the better, one to the worse
    assert best_overall(study, pooled(study, runs))[0].startswith("Over all that they were tried on, no remedy")
    figure = matrix_figure(study, runs, mended(study, runs))
    assert figure is not None
    assert drawn(figure, "png").startswith(b"\x89PNG")
    healthy = runs.assign(verdict="healthy", kind=None)
    assert matrix_figure(study, healthy, mended(study, healthy)) is None


def test_of_remedies_that_mend_as_often_the_cheapest_is_named():
    grid = across(named("failure", {"oscillation": {}}), named("remedy", {"R1": {}}))
    study = Study("m", "?", STUDY.base, grid, {}, 5, ("modes",), ("failure", "remedy"))
    columns = ["failure", "remedy", "pairs", "mended", "mended_low", "mended_high", "cost"]
    rows = [
        ("oscillation", "R2", 5, 1.0, 0.57, 1.0, 1.6), ("oscillation", "R1", 5, 1.0, 0.57, 1.0, 1.4),
        ("oscillation", "dropout", 5, 0.2, 0.04, 0.62, 1.0), ("lost_in_depth", "R1", 5, 0.0, 0.0, 0.43, 1.4),
        ("total", "R1", 5, 0.4, 0.12, 0.77, math.nan),
    ]  # fmt: skip
    assert best_remedies(study, pd.DataFrame(rows, columns=columns)) == [
        "What mends most often. oscillation: R1 (and 1 more as often) mends 100% [57%, 100%] of 5 failing runs, "
        "at 1.4 times the time; lost in depth: nothing mends any of 5 failing runs; "
        "total: R1 mends 40% [12%, 77%] of 5 failing runs."
    ]


def test_a_study_of_failed_runs_alone_still_has_an_answer():
    runs = table().assign(error="no luck", verdict=None, fid_judge=np.nan, modes=np.nan)
    summary = of.summarise(STUDY, runs)
    assert answer(STUDY, runs, summary)[0] == "No run of any setting could be judged."
    assert "15 runs could not be done" in answer(STUDY, runs, summary)[-1]
    assert drawn(figure_of(STUDY, runs, summary), "svg") == drawn(figure_of(STUDY, runs, summary), "svg")


def test_of_a_distance_less_is_better_and_a_wide_axis_begins_at_the_least_value():
    assert {"energy", "fid_judge", "kl_to_real"} <= set(of.LOWER_IS_BETTER) <= set(MEASURABLE)
    runs = table().assign(modes=[*range(14), 1e6])
    figure = figure_of(replace(STUDY, measures=("modes",)), runs, of.summarise(STUDY, runs))
    (profile,) = (axes for axes in figure.axes if axes.get_title() == "Performance profile")
    assert profile.get_xlim()[0] == 0
