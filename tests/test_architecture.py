"""The walls: who may import whom, and what must stay light."""

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


def test_every_public_name_can_be_had():
    import gandiag

    for name in gandiag.__all__:
        assert getattr(gandiag, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = gandiag.nonsense
