"""Who plays which part in scripts whose players are put together in unusual ways."""

import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.optim.optimizer import register_optimizer_step_pre_hook

from gandiag.cli.program import Program
from gandiag.cli.run import run_program
from gandiag.monitor.script_names import CRITIC_STEPS
from gandiag.recording import Recording

PLAYERS = Path(__file__).parents[1] / "players"
SCRIPTS = sorted(path.name for path in PLAYERS.glob("*.py") if path.name != "conftest.py")


def names(said: str) -> tuple[list[str], list[str]]:
    """Generators and discriminators in the last line that says who is watched."""
    last = [line for line in said.splitlines() if line.startswith("gandiag: watching ")][-1]
    generators, discriminators = last.split(", discriminator")
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


@pytest.mark.parametrize("script", ["mapping_synthesis.py", "growing.py", "forward_called.py", "scaler_off.py"])
def test_the_norms_are_those_of_the_whole_network(script, tmp_path, monkeypatch):
    """In parts, growing, called by forward, or with a scaler that does nothing."""
    monkeypatch.chdir(tmp_path)
    applied: dict[int, list[float]] = {}

    def measure(optimizer, args, kwargs):
        gradients = [p.grad.double().flatten() for group in optimizer.param_groups for p in group["params"]]
        last = optimizer.param_groups[0]["params"][-1]
        applied.setdefault(last.numel() == 1, []).append(float(torch.cat(gradients).norm()))

    handle = register_optimizer_step_pre_hook(measure)
    assert run_program(Program.from_file(PLAYERS / script), [], tmp_path / "run") == 0
    handle.remove()
    recording = Recording.load(tmp_path / "run")
    for label, judges in (("G", False), ("D", True)):
        np.testing.assert_allclose(recording.series(f"steps.grad_norm[{label}]"), applied[judges], rtol=1e-5)


def test_what_a_later_training_does_is_said_to_be_unwatched(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run_program(Program.from_file(PLAYERS / "one_after_another.py"), [], tmp_path / "run")
    assert "gandiag: 4 optimizers were made later, and what they train was not watched" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "meant"),
    [("n_critic", True), ("critic_iters", True), ("D_STEPS", True), ("n_dis", True), ("k_d", True), ("Diters", True)]
    + [(name, False) for name in ("d", "nd", "num_D", "disc", "dis", "d_model", "n_discs")],
)
def test_names_that_mean_critic_steps(name, meant):
    assert bool(CRITIC_STEPS.fullmatch(name)) is meant
