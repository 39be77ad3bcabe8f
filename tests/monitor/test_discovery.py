"""Who plays which part in scripts whose players are put together in unusual ways."""

import re
import sys
import warnings
from pathlib import Path

import pytest
import torch

from gandiag.cli.program import Program
from gandiag.cli.run import run_program
from gandiag.recording import Recording

PLAYERS = Path(__file__).parents[1] / "players"
SCRIPTS = sorted(path.name for path in PLAYERS.glob("*.py") if path.name != "conftest.py")


def names(said: str) -> tuple[list[str], list[str]]:
    """Generators and discriminators in the line that says who is watched."""
    first = next(line for line in said.splitlines() if line.startswith("gandiag: watching "))
    generators, discriminators = first.split(", discriminator")
    find = re.compile(r"([^ ]+) \([^)]*\)")
    return find.findall(generators), find.findall(discriminators.split(") (")[0] + ")")


@pytest.fixture(autouse=True)
def quiet_and_on_one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_players_are_found(script, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("gandiag.cli.run.write_report", lambda recording, diagnosis, path, title: path)
    assert run_program(Program.from_file(PLAYERS / script), [], tmp_path / "run") == 0
    said = capsys.readouterr().err
    expected = re.search(r"^# players: (.*) \| (.*)$", (PLAYERS / script).read_text(), re.MULTILINE)
    assert names(said) == (expected[1].split(", "), expected[2].split(", ")), said
    recording = Recording.load(tmp_path / "run")
    assert not {"steps", "layers", "signal"} & recording.meta["abstentions"].keys(), recording.meta["abstentions"]
    counts = recording.steps["network"].value_counts()
    assert set(counts.index) == set(recording.meta["networks"])
    assert counts.min() >= 15
    assert recording.signal["grad_norm"].notna().mean() >= 0.5
    assert "gandiag" in sys.modules
    assert not torch.nn.modules.module._has_any_global_hook()


def test_what_follows_a_long_pretraining_is_recorded_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run_program(Program.from_file(PLAYERS / "pretrained_generator.py"), [], tmp_path / "run")
    assert Recording.load(tmp_path / "run").iterations == 20


def test_looking_for_the_players_makes_torch_warn_of_nothing(tmp_path, monkeypatch):
    """Hooks on all modules would have torch.compile warn at each call."""
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Using `torch.compile")
        assert run_program(Program.from_file(PLAYERS.parent / "loops" / "compiled.py"), [], tmp_path / "run") == 0
    assert Recording.load(tmp_path / "run").iterations == 14
