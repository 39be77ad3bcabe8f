"""A callback for Lightning, where the loop is the Trainer's."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from gandiag.errors import GandiagError
from gandiag.monitor import Monitor, attach

try:
    from lightning.pytorch import Callback, LightningModule, Trainer
except ImportError as error:
    raise GandiagError("Lightning is not installed; run: pip install 'gandiag[lightning]'") from error

Names = str | Mapping[str, str]


class GandiagCallback(Callback):
    """Watches the GAN in a LightningModule with manual optimisation, from the fit's start to its end.

    A run that goes on from a checkpoint goes on with its recording, too.

    Args:
        generator: Name of the attribute that holds the generator, such as ``"generator"`` or ``"nets.g"``; or
            ``{name: attribute}`` for several.
        discriminator: The same for the discriminator.
        report: Where to write the report at the end; left out, none is written.
        **options: What :func:`gandiag.attach` takes: ``judge``, ``out``, ``every``, ``on_alarm`` and so on.
            ``on_alarm="stop"`` ends the fit in Lightning's own way, after the running batch.

    Examples:
        >>> callback = GandiagCallback("generator", "discriminator", out="runs/first")
        >>> callback.monitor is None  # until the fit starts
        True
    """

    def __init__(
        self,
        generator: Names = "generator",
        discriminator: Names = "discriminator",
        *,
        report: str | Path | None = None,
        **options: Any,
    ) -> None:
        self.monitor: Monitor | None = None
        self._names = generator, discriminator
        self._report = report
        self._options = options
        self._start = 0

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Attach."""
        generator, discriminator = (_resolve(pl_module, names) for names in self._names)
        options = {"start": self._start} | self._options
        if options.get("on_alarm") == "stop":
            options["on_alarm"] = lambda diagnosis: setattr(trainer, "should_stop", True)
        self.monitor = attach(generator, discriminator, **options)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Close, and write the report if one is wanted."""
        self._finish()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """The same, however the fit ends."""
        self._finish()

    def _finish(self) -> None:
        if self.monitor is None:
            return
        self.monitor.close()
        if self._report is not None:
            self.monitor.report(self._report)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps: generator steps done."""
        return {"iterations": self._start if self.monitor is None else self.monitor.iterations}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self._start = int(state_dict["iterations"])


def _resolve(module: LightningModule, names: Names) -> nn.Module | dict[str, nn.Module]:
    """The module under an attribute's name, or several."""
    if isinstance(names, Mapping):
        return {name: _attribute(module, attribute) for name, attribute in names.items()}
    return _attribute(module, names)


def _attribute(module: LightningModule, name: str) -> nn.Module:
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    if not isinstance(found, nn.Module):
        raise GandiagError(
            f"{type(module).__name__} has no module '{name}'; give GandiagCallback the names of the attributes that "
            f"hold the generator and the discriminator."
        )
    return found
