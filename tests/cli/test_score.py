"""``gandiag score`` as a person meets it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from gandiag.data import load_digits

ROOT = Path(__file__).parents[2]


def score(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from gandiag.cli import main; main()", "score", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("samples") / "fake.npz"
    digits = load_digits()
    np.savez(path, images=digits.samples[digits.labels != 7][:300].numpy())
    return path


def test_it_prints_a_table_and_writes_it(samples, tmp_path):
    done = score(samples, "--real", "digits", "--out", tmp_path / "scores.json")
    assert done.returncode == 0, done.stderr
    assert "fid_judge_n300" in done.stdout
    assert "Missing classes: 7" in done.stdout
    written = json.loads((tmp_path / "scores.json").read_text())
    assert written["attribution"]["missing_classes"] == [7]
    assert done.stderr == ""


def test_it_samples_a_saved_generator(tmp_path):
    torch.save(torch.nn.Sequential(torch.nn.Linear(4, 784), torch.nn.Sigmoid()), tmp_path / "generator.pt")
    asked = score(tmp_path / "generator.pt")
    assert asked.returncode == 3
    assert asked.stderr.count("\n") == 1
    assert "--trust" in asked.stderr
    done = score(tmp_path / "generator.pt", "--trust", "--count", 200, "--out", tmp_path / "scores.csv")
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "scores.csv")
    assert "fid_judge_n200" in set(table["name"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["absent"], "There is no file or folder absent"),
        (["README.md", "--features", "inception", "--inception-weights", "absent.pth"], "Inception"),
    ],
)
def test_mistakes_are_one_sentence_without_a_traceback(arguments, sentence):
    done = score(*arguments)
    assert done.returncode == 3
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
