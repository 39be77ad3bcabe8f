"""The one place that knows which versions of other libraries fit together."""

from importlib import import_module, metadata
from types import ModuleType

from packaging.requirements import Requirement
from packaging.version import Version

from gandiag.errors import GandiagError


def import_torchvision() -> ModuleType:
    """torchvision, or one sentence on why it cannot be used.

    torchvision's compiled operators load only beside the torch release they were built for; beside another one,
    importing it fails deep inside torch.

    Raises:
        GandiagError: If torch and torchvision are not a matching pair, or torchvision is missing.
    """
    check_matching_pair()
    try:
        return import_module("torchvision")
    except (ImportError, RuntimeError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise GandiagError(
            f"torchvision cannot be loaded beside this torch ({reason}); they were not built for each other. Install "
            f"both together: pip install --force-reinstall torch torchvision"
        ) from error


def check_matching_pair() -> None:
    """Raise a ``GandiagError`` unless the installed torch is one that the installed torchvision asks for."""
    try:
        torch, torchvision = metadata.version("torch"), metadata.version("torchvision")
        requirements = metadata.requires("torchvision") or []
    except metadata.PackageNotFoundError as error:
        raise GandiagError(f"{error.name} is not installed; run: pip install torch torchvision") from None
    # What stands behind a plus, such as cu130, names a build and not a release.
    specifiers = [Requirement(text.split("+")[0].rstrip("( ") if "+" in text else text) for text in requirements]
    for wanted in specifiers:
        if wanted.name == "torch" and not _satisfies(Version(torch), wanted):
            raise GandiagError(
                f"torch {torch} and torchvision {torchvision} are not a matching pair: this torchvision needs "
                f"torch {wanted.specifier}. Install both together: pip install {_advice(wanted, torchvision)}"
            )


def _satisfies(version: Version, wanted: Requirement) -> bool:
    """Whether a version is asked for: as it is, which a nightly pins, or as the release that it leads up to."""
    forms = (version.public, version.base_version)
    return any(wanted.specifier.contains(form, prereleases=True) for form in forms)


def _advice(wanted: Requirement, torchvision: str) -> str:
    """What to give pip, so that it can be pasted into a shell."""
    torch = str(wanted.specifier)
    quoted = f"torch{torch}" if torch.startswith("==") else f"'torch{torch}'"
    return f"{quoted} torchvision=={torchvision.split('+')[0]}"
