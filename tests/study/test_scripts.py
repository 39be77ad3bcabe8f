"""The studies that are no grid of runs, in small."""

import runpy
from pathlib import Path

import pytest

STUDIES = Path(__file__).parents[2] / "studies"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vanishing_gradients", "gan_against_autoencoder", "conditional"])
def test_the_smoke_leaves_its_tables_and_picture(name, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", [name, "--smoke", "--out", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(STUDIES / f"{name}.py"), run_name="__main__")
    assert ended.value.code == 0
    assert (tmp_path / "summary.csv").exists()
    assert (tmp_path / f"{name}.png").exists()
