"""Samples of any framework, from where people keep them: folders of pictures, arrays, tensors, generators."""

import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor, nn

from gandiag.errors import GandiagError
from gandiag.probes.images import unit_range
from gandiag.scoring.generators import Sampling, is_torchscript, load_module, load_torchscript, sample_generator

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")
ARRAYS = (".npy", ".npz")
TENSORS = (".pt", ".pth", ".ts")
BRIGHTEST_UNIT = 1.5


def read_samples(path: Path, sampling: Sampling | None = None) -> Tensor:
    """Samples as a float32 tensor: images :math:`(n, c, h, w)` in [0, 1], or vectors :math:`(n, d)` as they are.

    Args:
        path: A folder of pictures; an ``.npy`` or ``.npz`` array; or a ``.pt``, ``.pth`` or ``.ts`` file with a tensor,
            a TorchScript generator or a module written by ``torch.save``. Images may be bytes, in [0, 1] or in [−1, 1],
            with their channels first, last or left out.
        sampling: How to sample a generator.

    Raises:
        GandiagError: If there is nothing there that can be read as finite samples.
    """
    if path.is_dir():
        samples = _read_folder(path)
    elif not path.exists():
        raise GandiagError(f"There is no file or folder {path}.")
    elif path.suffix in ARRAYS:
        samples = as_images(_read_array(path), path)
    elif path.suffix in TENSORS:
        samples = as_images(_read_tensor(path, sampling or Sampling()), path)
    else:
        raise GandiagError(
            f"{path} is of no kind that holds samples; give a folder of pictures, or one of "
            f"{', '.join(ARRAYS + TENSORS)}."
        )
    return samples


def as_images(samples: Tensor, path: Path) -> Tensor:
    """Whatever layout and range, as :func:`read_samples` gives it.

    Raises:
        GandiagError: If the tensor is empty, complex, not finite, or has too few or too many axes.
    """
    if samples.numel() == 0 or samples.is_complex() or not 2 <= samples.ndim <= 4:
        raise GandiagError(
            f"{path} holds a tensor with shape {tuple(samples.shape)}; samples are (n, d), (n, h, w) or (n, c, h, w)."
        )
    values = samples.detach().cpu().float()
    bad = ~torch.isfinite(values).flatten(1).all(dim=1)
    if bool(bad.any()):
        raise GandiagError(
            f"{path} holds NaN or infinite values in {int(bad.sum())} of {len(values)} samples; a score of the others "
            f"would hide it."
        )
    if values.ndim == 2:
        return values
    if values.ndim == 3:
        values = values.unsqueeze(1)
    elif values.shape[1] not in (1, 3) and values.shape[3] in (1, 3):
        values = values.permute(0, 3, 1, 2)
    if not samples.is_floating_point() or float(values.max()) > BRIGHTEST_UNIT:
        values = values / 255
    return unit_range(values).contiguous()


def _read_folder(folder: Path) -> Tensor:
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in PICTURES)
    if not files:
        raise GandiagError(f"The folder {folder} holds no pictures ({', '.join(PICTURES)}).")
    pictures: list[np.ndarray[Any, Any]] = []
    for file in files:
        try:
            with Image.open(file) as picture:
                grey = picture.mode in ("1", "L", "I;16", "I", "F")
                pictures.append(np.asarray(picture.convert("L" if grey else "RGB")))
        except (UnidentifiedImageError, OSError) as error:
            raise GandiagError(f"{file} cannot be read as a picture; remove or repair it.") from error
        if pictures[-1].shape != pictures[0].shape:
            raise GandiagError(
                f"The pictures in {folder} differ: {files[0].name} has shape {pictures[0].shape} and {file.name} "
                f"{pictures[-1].shape}; samples must be of one size and kind."
            )
    return as_images(torch.from_numpy(np.stack(pictures)), folder)


def _read_array(path: Path) -> Tensor:
    try:
        content = np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise GandiagError(f"{path} cannot be read as a NumPy array ({error}).") from error
    if isinstance(content, np.ndarray):
        return _from_numpy(content, path)
    with content:
        arrays = {name: content[name] for name in content.files}
    many = {name: array for name, array in arrays.items() if array.ndim >= 2} or arrays
    if len(many) != 1:
        raise GandiagError(f"{path} holds {len(many)} arrays ({', '.join(many) or 'none'}); samples are a single one.")
    return _from_numpy(next(iter(many.values())), path)


def _from_numpy(array: np.ndarray[Any, Any], path: Path) -> Tensor:
    if array.dtype.kind not in "buif":
        raise GandiagError(f"{path} holds values of type {array.dtype}; samples are numbers.")
    return torch.from_numpy(array.astype(np.uint8) if array.dtype.kind == "b" else array.astype(array.dtype.type))


def _read_tensor(path: Path, sampling: Sampling) -> Tensor:
    if is_torchscript(path):
        return sample_generator(load_torchscript(path), sampling, path)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        return sample_generator(load_module(path, sampling.trust), sampling, path)
    except (RuntimeError, OSError, EOFError, ValueError, KeyError) as error:
        raise GandiagError(f"{path} cannot be read as a file of torch.save ({str(error).splitlines()[0]}).") from error
    if isinstance(content, Tensor):
        return content
    return _only_samples(content, path)


def _only_samples(content: Any, path: Path) -> Tensor:
    """The samples among the values of a dictionary, such as a data set's images beside its labels."""
    if isinstance(content, dict | list | tuple) and not isinstance(content, nn.Module):
        values = content.values() if isinstance(content, dict) else content
        tensors = [value for value in values if isinstance(value, Tensor) and value.ndim >= 2]
        if len(tensors) == 1:
            return tensors[0]
        if len(tensors) > 1:
            raise GandiagError(
                f"{path} holds {len(tensors)} tensors, as a state dictionary does: weights alone are no generator. "
                f"Save the samples, the whole module (torch.save(generator, path)) or a TorchScript of it."
            )
    raise GandiagError(f"{path} holds a {type(content).__name__} and no samples; save them as one tensor.")
