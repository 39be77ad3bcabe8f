"""What the README shows is what happens."""

import re
from pathlib import Path

import pytest

from gandiag.cli.main import COMMANDS
from gandiag.detect import Verdict
from gandiag.detect.remedies import REMEDIES

README = (Path(__file__).parents[1] / "README.md").read_text()


@pytest.mark.filterwarnings("ignore::gandiag.errors.GandiagWarning")
def test_the_attach_example_runs_and_writes_its_report(tmp_path, monkeypatch, capsys):
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "README.md", "exec"), {})
    assert capsys.readouterr().out.startswith("Verdict: ")
    assert "<html" in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_stands_in_the_table(verdict):
    assert f"| `{verdict.value}` |" in README


@pytest.mark.parametrize("kind", REMEDIES)
def test_every_kind_of_failure_stands_in_the_table(kind):
    words = kind.replace("_", " ")
    assert words in README


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_stands_in_the_readme(command):
    assert f"gandiag {command} " in README
