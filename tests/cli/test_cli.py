"""The command line as a person meets it: what it prints, how it ends, and that mistakes are sentences."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gandiag.cli.main import COMMANDS
from gandiag.recording import Recording

ROOT = Path(__file__).parents[2]


def gandiag(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from gandiag.cli import main; main()", *map(str, arguments)]
    variables = {name: value for name, value in os.environ.items() if name != "GANDIAG_DATA"} | environment
    return subprocess.run(
        command, cwd=ROOT, env={**variables, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=300
    )


def write_run(directory: Path, **changes: float) -> Path:
    at = np.arange(400)
    signals = {"grad_norm": 0.2, "head_gradient": 0.5, "input_gradient": 0.4, "logit_real": 0.5, "logit_fake": -0.5}
    probed = {"diversity": 0.8, "drift": 0.2, "finite_share": 1.0}
    signal = pd.DataFrame({"iteration": at, "network": "G", **{k: changes.get(k, v) for k, v in signals.items()}})
    probes = pd.DataFrame({"iteration": at[::10], "network": "G", **{k: changes.get(k, v) for k, v in probed.items()}})
    steps = pd.DataFrame({"iteration": at, "network": "G", "grad_norm": 0.1, "gradients_finite": True})
    Recording(steps=steps, signal=signal, probes=probes, meta={"loss": "non_saturating"}).save(directory)
    return directory


def test_diagnose_exits_0_for_a_healthy_run(tmp_path):
    done = gandiag("diagnose", write_run(tmp_path / "run"))
    assert done.returncode == 0
    assert done.stdout.startswith("Verdict: healthy")


def test_diagnose_exits_1_for_a_failure_and_says_why_and_what_next(tmp_path):
    done = gandiag("diagnose", write_run(tmp_path / "run", diversity=0.05))
    assert done.returncode == 1
    assert "Verdict: mode collapse (total), since iteration 0" in done.stdout
    assert "is 0.05 (< 0.3)" in done.stdout
    assert "Next:" in done.stdout


def test_diagnose_exits_2_where_there_is_not_enough_data(tmp_path):
    done = gandiag("diagnose", write_run(tmp_path / "run", diversity=float("nan")))
    assert done.returncode == 2
    assert "insufficient data" in done.stdout


def test_diagnose_prints_json_for_machines(tmp_path):
    done = gandiag("diagnose", write_run(tmp_path / "run", diversity=0.05), "--json")
    plain = json.loads(done.stdout)
    assert plain["schema_version"] == 1
    assert plain["verdict"] == "mode_collapse"


def empty(directory: Path) -> Path:
    directory.mkdir()
    return directory


def newer(directory: Path) -> Path:
    write_run(directory)
    (directory / "meta.json").write_text('{"schema_version": 999}')
    return directory


def nothing_readable(directory: Path) -> Path:
    (directory / "steps").mkdir(parents=True)
    (directory / "steps" / "part-000000.parquet").write_bytes(b"PAR1 and then the lights went out")
    return directory


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda directory: directory, "There is no run directory"),
        (empty, "holds no recording"),
        (newer, "was written by a newer gandiag (schema 999"),
        (nothing_readable, "holds only unreadable files"),
    ],
)
@pytest.mark.parametrize("command", ["diagnose", "report"])
def test_a_bad_run_directory_is_one_sentence_and_exit_code_3(tmp_path, command, make, message):
    done = gandiag(command, make(tmp_path / "run"))
    assert done.returncode == 3
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_a_half_written_run_is_judged_by_what_is_there_and_the_loss_is_named(tmp_path):
    run = write_run(tmp_path / "run", diversity=0.05)
    (run / "steps" / "part-000001.parquet").write_bytes(b"PAR1 half")
    done = gandiag("diagnose", run)
    assert done.returncode == 1
    assert "steps/part-000001.parquet could not be read and was left out" in done.stderr


def test_report_writes_the_page_and_says_where(tmp_path):
    run = write_run(tmp_path / "run", diversity=0.05)
    done = gandiag("report", run)
    assert done.returncode == 0
    assert done.stdout == f"Report: {run / 'report.html'}\n"
    assert "Mode collapse" in (run / "report.html").read_text()


def test_report_to_an_unwritable_place_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    done = gandiag("report", write_run(tmp_path / "run"), "--out", tmp_path / "file" / "report.html")
    assert done.returncode == 3
    assert done.stderr.startswith("gandiag: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--dataset", "cats"], "Unknown dataset 'cats'; choose one of digits"),
        (["train", "--loss", "mse"], "Unknown loss 'mse'"),
        (["train", "--regularizer", "prayer"], "Unknown regularizer 'prayer'"),
        (["train", "--iterations", "0"], "iterations must be at least 1; got 0."),
        (["train", "--iterations", "many"], "'many' is not a valid integer"),
        (["train", "--learning-speed", "1"], "No such option '--learning-speed'"),
        (["train", "--learning-rate", "1"], "The model 'lecture' has no option --learning-rate; it has --dataset"),
        (["train", "--preset", "lucky"], "Unknown preset 'lucky'; choose one of healthy"),
        (["train", "--resume"], "--resume needs the run directory"),
        (["train", "--dataset", "ring"], "makes samples of shape (1, 28, 28), but the data has (2,)"),
        (["cook"], "No such command 'cook'"),
        (["diagnose"], "Missing argument 'RUN'"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_3(tmp_path, arguments, message):
    out = ["--out", tmp_path / "run"] if arguments[0] == "train" and "--resume" not in arguments else []
    done = gandiag(*arguments, *out)
    assert done.returncode == 3
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run" / "steps").exists()


def test_mnist_that_is_not_at_hand_is_one_sentence_with_all_three_ways(tmp_path):
    done = gandiag(
        "train", "--dataset", "mnist", "--data-dir", tmp_path, "--out", tmp_path / "run",
        XDG_CACHE_HOME=str(tmp_path / "cache"), HOME=str(tmp_path), http_proxy="http://127.0.0.1:9",
        https_proxy="http://127.0.0.1:9",
    )  # fmt: skip
    assert done.returncode == 3
    sentence = done.stderr.strip().splitlines()[-1]
    assert all(way in sentence for way in ("--data-dir", "$GANDIAG_DATA", "--dataset digits"))
    assert "Traceback" not in done.stderr


def test_train_leaves_a_run_a_checkpoint_a_verdict_and_a_report(tmp_path):
    run = tmp_path / "run"
    options = ["--dataset", "ring", "--model", "mlp", "--iterations", "250", "--batch-size", "32", "--out", run]
    done = gandiag("train", *options)
    assert done.returncode == 0, done.stderr
    assert "Verdict: " in done.stdout
    assert done.stdout.endswith(f"Report: {run / 'report.html'}\n")
    assert {"checkpoint.pt", "meta.json", "report.html", "steps", "probes"} <= {path.name for path in run.iterdir()}
    assert "250/250" in done.stderr
    again = gandiag("train", *options)
    assert again.returncode == 3
    assert "holds a recording already" in again.stderr
    longer = gandiag("train", "--resume", "--iterations", "300", "--out", run)
    assert longer.returncode == 0, longer.stderr
    assert Recording.load(run).iterations == 300
    other = gandiag("train", "--resume", "--loss", "hinge", "--out", run)
    assert other.returncode == 3
    assert "not loss" in other.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    done = gandiag(command, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: gandiag " + command)
    readme = (ROOT / "README.md").read_text()
    assert f"gandiag {command}" in readme, "every command stands in the README"
