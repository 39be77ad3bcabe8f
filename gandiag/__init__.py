"""gandiag says which failure of a GAN it is, since which step, on what evidence, and what to do next.

The names below load on first use: reading and judging a recorded run needs no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gandiag import version

__version__ = version.VERSION

if TYPE_CHECKING:
    from gandiag import losses, metrics, nets, regularizers
    from gandiag.detect import Diagnosis, Finding, diagnose
    from gandiag.errors import GandiagError, GandiagWarning
    from gandiag.monitor import Monitor, TrainingStopped, attach
    from gandiag.recording import Recording

_HOMES = {
    "attach": "gandiag.monitor",
    "Monitor": "gandiag.monitor",
    "TrainingStopped": "gandiag.monitor",
    "Recording": "gandiag.recording",
    "Diagnosis": "gandiag.detect",
    "Finding": "gandiag.detect",
    "diagnose": "gandiag.detect",
    "GandiagError": "gandiag.errors",
    "GandiagWarning": "gandiag.errors",
}
_SUBPACKAGES = ("losses", "metrics", "nets", "regularizers")

__all__ = [
    "Diagnosis",
    "Finding",
    "GandiagError",
    "GandiagWarning",
    "Monitor",
    "Recording",
    "TrainingStopped",
    "__version__",
    "attach",
    "diagnose",
    "losses",
    "metrics",
    "nets",
    "regularizers",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _SUBPACKAGES:
        return import_module(f"gandiag.{name}")
    raise AttributeError(f"module 'gandiag' has no attribute '{name}'")
