"""The walls: who may import whom, and what must stay light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[1]


def test_files_import_only_from_floors_below_their_own(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "import gandiag",
        "import gandiag; gandiag.Recording",
        "import gandiag; gandiag.diagnose",
        "import gandiag.report",
        "from gandiag.cli.main import commands; commands.get_command(None, 'diagnose')",
        "from gandiag.cli.main import commands; commands.get_command(None, 'report')",
    ],
)
def test_reading_and_judging_a_run_imports_no_torch(statement):
    check = f"import sys; {statement}; assert not {{'torch', 'torchvision', 'torchmetrics'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-W", "ignore", "-c", check], cwd=ROOT, check=True, timeout=120)


@pytest.mark.parametrize("package", ["monitor", "probes"])
def test_doubles_are_taken_only_where_the_device_has_them(package):
    """Tensor.double raises on MPS; metrics.features.double goes to the processor there."""
    for path in (ROOT / "gandiag" / package).glob("*.py"):
        attributes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)]
        assert [node.lineno for node in attributes if node.attr == "double"] == [], path


def test_every_public_name_can_be_had():
    import gandiag

    for name in gandiag.__all__:
        assert getattr(gandiag, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = gandiag.nonsense
