"""Each example runs as it stands, shortened, and leaves a verdict, a report and a whole recording."""

import importlib.util
from pathlib import Path

import pytest

import gandiag

EXAMPLES = Path(__file__).parents[1] / "examples"
SHORTENED = {"plain_loop": {"STEPS": 30}, "conditional": {"STEPS": 30}, "lightning_module": {"EPOCHS": 1}}
ELSEWHERE = {"distributed": "monitor/test_distributed.py"}


def test_every_example_is_run_by_a_test():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == SHORTENED.keys() | ELSEWHERE.keys()
    for example, test in ELSEWHERE.items():
        assert f"{example}.py" in (Path(__file__).parent / test).read_text(encoding="utf-8")


@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning", "ignore:.*:FutureWarning", "ignore:.*:UserWarning")
@pytest.mark.parametrize("name", SHORTENED)
def test_an_example_runs_as_it_stands(name, tmp_path, capsys, monkeypatch):
    if name == "lightning_module":
        pytest.importorskip("lightning")
    monkeypatch.chdir(tmp_path)
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    for constant, value in SHORTENED[name].items():
        assert hasattr(example, constant)
        monkeypatch.setattr(example, constant, value)
    example.main(str(tmp_path / "run"))
    assert "Verdict: " in capsys.readouterr().out
    assert (tmp_path / "run" / "report.html").stat().st_size > 10_000
    recording = gandiag.Recording.load(tmp_path / "run")
    assert recording.meta["status"] == "finished"
    assert recording.meta["abstentions"] == {}
    assert set(recording.steps["network"]) == {"G", "D"}
    assert recording.signal[["grad_norm", "logit_real", "logit_fake"]].notna().all(axis=None)
    assert len(recording.probes) >= 1
