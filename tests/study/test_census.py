"""A study's census: the same columns and numbers however its runs are trained."""

import runpy
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from gandiag.data import load_dataset
from gandiag.errors import GandiagError
from gandiag.study import Study, one_run, product, run_study, write_results
from gandiag.study.answer import beside_published
from gandiag.study.one_run import attempt
from gandiag.study.results import read
from gandiag.study.study import MEASURABLE, label
from gandiag.training import TrainingConfig, census, train

BASE = TrainingConfig(dataset="ring", model="mlp", iterations=30, probe_every=10, checkpoint_every=5)
STUDY = Study(
    "counted", "How many?", BASE, product(loss=["hinge", "minimax"]), seeds=2,
    measures=("census_modes", "census_kl_to_real"), census={"ring": 2500},
    published_values={"loss=hinge": {"census_modes": 6.3}},
)  # fmt: skip
COLUMNS = ["census_samples", "census_coverage", "census_modes", "census_high_quality_share", "census_kl_to_real"]


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("study") / "out"
    run_study(STUDY, out)
    return out


def test_a_row_has_what_its_generator_shows_at_the_end(done):
    data, (row, *_) = load_dataset("ring"), read(STUDY, done)[0].to_dict("records")
    alone = train(STUDY.runs[0].config, data)
    found = census(alone.players, data, 2500, seed=0)
    assert {name: row[name] for name in COLUMNS if row[name] is not None} == pytest.approx(
        {name: found[name] for name in COLUMNS if row[name] is not None}
    )
    assert row["census_samples"] == 2500
    assert set(found) <= set(MEASURABLE)


def test_stacks_have_the_columns_of_runs_alone(done, tmp_path):
    run_study(STUDY, tmp_path / "out", engine="stacked")
    alone, together = read(STUDY, done)[0], read(STUDY, tmp_path / "out")[0]
    assert list(alone.columns) == list(together.columns)
    pd.testing.assert_frame_equal(together[COLUMNS], alone[COLUMNS], atol=0.01)


def test_a_run_that_was_interrupted_has_the_census_of_one_that_was_not(tmp_path):
    run, cut = STUDY.runs[0], tmp_path / "cut"

    def stop(iteration: int) -> None:
        if iteration == 17:
            raise KeyboardInterrupt

    whole, _ = attempt(run, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        attempt(run, cut, progress=stop)
    resumed, _ = attempt(run, cut)
    assert {name: resumed[name] for name in COLUMNS} == {name: whole[name] for name in COLUMNS}


def test_a_run_killed_before_its_census_is_not_trained_again(tmp_path, monkeypatch):
    run = STUDY.runs[0]
    whole, _ = attempt(run, tmp_path / "whole")
    with monkeypatch.context() as patched:
        patched.setattr(one_run, "census", lambda *anything: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            attempt(run, tmp_path / "killed")
    steps: list[int] = []
    again, _ = attempt(run, tmp_path / "killed", progress=steps.append)
    assert steps == []
    assert again | {"seconds": 0} == whole | {"seconds": 0}


def test_the_census_is_part_of_what_a_run_is_and_none_changes_nothing():
    without = replace(STUDY, census={})
    other = replace(STUDY, census={"grid": 2500})
    more = replace(STUDY, census={"ring": 5000})
    identities = [study.runs[0].identity for study in (without, other, STUDY, more)]
    assert identities[0] == identities[1]
    assert len(set(identities)) == 3


def test_a_census_that_cannot_be_taken_is_refused_at_once():
    with pytest.raises(GandiagError, match="modes of 'mnist' cannot be counted"):
        replace(STUDY, census={"mnist": 2500})


def test_what_others_found_stands_beside_the_mean_over_the_seeds(done):
    page = write_results(STUDY, done)
    runs, _ = read(STUDY, done)
    (row,) = beside_published(STUDY, runs).to_dict("records")
    assert (row["setting"], row["runs"], row["published"]) == ("loss=hinge", 2, 6.3)
    assert row["here"] == runs[runs["loss"] == "hinge"]["census_modes"].mean()
    assert "census_modes, mean here (published): loss=hinge" in page.read_text()
    assert len(pd.read_csv(done / "published.csv")) == 1


def of_mode_collapse() -> Study:
    return runpy.run_path(str(Path(__file__).parents[2] / "studies" / "mode_collapse.py"))["STUDY"]


@pytest.mark.slow
def test_the_study_of_mode_collapse_in_small_counts_modes_on_all_its_data(mnist_dir, tmp_path):
    study = of_mode_collapse().smoke()
    run_study(study, tmp_path / "out", engine="stacked", data_dir=mnist_dir)
    runs, _ = read(study, tmp_path / "out")
    assert runs["error"].isna().all()
    assert set(runs["data"]) == {"ring", "grid", "stacked MNIST"}
    assert runs["census_modes"].notna().all()
    assert {name for name in runs if name.startswith("census_")} <= set(MEASURABLE)
    assert runs.set_index("data").loc["stacked MNIST", "census_samples"].eq(26_000).all()


def test_published_settings_of_the_study_of_mode_collapse_are_its_own():
    study = of_mode_collapse()
    assert set(study.published_values) <= {label(setting) for setting in study.grid}
    assert all(run.census for run in study.runs)
