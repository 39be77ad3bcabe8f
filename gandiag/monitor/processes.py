"""Training by several processes together."""

from torch import distributed, nn


def is_distributed() -> bool:
    """Whether this process trains together with others."""
    return _in_group() and distributed.get_world_size() > 1


def is_first() -> bool:
    """Whether this process is the one that records for all, or the only one."""
    return not _in_group() or distributed.get_rank() == 0


def _in_group() -> bool:
    return distributed.is_available() and distributed.is_initialized()


def unwrapped(module: nn.Module) -> nn.Module:
    """The network inside what DistributedDataParallel wraps around it, whose forward pass waits for nobody."""
    while type(module).__name__ in ("DistributedDataParallel", "DataParallel"):
        module = module.module  # type: ignore[assignment]
    return module
