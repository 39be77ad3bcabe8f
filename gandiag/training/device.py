"""Where networks and data lie."""

import torch

from gandiag.errors import GandiagError


def available_device(name: str) -> torch.device:
    """A torch device that computes here.

    Args:
        name: As torch writes it: ``cpu``, ``cuda``, ``cuda:1``, ``mps``.

    Raises:
        GandiagError: If there is no such device, or it is not available.

    Examples:
        >>> available_device("cpu")
        device(type='cpu')
    """
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()
    except (
        RuntimeError,
        AssertionError,
        NotImplementedError,
    ) as error:  # torch reports an absent device as any of them
        reason = str(error).split("\n")[0].split(". ")[0].rstrip(".")
        raise GandiagError(
            f"The device '{name}' cannot be used here ({reason}); give --device cpu, or one that this machine has."
        ) from error
    return device
