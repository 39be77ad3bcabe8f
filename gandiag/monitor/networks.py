"""Which modules are watched, and what they are called."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from torch import nn

from gandiag.errors import GandiagError

Modules = nn.Module | Mapping[str, nn.Module]
WRAPPER_NAMES = ("_orig_mod", "module", "parametrizations")


@dataclass(frozen=True)
class Network:
    """One watched module.

    Attributes:
        label: ``G`` or ``D``, or ``G.<name>`` and ``D.<name>`` where there are several.
        role: Which player it is.
        module: The module itself; a ``ModuleList`` for several that are called one after another.
        parts: The modules to watch the calls of: the first one's input is the network's, the last one's output its own.
    """

    label: str
    role: Literal["generator", "discriminator"]
    module: nn.Module
    parts: tuple[nn.Module, ...] = ()

    @property
    def called(self) -> tuple[nn.Module, ...]:
        """``parts``; left empty, a ``ModuleList``'s members, or the module itself."""
        return self.parts or (tuple(self.module) if isinstance(self.module, nn.ModuleList) else (self.module,))


def label_networks(generator: Modules, discriminator: Modules) -> list[Network]:
    """Name the watched modules, generators first.

    Raises:
        GandiagError: If something is not a module, has no parameters, or plays both parts.
    """
    networks = [
        *(Network(label, "generator", module) for label, module in _labelled("G", generator)),
        *(Network(label, "discriminator", module) for label, module in _labelled("D", discriminator)),
    ]
    for network in networks:
        if not isinstance(network.module, nn.Module):
            raise GandiagError(
                f"The {network.role} must be a torch.nn.Module, or a dictionary of them; got "
                f"{type(network.module).__name__}."
            )
        if next(network.module.parameters(), None) is None:
            raise GandiagError(f"The {network.role} {network.label} has no parameters, so there is nothing to watch.")
    if len({id(network.module) for network in networks}) < len(networks):
        raise GandiagError("The same module was given twice; each generator and each discriminator is its own module.")
    return networks


def _labelled(letter: str, modules: Modules) -> list[tuple[str, nn.Module]]:
    if isinstance(modules, Mapping):
        return [(f"{letter}.{name}", module) for name, module in modules.items()]
    return [(letter, modules)]


def layer_name(parameter_name: str) -> str:
    """The layer that a parameter belongs to, without what wrappers and parametrizations add to its name.

    Examples:
        >>> layer_name("layers.1.parametrizations.weight.original")
        'layers.1'
        >>> layer_name("_orig_mod.head.bias")
        'head'
    """
    parts = parameter_name.split(".")
    if "parametrizations" in parts:
        parts = parts[: parts.index("parametrizations") + 1]
    kept = [part for part in parts[:-1] if part not in WRAPPER_NAMES]
    return ".".join(kept) or "(root)"
