"""All that a run needs to go on as if it had never stopped."""

import pickle
from pathlib import Path
from typing import Any

import torch

from gandiag.errors import GandiagError
from gandiag.files import write_whole
from gandiag.nets.catalogue import MODELS
from gandiag.training.config import TrainingConfig
from gandiag.training.players import Players, build_players

CHECKPOINT = "checkpoint.pt"


def save_checkpoint(
    directory: Path, iteration: int, config: TrainingConfig, players: Players, watching: dict[str, Any]
) -> None:
    """Write networks, optimizers, random states, the iteration and what the monitor remembers.

    A reader sees all of it or the last one.

    Raises:
        OSError: If the directory cannot be written.
    """
    state = {
        "iteration": iteration,
        "config": config.to_dict(),
        "players": {name: part.state_dict() for name, part in _parts(players).items()},
        "watching": watching,
        "random": torch.get_rng_state(),
        "device_random": torch.cuda.get_rng_state(players.device) if players.device.type == "cuda" else None,
    }
    write_whole(directory / CHECKPOINT, lambda path: _save(state, path))


def _save(state: dict[str, Any], path: Path) -> None:
    # torch.save reports a full disk as a RuntimeError.
    try:
        torch.save(state, path)
    except RuntimeError as error:
        raise OSError(str(error)) from error


def read_checkpoint(directory: Path) -> tuple[TrainingConfig, dict[str, Any]]:
    """The configuration and state of the last checkpoint.

    Raises:
        GandiagError: If there is none, or it cannot be read.
    """
    path = directory / CHECKPOINT
    if not path.exists():
        raise GandiagError(f"There is no checkpoint {path} to go on from; start the run without --resume.")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        return TrainingConfig.from_dict(state["config"]), state
    except (OSError, RuntimeError, KeyError, EOFError, pickle.UnpicklingError) as error:
        raise GandiagError(f"The checkpoint {path} cannot be read ({error}); start the run anew.") from error


def restore_checkpoint(state: dict[str, Any], players: Players) -> int:
    """Put a checkpoint's state into the players and the random states; returns the iteration to go on from.

    Raises:
        GandiagError: If the checkpoint is of other networks.
    """
    try:
        for name, part in _parts(players).items():
            part.load_state_dict(state["players"][name])
    except (RuntimeError, KeyError, ValueError) as error:
        raise GandiagError(f"The checkpoint is of other networks than these ({error}).") from error
    torch.set_rng_state(state["random"])
    if state["device_random"] is not None and players.device.type == "cuda":
        torch.cuda.set_rng_state(state["device_random"], players.device)
    return int(state["iteration"])


def restore_players(directory: Path) -> Players:
    """The players of a run as its last checkpoint has them, on the CPU.

    Raises:
        GandiagError: If there is no checkpoint, or it cannot be read.
    """
    config, state = read_checkpoint(directory)
    with torch.random.fork_rng(devices=[]):
        players = build_players(config, MODELS[config.model].sample_shape, torch.device("cpu"))
        restore_checkpoint(state, players)
    return players


def _parts(players: Players) -> dict[str, Any]:
    parts = {
        "generator": players.generator,
        "discriminator": players.discriminator,
        "generator_optimizer": players.generator_optimizer,
        "discriminator_optimizer": players.discriminator_optimizer,
    }
    kept = {"average": players.average, "lecam": players.lecam}
    return parts | {name: part for name, part in kept.items() if part is not None}
