"""Where numbers are from: versions, hardware, and the state of the code."""

import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from gandiag.study.study import versions

FOLDERS = ("--out", "--into", "--data-dir")


def provenance() -> dict[str, Any]:
    """For a manifest: ``versions``, ``hardware``, ``git_commit``, and whether there were ``uncommitted_changes``.

    What git does not know, outside of a checkout, is ``None``.
    """
    changed = _git("status", "--porcelain", "--untracked-files=no")
    return {
        "versions": {**versions(), "python": platform.python_version(), "pandas": pd.__version__},
        "hardware": {
            "machine": platform.machine(), "processor": _processor(), "system": platform.system(),
            "cores": os.cpu_count(),
        },
        "git_commit": _git("rev-parse", "HEAD"),
        "uncommitted_changes": None if changed is None else bool(changed),
    }  # fmt: skip


def told(argv: Sequence[str]) -> str:
    """The command that does it again elsewhere: without folders of this machine.

    Examples:
        >>> told(["studies/regularization.py", "--seeds", "3", "--out", "runs/first", "--data-dir=data"])
        'regularization.py --seeds 3'
    """
    words, skip = [Path(argv[0]).name], False
    for word in argv[1:]:
        if not skip and word.split("=")[0] not in (*FOLDERS, "--results-only"):
            words.append(word)
        skip = word in FOLDERS
    return " ".join(words)


def _processor() -> str:
    """The processor's model, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")


def _git(*words: str) -> str | None:
    """What git says of the package's checkout; ``None`` where it is none."""
    try:
        done = subprocess.run(
            ["git", *words], capture_output=True, text=True, check=True, timeout=10, cwd=Path(__file__).parent
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
