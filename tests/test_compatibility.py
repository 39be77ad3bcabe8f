"""Which torch goes with which torchvision: one sentence where they do not fit, nothing where they do."""

import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest

from gandiag.compatibility import check_matching_pair, import_torchvision
from gandiag.errors import GandiagError

Install = Callable[[str | None, str | None, list[str] | None], None]


@pytest.fixture
def pretend_installed(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Make the package metadata say what a test wants; ``None`` for a version: not installed."""

    def install(torch: str | None, torchvision: str | None, requirements: list[str] | None) -> None:
        versions = {"torch": torch, "torchvision": torchvision}

        def version(name: str) -> str:
            found = versions[name]
            if found is None:
                raise metadata.PackageNotFoundError(name)
            return found

        monkeypatch.setattr(metadata, "version", version)
        monkeypatch.setattr(metadata, "requires", lambda name: {"torchvision": requirements}[name])

    return install


MATCHING = {
    "plain": ("2.9.0", "0.24.0", ["numpy", "torch==2.9.0", "pillow!=8.3.*,>=5.3.0"]),
    "old spelling": ("2.9.0", "0.24.0", ["numpy", "torch (==2.9.0)", "pillow (!=8.3.*,>=5.3.0)"]),
    "local parts differ": ("2.9.0+cu130", "0.24.0+cpu", ["torch==2.9.0"]),
    "pinned with a local part": ("2.9.0+cpu", "0.24.0", ["torch==2.9.0+cpu"]),
    "from that release on": ("2.15.0+cu132", "0.29.2", ["numpy", "torch (>=2.14.0)"]),
    "exactly the least release": ("2.14.0", "0.29.2", ["torch>=2.14.0"]),
    "a nightly pair": ("2.16.0.dev20261101+cpu", "0.30.0.dev20261101+cpu", ["torch==2.16.0.dev20261101"]),
    "a vendor's build of a release": ("2.15.0a0+gitabc123", "0.29.2a0", ["torch>=2.15.0"]),
    "no word on torch": ("2.9.0", "0.24.0", ["numpy"]),
    "another library's pin": ("2.9.0", "0.24.0", ["torchaudio==2.8.0", "torch==2.9.0"]),
    "no requirements at all": ("2.9.0", "0.24.0", None),
}
MISMATCHED = {
    "older torch": ("2.8.0", "0.24.0", ["numpy", "torch==2.9.0"]),
    "newer torch": ("2.10.0", "0.24.0", ["numpy", "torch==2.9.0"]),
    "old spelling": ("2.8.0+cu128", "0.24.0+cu130", ["torch (==2.9.0)"]),
    "a longer version that begins alike": ("2.9.01", "0.24.0", ["torch==2.9.0"]),
    "nightlies of two days": ("2.16.0.dev20261102+cpu", "0.30.0.dev20261101", ["torch==2.16.0.dev20261101"]),
    "older than the least release": ("2.13.0", "0.29.2", ["numpy", "torch (>=2.14.0)"]),
    "two digits are more than one": ("2.9.1", "0.29.2", ["torch>=2.14.0"]),
}


@pytest.mark.parametrize("case", MATCHING)
def test_a_matching_pair_passes(pretend_installed: Install, case: str) -> None:
    pretend_installed(*MATCHING[case])
    check_matching_pair()


@pytest.mark.parametrize("case", MISMATCHED)
def test_a_mismatched_pair_is_refused_in_one_line_that_names_both_and_the_way_out(
    pretend_installed: Install, case: str
) -> None:
    torch, torchvision, requirements = MISMATCHED[case]
    pretend_installed(torch, torchvision, requirements)
    with pytest.raises(GandiagError) as refusal:
        check_matching_pair()
    sentence = str(refusal.value)
    assert f"torch {torch} " in sentence
    assert f"torchvision {torchvision} " in sentence
    assert "pip install" in sentence
    assert "\n" not in sentence


def test_the_advice_for_a_pinned_pair_can_be_pasted_into_a_shell(pretend_installed: Install) -> None:
    pretend_installed("2.8.0+cu128", "0.24.0+cu130", ["torch==2.9.0"])
    with pytest.raises(GandiagError, match=r"pip install torch==2\.9\.0 torchvision==0\.24\.0$"):
        check_matching_pair()


@pytest.mark.parametrize(
    ("torch", "torchvision", "missing"), [("2.9.0", None, "torchvision"), (None, "0.24.0", "torch")]
)
def test_a_missing_library_is_named_with_the_way_to_get_it(
    pretend_installed: Install, torch: str | None, torchvision: str | None, missing: str
) -> None:
    pretend_installed(torch, torchvision, [])
    with pytest.raises(GandiagError, match=rf"^{missing} is not installed; run: pip install torch torchvision$"):
        check_matching_pair()


def test_the_pair_installed_here_matches() -> None:
    assert import_torchvision().__name__ == "torchvision"


def test_a_mismatched_pair_is_refused_before_torchvision_is_imported(
    pretend_installed: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_installed("2.8.0", "0.24.0", ["torch==2.9.0"])
    monkeypatch.setitem(sys.modules, "torchvision", None)  # importing it would now fail with another error
    with pytest.raises(GandiagError, match="matching pair"):
        import_torchvision()


@pytest.mark.parametrize("failure", ["RuntimeError", "ImportError", "OSError"])
def test_a_torchvision_that_cannot_be_imported_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, failure: str
) -> None:
    """As with operators built for another torch or another CUDA, which no package metadata tells."""
    (tmp_path / "torchvision.py").write_text(f'raise {failure}("operator torchvision::nms does not exist")')
    monkeypatch.delitem(sys.modules, "torchvision")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(GandiagError) as refusal:
        import_torchvision()
    assert "operator torchvision::nms does not exist" in str(refusal.value)
    assert "\n" not in str(refusal.value)
