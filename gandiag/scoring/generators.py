"""Samples from a saved generator."""

import pickle
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gandiag.errors import GandiagError

BATCH = 500


@dataclass(frozen=True)
class Sampling:
    """How a saved generator is sampled.

    Attributes:
        latent: Shape of one input; ``None`` takes it from the generator's first layer.
        count: Number of samples.
        seed: Of the inputs, standard normal numbers.
        trust: Whether a file may run the code in it, as a module written by ``torch.save`` does when it is loaded.
    """

    latent: tuple[int, ...] | None = None
    count: int = 10_000
    seed: int = 0
    trust: bool = False


def is_torchscript(path: Path) -> bool:
    """Whether a file is an archive of TorchScript, which has its code inside."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any("/code/" in name for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def load_torchscript(path: Path) -> nn.Module:
    """A TorchScript module on the CPU.

    Raises:
        GandiagError: If it cannot be loaded.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            module: nn.Module = torch.jit.load(str(path), map_location="cpu")
    except (RuntimeError, ValueError, OSError) as error:
        raise GandiagError(f"{path} cannot be loaded as TorchScript ({_first_line(error)}).") from error
    return module


def load_module(path: Path, trust: bool) -> nn.Module:
    """A module written by ``torch.save``.

    Raises:
        GandiagError: If it is not trusted, or cannot be loaded here.
    """
    if not trust:
        raise GandiagError(
            f"{path} is a pickled object, and loading it runs whatever code is in it; if it is yours, add --trust, or "
            f"save the generator as TorchScript (torch.jit.trace)."
        )
    try:
        content = torch.load(path, map_location="cpu", weights_only=False)
    except (AttributeError, ImportError) as error:
        raise GandiagError(
            f"The generator's class cannot be found ({error}); put its code on PYTHONPATH, or save it as TorchScript."
        ) from error
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, KeyError, ValueError, TypeError) as error:
        raise GandiagError(f"{path} cannot be read as a file of torch.save ({_first_line(error)}).") from error
    if not isinstance(content, nn.Module):
        raise GandiagError(f"{path} holds a {type(content).__name__} and no generator; save the whole module.")
    return content


@torch.no_grad()
def sample_generator(generator: nn.Module, sampling: Sampling, path: Path) -> Tensor:
    """Samples of a generator in evaluation mode, at inputs that ``sampling.seed`` fixes.

    Raises:
        GandiagError: If its input's shape is not known, or it does not take it.
    """
    latent = sampling.latent or _first_layers_input(generator)
    if latent is None:
        raise GandiagError(f"What {path} takes as input cannot be told from its first layer; give it with --latent.")
    draw = torch.Generator().manual_seed(sampling.seed)
    generator.eval()
    batches = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(sampling.seed)
        for begin in range(0, sampling.count, BATCH):
            inputs = torch.randn(min(BATCH, sampling.count - begin), *latent, generator=draw)
            batches.append(_run(generator, inputs, path))
    return torch.cat(batches)


def _run(generator: nn.Module, inputs: Tensor, path: Path) -> Tensor:
    try:
        output: Any = generator(inputs)
    except Exception as error:  # whatever a user's module raises
        raise GandiagError(
            f"The generator in {path} does not take inputs of shape {tuple(inputs.shape[1:])} ({_first_line(error)}); "
            f"give the shape with --latent, as 100 or 100x1x1."
        ) from error
    if not isinstance(output, Tensor) or len(output) != len(inputs):
        raise GandiagError(f"The generator in {path} does not make one tensor with a sample for each input.")
    return output


def _first_layers_input(generator: nn.Module) -> tuple[int, ...] | None:
    for module in generator.modules():
        if isinstance(module, nn.Linear):
            return (module.in_features,)
        if isinstance(module, nn.ConvTranspose2d):
            return (module.in_channels, 1, 1)
    return None


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
