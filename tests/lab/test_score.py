"""Scores against numbers worked out by hand, and the command line around them."""

import pandas as pd
import pytest

from gandiag.cli.main import main
from gandiag.errors import GandiagError
from gandiag.lab.page import write_lab_page
from gandiag.lab.score import judge_runs, load_detector, log_score, macro_f1, policy_version, score, taken
from gandiag.metrics.share import Share
from tests.lab.conftest import recording

TABLE = pd.DataFrame(
    {
        "scenario": ["ring-ns", "ring-relu", "ring-minimax-sgd", "ring-deep", "ring-momentum", "ring-hot-g"],
        "seed": 0,
        "iterations": 1000,
        "label": [
            "healthy",
            "healthy",
            "vanishing_gradients",
            "mode_collapse",
            "non_convergence",
            "ambiguous",
        ],
        "kind": [None, None, "saturated_discriminator", "total", "divergence", None],
        "onset": [float("nan")] * 2 + [100.0, 200.0, 300.0, float("nan")],
        "all": [
            "",
            "",
            "vanishing_gradients/saturated_discriminator@100;mode_collapse/total@500",
            "mode_collapse/total@200",
            "non_convergence/divergence@300",
            "",
        ],
        "verdict": [
            "healthy",
            "mode_collapse",
            "mode_collapse",
            "mode_collapse",
            "insufficient_data",
            "healthy",
        ],
        "verdict_kind": [None, "total", "total", "partial", None, None],
        "verdict_onset": [float("nan"), 10.0, 150.0, 250.0, float("nan"), float("nan")],
    }
)


def test_wilson_intervals_match_the_textbook():
    # (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n) with p = 0.9, n = 10, z = 1.96
    low, high = Share(9, 10).interval
    assert (low, high) == (pytest.approx(0.5958, abs=1e-3), pytest.approx(0.9821, abs=1e-3))
    assert Share(0, 0).interval == (0.0, 1.0)


def test_a_score_is_what_one_counts_by_hand():
    one = score(TABLE, "x", "calibration")
    assert {name: (share.hits, share.of) for name, share in one.sensitivity.items()} == {
        "vanishing_gradients": (1, 1),  # mode collapse holds there too
        "mode_collapse": (1, 1),
        "non_convergence": (0, 1),
    }
    assert (one.any_failure.hits, one.any_failure.of) == (2, 3)
    assert (one.false_alarms.hits, one.false_alarms.of) == (1, 2)
    assert (one.right_kind.hits, one.right_kind.of) == (1, 2)
    assert (one.undecided.hits, one.undecided.of) == (1, 5)
    assert one.latency == pytest.approx(0.05)
    # F1: healthy 2/3, vanishing 1, collapse 2/3, non-convergence 0
    assert one.macro_f1 == pytest.approx((2 / 3 + 1 + 2 / 3 + 0) / 4)


def test_macro_f1_and_what_counts_as_right():
    assert macro_f1(["a", "b"], ["a", "b"]) == 1.0
    assert taken(TABLE).tolist()[2:4] == ["vanishing_gradients", "mode_collapse"]


def test_the_hold_out_is_scored_once_a_version(tmp_path):
    one = score(TABLE, "gandiag", "hold_out")
    log = tmp_path / "scores.csv"
    log_score(one, log, "2026-01-01", "abc")
    with pytest.raises(GandiagError, match="one try"):
        log_score(one, log, "2026-01-02", "abc")
    log_score(one, log, "2026-01-02", "abd")
    assert pd.read_csv(log)["version"].tolist() == ["abc", "abd"]
    assert len(policy_version()) == 12


def verdict_at_ten(recording):
    return "mode_collapse", 10


def test_somebodys_detector_is_scored():
    detector = load_detector("tests.lab.test_score:verdict_at_ten")
    labels = TABLE.iloc[[3]][["scenario", "seed", "iterations", "label", "kind", "onset", "all"]]
    judged = judge_runs(detector, labels, {("ring-deep", 0): recording(iterations=400)})
    assert judged.loc[0, ["verdict", "verdict_onset"]].tolist() == ["mode_collapse", 10]


@pytest.mark.parametrize(
    ("path", "sentence"),
    [("nonsense", "module:function"), ("no_such_module:f", "cannot be had"), ("math:no_such", "cannot be had")],
)
def test_a_detector_that_is_none_is_one_sentence(path, sentence):
    with pytest.raises(GandiagError, match=sentence):
        load_detector(path)


def test_a_verdict_that_is_none_is_one_sentence():
    detector = load_detector("tests.lab.test_score:test_macro_f1_and_what_counts_as_right")
    with pytest.raises((GandiagError, TypeError)):
        detector(recording())


def test_the_page_shows_wrong_verdicts_first(tmp_path):
    recordings = {(name, 0): recording(grad_norm=1.0) for name in TABLE["scenario"]}
    page = write_lab_page([score(TABLE, "x", "calibration")], TABLE, recordings, tmp_path / "index.html")
    text = page.read_text(encoding="utf-8")
    assert text.index("ring-relu<") < text.index("ring-ns<")
    assert "2 judged wrongly" in text


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["lab", "run", "nonsense"], "Unknown scenario 'nonsense'"),
        (["lab", "run", "--seeds", "0"], "--seeds must be at least 1"),
        (["lab", "score", "--archive", "nowhere"], "There are no recordings in nowhere"),
        (["lab", "pack", "--runs", "nowhere"], "holds no finished run"),
    ],
)
def test_mistakes_on_the_command_line_are_one_sentence(arguments, sentence, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["gandiag", *arguments])
    with pytest.raises(SystemExit) as ending:
        main()
    assert ending.value.code == 3
    assert sentence in capsys.readouterr().err


def test_the_scenarios_are_listed(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["gandiag", "lab", "list"])
    with pytest.raises(SystemExit):
        main()
    assert "ring-minimax-sgd" in capsys.readouterr().out
