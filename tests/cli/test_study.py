"""``gandiag study``: a file or a name, the same results as the script, and mistakes in one sentence."""

import os
import runpy
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from gandiag.cli.main import commands
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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = (\n", "mine.py cannot be loaded (line 1, SyntaxError: '(' was never closed); mend it"),
        ("x = 1\nimport no_such\n", "(line 2, ModuleNotFoundError: No module named 'no_such')"),
        ("def f():\n    raise ValueError('no\\nluck')\n\nf()\n", "(line 2, ValueError: no luck)"),
        (TINY.replace("BASE, ", "BASE, listed("), "(line 6, SyntaxError"),
        (TINY.replace('"loss": "minimax"', '"los": "minimax"'), "No setting of the study 'tiny' is told apart by"),
        ("def main(): ...", "or make `main` a click command."),
    ],
)
def test_a_file_that_cannot_be_loaded_is_one_sentence(text, message, tmp_path):
    (tmp_path / "mine.py").write_text(text)
    with pytest.raises(GandiagError) as caught:
        load_study(str(tmp_path / "mine.py"))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


OWN = TINY.replace(
    "product(loss=", "named('data', {'r': {'dataset': 'ring', 'iterations': 9}}) + product(loss="
).replace("import Study", "import Study, named")


def budgets(path: Path, *options: str) -> pd.DataFrame:
    arguments = ["study", str(path), "--seeds", "1", "--out", str(path.parent / "out"), *options]
    CliRunner().invoke(commands, arguments, catch_exceptions=False)
    return pd.read_csv(path.parent / "out" / "runs.csv")


def test_the_budget_holds_for_every_run_and_set_lays_a_value_over_all(tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    runs = budgets(tmp_path / "own.py", "--iterations", "6", "--dataset", "grid", "--set", "n_critic=2")
    assert list(zip(runs["iterations"], runs["dataset"], runs["n_critic"], strict=True)) == [
        (6, "ring", 2), (6, "grid", 2), (6, "grid", 2)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--set", "n_crtic=2"], "--set takes KEY=VALUE, with one of the keys dataset, model"),
        (["--set", "n_critic"], "got 'n_critic'."),
        (["--set", "seed=1"], "got 'seed=1'."),
        (["--set", "n_critic=two"], "--set n_critic takes a whole number; got 'two'."),
        (["--set", "beta1=low"], "--set beta1 takes a number; got 'low'."),
        (["--set", "beta1=nan"], "beta1 must be a finite number; got nan."),
        (["--set", "loss=hinge"], "The grid of the study 'tiny' sets loss itself; leave --set loss out."),
        (["--iterations", "0"], "iterations must be at least 1; got 0."),
    ],
)
def test_an_option_that_cannot_be_had_is_one_sentence(options, message, tmp_path):
    (tmp_path / "tiny.py").write_text(TINY)
    with pytest.raises(GandiagError) as caught:
        CliRunner().invoke(
            commands, ["study", str(tmp_path / "tiny.py"), "--out", str(tmp_path), *options], catch_exceptions=False
        )
    assert message in str(caught.value)


def test_a_data_set_that_no_run_would_have_is_refused(tmp_path):
    (tmp_path / "own.py").write_text(TINY.replace("loss=[", "dataset=['ring'], loss=["))
    with pytest.raises(GandiagError, match="Every setting of the study 'tiny' names its own data set"):
        budgets(tmp_path / "own.py", "--dataset", "grid")


SCRIPT = """
import click

WORDS = "is told"

@click.command()
@click.option("--steps", type=int)
@click.option("--smoke", is_flag=True)
def main(steps, smoke):
    click.echo(f"{steps} {smoke} {WORDS}")
"""


def test_a_script_reads_its_own_options(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies" / "mine.py").write_text(SCRIPT)
    (tmp_path / "studies" / "helper.py").write_text("def main(): ...\n")
    done = CliRunner().invoke(commands, ["study", "mine", "--steps", "3", "--smoke"], catch_exceptions=False)
    assert done.output == "3 True is told\n"
    helped = CliRunner().invoke(commands, ["study", "mine", "--help"], catch_exceptions=False)
    assert "study mine [OPTIONS]" in helped.output
    assert "--steps" in helped.output
    with pytest.raises(GandiagError, match="The study mine reads its options itself; give its name before them"):
        CliRunner().invoke(commands, ["study", "--smoke", "mine"], catch_exceptions=False)
    with pytest.raises(GandiagError, match="or one of mine\\."):
        load_study("yours")


@pytest.mark.parametrize("name", ["vanishing_gradients", "gan_against_autoencoder"])
def test_the_studies_that_are_scripts_are_found_by_name(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    helped = CliRunner().invoke(commands, ["study", name, "--help"], catch_exceptions=False)
    assert f"study {name} [OPTIONS]" in helped.output
    with pytest.raises(GandiagError, match=name):
        load_study("flagship")


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
