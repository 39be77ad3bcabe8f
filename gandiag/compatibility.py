"""The one place that knows which versions of other libraries fit together."""

import re
from importlib import metadata
from types import ModuleType

from gandiag.errors import GandiagError


def import_torchvision() -> ModuleType:
    """torchvision, or one sentence on why it cannot be used.

    torchvision's compiled operators load only beside the torch release they were built for, which its own package
    metadata names; beside another one, importing it fails deep inside torch.

    Raises:
        GandiagError: If torch and torchvision are not a matching pair, or torchvision is missing.
    """
    check_matching_pair()
    import torchvision

    module: ModuleType = torchvision
    return module


def check_matching_pair() -> None:
    """Raise a ``GandiagError`` unless the installed torchvision was built for the installed torch."""
    try:
        torch_version = metadata.version("torch")
        torchvision_version = metadata.version("torchvision")
        requirements = metadata.requires("torchvision") or []
    except metadata.PackageNotFoundError as error:
        raise GandiagError(f"{error.name} is not installed; run: pip install torch torchvision") from None
    wanted = _pinned_torch(requirements)
    if wanted is not None and torch_version.split("+")[0] != wanted:
        raise GandiagError(
            f"torch {torch_version} and torchvision {torchvision_version} are not a matching pair: this torchvision "
            f"needs torch {wanted}. Install both together: pip install torch=={wanted} "
            f"torchvision=={torchvision_version.split('+')[0]}"
        )


def _pinned_torch(requirements: list[str]) -> str | None:
    """The torch release in torchvision's requirements, such as ``torch==2.15.0``, without a local part."""
    for requirement in requirements:
        pinned = re.match(r"torch\s*\(?==\s*([0-9][^;,)+\s]*)", requirement)
        if pinned:
            return pinned.group(1)
    return None
