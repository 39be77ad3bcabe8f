"""``gandiag study``: a file or a name, the same results as the script, and mistakes in one sentence."""

import os
import runpy
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from gandiag.cli.study import command, load_study
from gandiag.errors import GandiagError
from gandiag.study import Study

ROOT = Path(__file__).parents[2]
STUDIES = ("regularization", "remedies", "activations_and_batchnorm", "mode_collapse")
TINY = """
from gandiag.study import Study, product
from gandiag.training import TrainingConfig

BASE = TrainingConfig(dataset="ring", model="mlp", iterations=8, probe_every=4)
STUDY = Study("tiny", "Does it work?", BASE, product(loss=["hinge", "minimax"]), {"loss": "minimax"}, 3, ("modes",))
"""


def test_a_file_is_run_with_the_options_and_its_page_named(tmp_path):
    (tmp_path / "tiny.py").write_text(TINY)
    out = tmp_path / "out"
    arguments = [str(tmp_path / "tiny.py"), "--seeds", "2", "--iterations", "6", "--out", str(out)]
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    assert f"Look here: {out / 'index.html'}" in done.output
    runs = pd.read_csv(out / "runs.csv")
    assert len(runs) == 4
    assert set(runs["iterations"]) == {6}
    again = CliRunner().invoke(command, [*arguments, "--results-only"], catch_exceptions=False)
    assert again.exit_code == 0
    assert pd.read_csv(out / "runs.csv").equals(runs)


def test_a_study_that_is_not_there_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GandiagError, match=r"There is no study studies/flagship\.py; give a Python file"):
        load_study("flagship")
    (tmp_path / "empty.py").write_text("x = 1\n")
    with pytest.raises(GandiagError, match="holds no study; assign"):
        load_study("empty.py")


@pytest.mark.parametrize("name", STUDIES)
def test_the_studies_are_found_by_name_and_small_in_the_smoke(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    study = load_study(name)
    assert isinstance(study, Study)
    assert study.name == name
    assert study.seeds >= 5
    small = study.smoke()
    assert len(small.runs) <= 8
    assert max(run.config.iterations for run in small.runs) <= 30


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDIES)
def test_the_smoke_leaves_its_page(name, tmp_path, monkeypatch):
    monkeypatch.setitem(os.environ, "OMP_NUM_THREADS", "1")
    monkeypatch.setattr("sys.argv", [name, "--smoke", "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ROOT / "studies" / f"{name}.py"), run_name="__main__")
    assert ended.value.code == 0
    assert (tmp_path / "out" / "index.html").exists()
