"""A run directory on disk: Parquet parts, PNG and JSON, each replaced whole, so that a killed run stays readable."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gandiag.files import write_whole
from gandiag.recording.tables import TABLES

META = "meta.json"
SAMPLES = "samples"
TILE_KEY = "gandiag tiles"
UNREADABLE = Exception  # whatever a damaged file makes its reader raise


def write_meta(directory: Path, meta: dict[str, Any]) -> None:
    text = json.dumps(meta, indent=1, default=str)
    write_whole(directory / META, lambda path: _write_text(path, text))


@contextmanager
def all_or_nothing(directory: Path) -> Iterator[Path]:
    """A folder to write a whole recording into; it replaces the one in ``directory`` once it is complete.

    Raises:
        OSError: If it cannot be written; what was in ``directory`` before is still there.
    """
    directory.mkdir(parents=True, exist_ok=True)
    fresh = Path(mkdtemp(prefix=".saving-", dir=directory))
    try:
        yield fresh
        for name in (*TABLES, SAMPLES):
            shutil.rmtree(directory / name, ignore_errors=True)
        for written in fresh.iterdir():
            os.replace(written, directory / written.name)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text + "\n", encoding="utf-8")


def read_meta(directory: Path, unreadable: list[str]) -> dict[str, Any]:
    try:
        meta = json.loads((directory / META).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except UNREADABLE:
        unreadable.append(META)
        return {}
    if not isinstance(meta, dict):
        unreadable.append(META)
        return {}
    return meta


def part_path(directory: Path, table: str, index: int) -> Path:
    """Where part number ``index`` of a table lies."""
    return directory / table / f"part-{index:06d}.parquet"


def write_part(directory: Path, table: str, index: int, rows: pd.DataFrame) -> None:
    """Write rows of a table as its part number ``index``."""
    write_whole(part_path(directory, table, index), lambda path: rows.to_parquet(path, index=False))


def part_indices(directory: Path, table: str) -> list[int]:
    """Numbers of the parts of a table that exist."""
    return sorted(int(path.stem.removeprefix("part-")) for path in (directory / table).glob("part-*.parquet"))


def cut_parts(directory: Path, table: str, iteration: int) -> None:
    """Drop a table's rows from an iteration on, part by part, so that no earlier row is ever out of reach.

    A part that cannot be read stays as it is.
    """
    for index in part_indices(directory, table):
        path = part_path(directory, table, index)
        try:
            rows = pd.read_parquet(path)
        except UNREADABLE:
            continue
        kept = rows[rows["iteration"] < iteration]
        if kept.empty:
            path.unlink()
        elif len(kept) < len(rows):
            write_part(directory, table, index, kept)


def read_parts(directory: Path, table: str, unreadable: list[str]) -> pd.DataFrame | None:
    """All readable parts of a table in order; ``None`` where there is none."""
    parts = []
    for path in sorted((directory / table).glob("part-*.parquet")):
        try:
            parts.append(pd.read_parquet(path))
        except UNREADABLE:
            unreadable.append(f"{table}/{path.name}")
    return pd.concat(parts, ignore_index=True) if parts else None


def write_samples(directory: Path, iteration: int, samples: np.ndarray) -> None:
    """Write images as one PNG grid, and points as an array."""
    stem = directory / SAMPLES / f"iteration-{iteration:09d}"
    if samples.dtype == np.uint8:
        write_whole(stem.with_suffix(".png"), lambda path: _save_grid(path, samples))
    else:
        write_whole(stem.with_suffix(".npy"), lambda path: np.save(path, samples))


def keep_samples(directory: Path, wanted: Iterable[int]) -> None:
    """Remove the samples of all iterations but the wanted ones."""
    kept = {f"iteration-{iteration:09d}" for iteration in wanted}
    for path in (directory / SAMPLES).glob("iteration-*"):
        if path.stem not in kept:
            path.unlink()


def remove_samples(directory: Path, iteration: int) -> None:
    """Remove the samples of one iteration; that it cannot be done harms nobody."""
    with suppress(OSError):
        for path in (directory / SAMPLES).glob(f"iteration-{iteration:09d}.*"):
            path.unlink()


def _save_grid(path: Path, images: np.ndarray) -> None:
    note = PngInfo()
    note.add_text(TILE_KEY, json.dumps([len(images), *images.shape[1:3]]))
    Image.fromarray(image_grid(images)).save(path, format="PNG", pnginfo=note)


def image_grid(images: np.ndarray) -> np.ndarray:
    """Tile images ``(n, height, width[, 3])`` row by row into one picture, as square as may be; spare tiles are 0."""
    columns = int(np.ceil(np.sqrt(len(images))))
    rows = int(np.ceil(len(images) / columns))
    padded = np.zeros((rows * columns, *images.shape[1:]), images.dtype)
    padded[: len(images)] = images
    height, width = images.shape[1:3]
    tiled = padded.reshape(rows, columns, *images.shape[1:]).swapaxes(1, 2)
    return tiled.reshape(rows * height, columns * width, *images.shape[3:])


def _load_grid(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        count, height, width = json.loads(picture.text[TILE_KEY])  # type: ignore[attr-defined]
        grid = np.asarray(picture)
    rows, columns = grid.shape[0] // height, grid.shape[1] // width
    tiled = grid.reshape(rows, height, columns, width, *grid.shape[2:]).swapaxes(1, 2)
    return tiled.reshape(rows * columns, height, width, *grid.shape[2:])[:count]


def read_samples(directory: Path, unreadable: list[str]) -> dict[int, np.ndarray]:
    """Iteration → samples, for all files that can be read."""
    samples = {}
    for path in sorted((directory / SAMPLES).glob("iteration-*")):
        try:
            loaded = _load_grid(path) if path.suffix == ".png" else np.load(path)
            samples[int(path.stem.removeprefix("iteration-"))] = loaded
        except UNREADABLE:
            unreadable.append(f"{SAMPLES}/{path.name}")
    return samples
