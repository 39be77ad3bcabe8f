"""What all applications share: the loop around their steps, its checkpoints, and an end that loses nothing."""

import pickle
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

import torch
from torch import nn

from gandiag.detect import Diagnosis
from gandiag.errors import GandiagError
from gandiag.files import write_whole
from gandiag.monitor import Monitor
from gandiag.recording import Recording
from gandiag.training.interruption import INTERRUPTED, whole_steps

CHECKPOINT = "checkpoint.pt"


class Settings(Protocol):
    """A frozen dataclass of an application's settings."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def iterations(self) -> int:
        """Generator steps."""

    @property
    def checkpoint_every(self) -> int:
        """Generator steps from checkpoint to checkpoint."""


class Stateful(Protocol):
    """A module or an optimizer."""

    def state_dict(self) -> dict[str, Any]:
        """All of its state."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> Any:
        """Take up a state."""


@dataclass(frozen=True)
class ApplicationResult:
    """What a run left behind.

    Attributes:
        networks: Name → network, as they ended.
        recording: What was observed.
        diagnosis: The verdict.
        iterations: Generator steps done.
        ended_early: Why the run did not do all its iterations; ``None`` if it did.
    """

    networks: Mapping[str, nn.Module]
    recording: Recording
    diagnosis: Diagnosis
    iterations: int
    ended_early: str | None


def run_session(
    model: str,
    settings: Settings,
    networks: Mapping[str, nn.Module],
    optimizers: Mapping[str, Stateful],
    step: Callable[[], None],
    monitor: Monitor,
    *,
    out: Path | None,
    start: int = 0,
    progress: Callable[[int], None] = lambda iteration: None,
) -> ApplicationResult:
    """Step until the settings' end, Ctrl-C, or a run directory that can no longer be written.

    Args:
        model: Name of the application, kept in its checkpoints.
        settings: Its settings, kept likewise.
        networks: Name → network; all that was learnt.
        optimizers: Name → optimizer, or whatever else a checkpoint must hold.
        step: One step of all players.
        monitor: Watches the networks; closed at the end.
        out: Run directory; ``None`` keeps all in memory.
        start: Generator steps done before.
        progress: Called with the number of generator steps done, after each.

    Raises:
        ValueError: If a network and an optimizer have the same name.
    """
    if shared := networks.keys() & optimizers.keys():
        raise ValueError(f"A network and an optimizer are both called {sorted(shared)}; a checkpoint would lose one.")
    iteration, ended_early = start, None
    device = next(next(iter(networks.values())).parameters()).device

    def save() -> str | None:
        if out is None:
            return None
        return _save(out, model, settings, {**networks, **optimizers}, iteration, device, monitor.state_dict())

    with monitor:
        try:
            with whole_steps() as between_steps:
                while iteration < settings.iterations and ended_early is None:
                    step()
                    iteration += 1
                    progress(iteration)
                    due = iteration % settings.checkpoint_every == 0 or iteration == settings.iterations
                    ended_early = (save() if due else None) or monitor.write_error
                    between_steps()
        except KeyboardInterrupt:
            ended_early = save() or INTERRUPTED
    return ApplicationResult(networks, monitor.recording, monitor.diagnose(), iteration, ended_early)


def _save(
    out: Path,
    model: str,
    settings: Settings,
    parts: Mapping[str, Stateful],
    iteration: int,
    device: torch.device,
    watching: Mapping[str, Any],
) -> str | None:
    """Write a checkpoint; returns why it could not be written, or ``None``."""
    state = {
        "model": model,
        "settings": asdict(settings),
        "iteration": iteration,
        "parts": {name: part.state_dict() for name, part in parts.items()},
        "watching": watching,
        "random": torch.get_rng_state(),
        "device_random": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
    }

    # torch.save reports a full disk as a RuntimeError.
    try:
        write_whole(out / CHECKPOINT, lambda path: torch.save(state, path))
    except (OSError, RuntimeError) as error:
        return f"The checkpoint could not be written ({error}); the run ends with what it has."
    return None


def read_session(directory: Path, model: str | None = None) -> dict[str, Any]:
    """The last checkpoint of a run: ``model``, ``settings``, ``iteration``, ``parts``, ``watching`` and random states.

    Args:
        directory: Run directory.
        model: The application that it must be of; any, if left out.

    Raises:
        GandiagError: If there is none, it cannot be read, or it is of another model.
    """
    state = _load(directory)
    found = state.get("model") or state.get("config", {}).get("model", "another model")
    if "parts" not in state or (model is not None and found != model):
        raise GandiagError(
            f"The checkpoint {directory / CHECKPOINT} is of the model '{found}', not of {model or 'an application'}."
        )
    return state


def session_model(directory: Path) -> str | None:
    """The application that a run's checkpoint is of; ``None`` where it is no application's.

    Raises:
        GandiagError: If there is no checkpoint, or it cannot be read.
    """
    model: str | None = _load(directory).get("model")
    return model


def _load(directory: Path) -> dict[str, Any]:
    path = directory / CHECKPOINT
    if not path.exists():
        raise GandiagError(f"There is no checkpoint {path}; train a model into this directory first.")
    try:
        state: object = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, KeyError, EOFError, pickle.UnpicklingError) as error:
        raise GandiagError(f"The checkpoint {path} cannot be read ({error}); train the model anew.") from error
    if not isinstance(state, dict):
        raise GandiagError(f"{path} is no checkpoint of a run; train the model anew.")
    return state


def restore_session(
    state: Mapping[str, Any],
    parts: Mapping[str, Stateful],
    *,
    random: bool = True,
    device: torch.device | str = "cpu",
) -> int:
    """Put a checkpoint's state into networks and optimizers; returns the iteration to go on from.

    Args:
        state: From :func:`read_session`.
        parts: Name → what takes up the state of that name.
        random: Whether torch's random states are taken up too, to go on as if the run had never stopped.
        device: Where the run goes on.

    Raises:
        GandiagError: If the checkpoint is of other networks.
    """
    try:
        for name, part in parts.items():
            part.load_state_dict(state["parts"][name])
    except (RuntimeError, KeyError, ValueError) as error:
        raise GandiagError(f"The checkpoint is of other networks than these ({error}).") from error
    if random:
        torch.set_rng_state(state["random"])
        device_random = state.get("device_random")
        if device_random is not None and torch.device(device).type == "cuda":
            torch.cuda.set_rng_state(device_random, device)
    return int(state["iteration"])
