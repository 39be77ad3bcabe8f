"""The page in a real browser: it opens offline, says the verdict and is not blank."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed to open the page in")
def test_a_browser_shows_the_verdict(page_of: Callable[[str], Path], tmp_path: Path) -> None:
    page = page_of("collapse").as_uri()
    browser = [str(CHROMIUM), *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1280,900"]
    dumped = subprocess.run([*browser, "--dump-dom", page], capture_output=True, text=True, timeout=120, check=True)
    assert "<span>Mode collapse</span>" in dumped.stdout
    picture = tmp_path / "page.png"
    subprocess.run([*browser, f"--screenshot={picture}", page], capture_output=True, timeout=120, check=True)
    with Image.open(picture) as shot:
        assert shot.width == 1280
        colors = shot.convert("RGB").getcolors(maxcolors=1 << 20)
    assert colors is None or len(colors) > 50
