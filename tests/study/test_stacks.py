"""Runs that are trained as one leave the rows that each would leave alone."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from gandiag.errors import GandiagError
from gandiag.study import Study, listed, product, run_study, stacks
from gandiag.study.one_run import finished
from gandiag.study.results import read
from gandiag.study.stacks import LARGEST_STACK, do_together, stacks_of
from gandiag.training import TrainingConfig

BASE = TrainingConfig(dataset="ring", model="mlp", iterations=12, probe_every=4, checkpoint_every=4)
STUDY = Study("tiny", "Does it work?", BASE, product(loss=["hinge", "minimax"]), seeds=3, measures=("modes",))


def compared(study: Study, out: Path, engine: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    run_study(study, out, engine=engine)  # type: ignore[arg-type]
    runs, curves = read(study, out)
    return runs.drop(columns=["seconds", "stacked"]), curves


def test_rows_and_curves_are_those_of_runs_one_by_one(tmp_path, monkeypatch):
    alone, curves = compared(STUDY, tmp_path / "alone", "processes")
    monkeypatch.setattr(stacks, "do", lambda *anything: pytest.fail("a run was trained alone"))
    together, curves_together = compared(STUDY, tmp_path / "together", "stacked")
    pd.testing.assert_frame_equal(together, alone, rtol=1e-3)
    pd.testing.assert_frame_equal(curves_together, curves, rtol=1e-3)


def test_stacks_hold_what_may_be_stacked_and_every_worker_has_one(tmp_path):
    grid = listed({"loss": "hinge"}, {"loss": "hinge", "learning_rate_generator": 1e-3}, {"loss": "minimax"})
    study = Study("sizes", "?", BASE, grid, seeds=12)
    assert sorted(map(len, stacks_of(study.runs, tmp_path, 1))) == [12, 12, 12]
    assert max(map(len, stacks_of(study.runs, tmp_path, 1))) <= LARGEST_STACK
    assert sorted(map(len, stacks_of(study.runs, tmp_path, 6))) == [6] * 6
    assert sorted(map(len, stacks_of(study.runs, tmp_path, 100))) == [1] * 36
    for stack in stacks_of(study.runs, tmp_path, 2):
        assert len({run.config.loss for run in stack}) == 1
        rates = [run.config.learning_rate_generator for run in stack]
        assert rates == sorted(rates)
    stacked = [run.identity for stack in stacks_of(study.runs, tmp_path, 2) for run in stack]
    assert sorted(stacked) == sorted(run.identity for run in study.runs)


def test_a_run_that_cannot_be_stacked_is_said_once_and_trained_alone(tmp_path, capsys):
    grid = listed({}, {"anti_collapse": "unrolled1"})
    study = Study("mixed", "?", BASE, grid, seeds=2)
    run_study(study, tmp_path / "out", engine="stacked")
    runs, _ = read(study, tmp_path / "out")
    assert runs["error"].isna().all()
    assert runs["stacked"].tolist() == (runs["anti_collapse"] == "none").tolist() != [True] * 4
    assert "2 of 4 runs are trained one by one: they have an unrolled discriminator." in capsys.readouterr().err


def test_a_run_that_was_begun_goes_on_alone_from_its_checkpoint(tmp_path):
    first = STUDY.runs[0]
    (tmp_path / "unfinished" / first.identity).mkdir(parents=True)
    (tmp_path / "unfinished" / first.identity / "checkpoint.pt").touch()
    assert (first,) in stacks_of(STUDY.runs, tmp_path, 1)


def test_a_stack_killed_while_its_rows_are_kept_repeats_none_of_them(tmp_path, monkeypatch):
    runs, kept = tuple(run for run in STUDY.runs if run.config.loss == "hinge"), []
    do_together(runs[:1], tmp_path)
    before = finished(runs[0], tmp_path).stat().st_mtime_ns
    monkeypatch.setattr(stacks, "keep", lambda directory, *rest: kept.append(directory))
    do_together(runs, tmp_path)
    assert kept == [finished(run, tmp_path) for run in runs[1:]]
    assert finished(runs[0], tmp_path).stat().st_mtime_ns == before


def test_a_stack_that_fails_is_done_one_by_one_with_each_runs_own_reason(tmp_path, capsys):
    study = Study("bad", "?", replace(BASE, dataset="digits"), listed({}), seeds=2)
    run_study(study, tmp_path / "out", engine="stacked")
    assert read(study, tmp_path / "out")[0]["error"].str.startswith("GandiagError: The model 'mlp' makes").all()
    assert "their stack failed" in capsys.readouterr().err


def test_a_full_disk_is_one_sentence_and_no_row(tmp_path, monkeypatch):
    def full(*anything, **more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(stacks, "keep", full)
    with pytest.raises(GandiagError, match=r"No space left on device.*run the same command again"):
        run_study(STUDY, tmp_path / "out", engine="stacked")
    assert not any(finished(run, tmp_path / "out").exists() for run in STUDY.runs)


def test_devices_are_for_stacks_and_must_exist(tmp_path):
    with pytest.raises(GandiagError, match="Only stacks train on another device"):
        run_study(STUDY, tmp_path / "out", device="cuda")
    with pytest.raises(GandiagError, match="The device 'nonsense' cannot be used here"):
        run_study(STUDY, tmp_path / "out", engine="stacked", device="nonsense")


@pytest.mark.slow
def test_verdicts_are_those_of_the_process_pool(tmp_path):
    grid = listed(
        {"loss": "non_saturating", "regularizer": "r1", "strength": 1.0},
        {"loss": "minimax", "learning_rate_discriminator": 1e-3, "pretraining": 300},
        {"loss": "wasserstein", "learning_rate_generator": 1e-3, "learning_rate_discriminator": 1e-3},
    )
    study = Study("verdicts", "?", replace(BASE, iterations=600, probe_every=20, checkpoint_every=1000), grid, seeds=2)
    run_study(study, tmp_path / "alone")
    run_study(study, tmp_path / "together", engine="stacked")
    alone, together = (read(study, tmp_path / name)[0] for name in ("alone", "together"))
    told = ["run", "verdict", "kind", "error"]
    assert list(together.columns) == list(alone.columns)
    pd.testing.assert_frame_equal(together[told], alone[told])
    assert alone["verdict"].nunique() > 1
