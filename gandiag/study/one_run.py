"""One run of a study: trained once, kept whole or not at all."""

import json
import math
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pandas as pd

from gandiag.data import Dataset, load_dataset
from gandiag.detect import Diagnosis, Failure, Finding, Status, diagnose
from gandiag.errors import GandiagError
from gandiag.recording import Recording
from gandiag.study.grids import names_of
from gandiag.study.study import Run, label
from gandiag.training import Players, TrainingResult, census, read_checkpoint, train
from gandiag.training.checkpoint import CHECKPOINT

Progress = Callable[[int], None]
ROW, RECORDING, SECONDS = "row.json", "recording", "seconds.txt"
FAILURES = (Failure.VANISHING_GRADIENTS, Failure.MODE_COLLAPSE, Failure.NON_CONVERGENCE)


def finished(run: Run, out: Path) -> Path:
    """Folder of a finished run; it appears whole or not at all."""
    return out / "runs" / run.identity


def do(run: Run, out: Path, data_dir: str | Path | None = None, progress: Progress = lambda iteration: None) -> None:
    """Train a run, from its checkpoint if it was begun, and keep its row and its recording.

    Args:
        run: The run.
        out: Folder of the study's results.
        data_dir: Where MNIST is looked for first.
        progress: Called with the number of generator steps done, after each, and with all of them at the end.

    Raises:
        OSError: If the folder cannot be written.
    """
    if not finished(run, out).is_dir():
        keep(finished(run, out), *attempt(run, _unfinished(run, out), data_dir, progress))
        shutil.rmtree(_unfinished(run, out), ignore_errors=True)
    progress(run.config.iterations)


def begun(run: Run, out: Path) -> bool:
    """Whether a run has a checkpoint to go on from."""
    return (_unfinished(run, out) / CHECKPOINT).exists()


def _unfinished(run: Run, out: Path) -> Path:
    return out / "unfinished" / run.identity


def attempt(
    run: Run, directory: Path, data_dir: str | Path | None = None, progress: Progress = lambda iteration: None
) -> tuple[dict[str, Any], Recording]:
    """Train a run in a directory; a mistake of its own is a row too.

    Returns:
        Its row and its recording, which is empty if it failed.

    Raises:
        OSError: If the directory cannot be written.
    """
    started = time.process_time() - _spent(directory)
    row = named_row(run)

    def timed(iteration: int) -> None:
        progress(iteration)
        if iteration % run.config.checkpoint_every == 0 and iteration < run.config.iterations:
            (directory / SECONDS).write_text(str(time.process_time() - started), encoding="utf-8")

    try:
        result = _train(run, directory, data_dir, timed)
        recording = Recording.load(directory)
        row |= outcome(result.diagnosis, result.recording.probes) | census_of(run, result.players, data_dir)
        row["error"] = None
    except OSError:
        raise
    except Exception as error:  # a run that cannot be done is an answer, not an end of the study
        row |= {"verdict": None, "kind": None, "onset": None, "error": f"{type(error).__name__}: {error}"}
        recording = Recording()
    row["seconds"] = round(time.process_time() - started, 2)  # what else runs on the machine does not count
    row["stacked"] = False
    return row, recording


def _spent(directory: Path) -> float:
    """Seconds of the processor up to the checkpoint that a run goes on from."""
    try:
        return float((directory / SECONDS).read_text(encoding="utf-8")) if (directory / CHECKPOINT).exists() else 0.0
    except (OSError, ValueError):
        return 0.0


def named_row(run: Run) -> dict[str, Any]:
    """What a run's row begins with: what it is."""
    row: dict[str, Any] = {"run": run.identity, "setting": label(run.setting)}
    return row | {**names_of(run.setting), **run.config.to_dict()}


def _train(run: Run, directory: Path, data_dir: str | Path | None, progress: Progress) -> TrainingResult:
    checkpoint = None
    if (directory / CHECKPOINT).exists():
        checkpoint = read_checkpoint(directory)[1]
    else:
        shutil.rmtree(directory, ignore_errors=True)
    data = data_of(run.config.dataset, data_dir)
    result = train(run.config, data, out=directory, checkpoint=checkpoint, progress=progress)
    if result.iterations < run.config.iterations:
        if "keyboard" in str(result.ended_early):
            raise KeyboardInterrupt
        raise OSError(str(result.ended_early))
    return result


@lru_cache(maxsize=2)
def data_of(name: str, data_dir: str | Path | None) -> Dataset:
    """A data set by name; those of late are kept."""
    return load_dataset(name, data_dir)


def census_of(run: Run, players: Players, data_dir: str | Path | None) -> dict[str, float | None]:
    """What the census says that the study asks for; nothing, where it asks for none."""
    if not run.census:
        return {}
    found = census(players, data_of(run.config.dataset, data_dir), run.census, run.config.seed)
    return {name: _number(value) for name, value in found.items()}


def outcome(diagnosis: Diagnosis, probes: pd.DataFrame) -> dict[str, Any]:
    """The verdict, each failure's status, and what the last probe measured."""
    row: dict[str, Any] = {
        "verdict": diagnosis.verdict.value,
        "kind": diagnosis.main.kind,
        "onset": diagnosis.main.onset,
    }
    row |= {failure.value: _status(diagnosis.findings, failure) for failure in FAILURES}
    if len(probes):
        last = probes.iloc[-1].drop(["iteration", "network"], errors="ignore")
        row |= {str(name): _number(value) for name, value in last.items() if not str(name).startswith("class_")}
    return row


def _status(findings: tuple[Finding, ...], failure: Failure) -> str:
    return next((one.status for one in findings if one.failure is failure), Status.NOT_ENOUGH_DATA).value


def _number(value: Any) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def keep(directory: Path, row: dict[str, Any], recording: Recording) -> None:
    """Write a finished run whole: its row, and its recording without the samples."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(mkdtemp(prefix=".unfinished-", dir=directory.parent))
    try:
        _save(replace(recording, samples={}), fresh / RECORDING)
        (fresh / ROW).write_text(json.dumps(row, indent=1), encoding="utf-8")
        os.replace(fresh, directory)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _save(recording: Recording, directory: Path) -> None:
    try:
        recording.save(directory)
    except GandiagError as error:  # to a study, a full disk is one wherever it is met
        raise OSError(str(error)) from error


def kept(run: Run, out: Path) -> tuple[dict[str, Any], pd.DataFrame]:
    """A finished run's row, judged by the rules as they are now, and its probes.

    Raises:
        GandiagError: If they cannot be read.
    """
    directory = finished(run, out)
    try:
        row: dict[str, Any] = json.loads((directory / ROW).read_text(encoding="utf-8"))
        failed = row["error"] is not None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GandiagError(
            f"{directory / ROW} cannot be read ({error}); delete {directory} and run the study again."
        ) from error
    recording = Recording.load(directory / RECORDING)
    if not failed:
        row |= outcome(diagnose(recording), recording.probes)
    return row, recording.probes
