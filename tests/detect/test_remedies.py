"""Advice: what was measured to help comes first, and says how often it did."""

import csv
import runpy
from pathlib import Path

import pandas as pd
import pytest
from scipy.stats import binomtest

from gandiag.detect import remedies
from gandiag.study.grids import names_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def advice(monkeypatch):
    """Puts a table of its own in the place of the packaged one."""

    def put(*rows: tuple[str, str, int, int, float | str]) -> None:
        columns = ("kind", "remedy", "mended", "tried", "cost")
        table = [dict(zip(columns, map(str, row), strict=True)) for row in rows]
        for one in table:
            found = binomtest(int(one["mended"]), int(one["tried"])).proportion_ci(method="wilson")
            one["share_low"] = str(found.low)
        monkeypatch.setattr(remedies, "_advice", lambda: tuple(table))
        remedies.remedies_for.cache_clear()

    yield put
    remedies.remedies_for.cache_clear()


def test_what_mends_most_often_comes_first_and_says_so(advice):
    advice(
        ("divergence", "hinge loss", 3, 5, 0.9),
        ("divergence", "R1 1", 4, 5, 1.5),
        ("divergence", "R1 10", 5, 5, 1.5),
        ("divergence", "dropout 0.3", 2, 5, 1.0),
        ("total", "PacGAN 2", 5, 5, 1.0),
    )
    found = remedies.remedies_for("divergence")
    assert [one.action[:10] for one in found[:2]] == ["Add R1 to ", "Train both"]
    assert found[0].reason.endswith("mended 5 of 5 such runs at 1.5 times the time (reports/remedies)")
    assert "Mescheder" in found[0].reason
    assert len({one.action for one in found}) == len(found) == 4  # R1 once; no dropout, which mends too few
    assert found[2:] == tuple(one for one in remedies.REMEDIES["divergence"] if "R1" not in one.action)


def test_without_measurements_the_literature_speaks_alone(advice):
    advice()
    for kind, expected in remedies.REMEDIES.items():
        assert remedies.remedies_for(kind) == expected


def test_of_equals_the_literatures_own_is_first_and_then_the_cheaper_one(advice):
    advice(("total", "hinge loss", 3, 3, ""), ("total", "dropout 0.3", 3, 3, 0.4), ("total", "PacGAN 2", 3, 3, 9.0))
    found = remedies.remedies_for("total")
    assert [one.action.split(" ")[0] for one in found[:3]] == ["Show", "Put", "Train"]
    assert found[1].reason == "mended 3 of 3 such runs at 0.4 times the time (reports/remedies)"
    assert found[2].reason == "mended 3 of 3 such runs (reports/remedies)"  # its cost is not known


def test_what_was_tried_more_often_comes_before_what_had_luck(advice):
    advice(("total", "hinge loss", 3, 3, 0.5), ("total", "dropout 0.3", 9, 10, 1.0), ("total", "β1 0", 2, 2, 1.0))
    found = [one.action.split(" ")[0] for one in remedies.remedies_for("total")]
    assert found[:2] == ["Put", "Train"]
    assert "Set" not in found  # two runs say nothing


def test_the_literatures_advice_says_what_was_measured_of_it_even_if_it_is_little(advice):
    advice(("total", "PacGAN 2", 1, 9, 1.0), ("total", "PacGAN 4", 0, 9, 1.0), ("total", "dropout 0.3", 4, 9, 1.0))
    found = remedies.remedies_for("total")
    assert [one.action for one in found] == [one.action for one in remedies.REMEDIES["total"]]
    (packing,) = (one.reason for one in found if "packing" in one.action)
    assert packing.endswith("mended 1 of 9 such runs at 1.0 times the time (reports/remedies)")


def test_every_remedy_of_the_study_says_what_to_do():
    study = runpy.run_path(str(ROOT / "studies" / "remedies.py"))["STUDY"]
    tried = {names_of(setting)["remedy"] for setting in study.grid}
    assert tried - {"none"} == set(remedies.MEASURED)
    alone = [setting for setting in study.grid if study.baseline_of(setting) is None]
    assert {names_of(setting)["remedy"] for setting in alone} == {"none"}  # the others stand beside their recipe


def test_the_packaged_table_is_made_of_the_committed_study():
    made = runpy.run_path(str(ROOT / "studies" / "advice.py"))["advice"](
        pd.read_csv(ROOT / "reports" / "remedies" / "matrix.csv")
    )
    packaged = (ROOT / "gandiag" / "detect" / "advice.csv").read_text()
    assert made.to_csv(index=False) == packaged
    rows = list(csv.DictReader(packaged.splitlines()))
    assert rows
    assert {row["remedy"] for row in rows} <= set(remedies.MEASURED)
    assert {row["kind"] for row in rows} <= set(remedies.REMEDIES)
