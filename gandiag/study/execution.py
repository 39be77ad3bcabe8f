"""All runs of a study on this machine: resumable at any point, none repeated, none lost."""

import fcntl
import json
import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any, Literal

import torch
from tqdm import tqdm

from gandiag.errors import GandiagError
from gandiag.files import write_whole
from gandiag.study.cluster import run_on_ray
from gandiag.study.one_run import finished
from gandiag.study.stacks import Stack, do_together, stacks_of
from gandiag.study.study import Study, versions
from gandiag.training.device import available_device

Engine = Literal["processes", "stacked", "ray"]
MARK, CALLS = "study.json", "calls.jsonl"
TRIES = 3
SECONDS_BETWEEN_LOOKS = 0.5

_steps: "Synchronized[int]"
"""In a worker: generator steps done by all of them."""


def run_study(
    study: Study,
    out: Path,
    *,
    workers: int = 1,
    data_dir: str | Path | None = None,
    engine: Engine = "processes",
    address: str | None = None,
    device: str = "cpu",
) -> None:
    """Do what has not been done; the bar counts generator steps and shows the time left.

    Args:
        study: The study.
        out: Folder of its results.
        workers: Processes; 1 does all in this one. Each has one thread, so that they don't fight and their number
            changes no bit of what runs that are trained one by one find.
        data_dir: Where MNIST is looked for first; on a cluster, on each of its machines.
        engine: ``"processes"`` of this machine; ``"stacked"``, the same with runs that share an architecture trained
            as one; or ``"ray"`` for a cluster's processes, which decides itself how many.
        address: Of the cluster; left out, Ray starts one on this machine.
        device: torch device of the stacks; runs that are trained alone stay on the CPU.

    Raises:
        GandiagError: If the folder holds another study's results, is in use, or cannot be written; if workers die
            again and again; or if there is no such device.
    """
    if workers < 1:
        raise GandiagError(f"A study needs at least 1 worker; got {workers}.")
    if device != "cpu" and engine != "stacked":
        raise GandiagError(f"Only stacks train on another device than the CPU; give --engine stacked for '{device}'.")
    available_device(device)
    try:
        claim(study, out)
        with _alone_in(out):
            todo = [run for run in study.runs if not finished(run, out).is_dir()]
            told = {"engine": engine, "workers": workers, "device": device, "runs": len(todo)}
            steps = sum(run.config.iterations for run in todo)
            with _noted(out, told), tqdm(total=steps, unit="it", desc=study.name) as bar:
                if engine == "ray":
                    run_on_ray(todo, out, data_dir, bar, address)
                    return
                stacks: list[Stack] = [(run,) for run in todo]
                if engine == "stacked":
                    stacks = stacks_of(todo, out, workers, device)
                if workers == 1:
                    _one_by_one(stacks, out, data_dir, bar, device)
                else:
                    _side_by_side(stacks, out, data_dir, bar, workers, device)
    except OSError as error:
        raise GandiagError(
            f"The results cannot be written to {out} ({error}); make room there and run the same command again."
        ) from error


def claim(study: Study, out: Path) -> None:
    """Mark a folder as this study's.

    Raises:
        GandiagError: If it is another study's, another version's, or holds other things.
    """
    mark, mine = out / MARK, {"study": study.name, "versions": versions()}
    if mark.exists():
        try:
            found = json.loads(mark.read_text(encoding="utf-8"))
        except ValueError:
            found = None
        if found != mine:
            raise GandiagError(
                f"{out} holds the results of another study or version ({found}), not of {mine}; give another --out."
            )
    elif out.is_dir() and any(out.iterdir()):
        raise GandiagError(f"{out} holds other files than a study's results; give a new or an empty folder with --out.")
    else:
        write_whole(mark, lambda path: _write_mark(path, mine))


def _write_mark(path: Path, mark: object) -> None:
    path.write_text(json.dumps(mark), encoding="utf-8")


@contextmanager
def _alone_in(out: Path) -> Iterator[None]:
    """Two processes on one study would do its runs twice; the lock ends with the process, however that ends."""
    with (out / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise GandiagError(f"Another process is running the study in {out}; wait for it, or end it.") from None
        yield


@contextmanager
def _noted(out: Path, call: dict[str, Any]) -> Iterator[None]:
    """Keep how a call was made and how long it took, unless it had nothing to do."""
    started = time.perf_counter()
    try:
        yield
    finally:
        if call["runs"]:
            with (out / CALLS).open("a", encoding="utf-8") as file:
                file.write(json.dumps(call | {"seconds": round(time.perf_counter() - started, 1)}) + "\n")


def calls(out: Path) -> list[dict[str, Any]]:
    """How each call that trained was made (``engine``, ``workers``, ``device``, ``runs`` to do) and its ``seconds``.

    Those that were killed left no word.
    """
    try:
        return [json.loads(line) for line in (out / CALLS).read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError):
        return []


def _one_by_one(stacks: list[Stack], out: Path, data_dir: str | Path | None, bar: "tqdm[None]", device: str) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for stack in stacks:
            do_together(stack, out, data_dir, device, bar.update)
    finally:
        torch.set_num_threads(threads)


def _side_by_side(
    stacks: list[Stack], out: Path, data_dir: str | Path | None, bar: "tqdm[None]", workers: int, device: str
) -> None:
    """A pool of processes; a worker that dies takes the pool with it, and what it was at is tried again."""
    for _ in range(TRIES):
        stacks = _left(stacks, out)
        try:
            return _in_pool(stacks, out, data_dir, bar, workers, device)
        except BrokenProcessPool:
            continue
    left = _left(stacks, out)[0][0]
    raise GandiagError(
        f"A worker died {TRIES} times, with the run '{left.identity}' or one beside it (out of memory?); "
        "run the same command again with fewer --workers."
    )


def _left(stacks: list[Stack], out: Path) -> list[Stack]:
    """What of the stacks is not finished."""
    left = [tuple(run for run in stack if not finished(run, out).is_dir()) for stack in stacks]
    return [stack for stack in left if stack]


def _in_pool(
    stacks: list[Stack], out: Path, data_dir: str | Path | None, bar: "tqdm[None]", workers: int, device: str
) -> None:
    context = multiprocessing.get_context("spawn")
    left = sum(run.config.iterations for stack in stacks for run in stack)
    steps = context.Value("q", bar.total - left)
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_worker, initargs=(steps,))
    try:
        running = {pool.submit(_do_counted, stack, out, data_dir, device) for stack in stacks}
        while running:
            done, running = wait(running, SECONDS_BETWEEN_LOOKS, FIRST_COMPLETED)
            for one in done:
                one.result()
            bar.update(steps.value - bar.n)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _do_counted(stack: Stack, out: Path, data_dir: str | Path | None, device: str) -> None:
    def add(new: int) -> None:
        with _steps.get_lock():
            _steps.value += new

    do_together(stack, out, data_dir, device, add)


def _begin_worker(steps: "Synchronized[int]") -> None:
    global _steps
    _steps = steps
    torch.set_num_threads(1)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    """A killed study must not go on in its workers."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
