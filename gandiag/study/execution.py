"""All runs of a study on this machine: resumable at any point, none repeated, none lost."""

import fcntl
import json
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Literal

import torch
from tqdm import tqdm

from gandiag.errors import GandiagError
from gandiag.files import write_whole
from gandiag.study.cluster import run_on_ray
from gandiag.study.one_run import Progress, do, finished
from gandiag.study.study import Run, Study, versions

Engine = Literal["processes", "ray"]
MARK = "study.json"
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
) -> None:
    """Do what has not been done; the bar counts generator steps and shows the time left.

    Args:
        study: The study.
        out: Folder of its results.
        workers: Processes, each with one thread; 1 does all in this one.
        data_dir: Where MNIST is looked for first; on a cluster, on each of its machines.
        engine: ``"processes"`` of this machine, or ``"ray"`` for a cluster's, which decides itself how many.
        address: Of the cluster; left out, Ray starts one on this machine.

    Raises:
        GandiagError: If the folder holds another study's results, is in use, or cannot be written; or if workers die
            again and again.
    """
    if workers < 1:
        raise GandiagError(f"A study needs at least 1 worker; got {workers}.")
    try:
        claim(study, out)
        with _alone_in(out):
            todo = [run for run in study.runs if not finished(run, out).is_dir()]
            with tqdm(total=sum(run.config.iterations for run in todo), unit="it", desc=study.name) as bar:
                if engine == "ray":
                    run_on_ray(todo, out, data_dir, bar, address)
                elif workers == 1:
                    _one_by_one(todo, out, data_dir, bar)
                else:
                    _side_by_side(todo, out, data_dir, bar, workers)
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


def _one_by_one(todo: list[Run], out: Path, data_dir: str | Path | None, bar: "tqdm[None]") -> None:
    for run in todo:
        do(run, out, data_dir, _in_steps(bar.update))


def _in_steps(add: Callable[[int], object]) -> Progress:
    """From how many steps of a run are done to how many are new."""
    counted = 0

    def progress(iteration: int) -> None:
        nonlocal counted
        add(iteration - counted)
        counted = iteration

    return progress


def _side_by_side(todo: list[Run], out: Path, data_dir: str | Path | None, bar: "tqdm[None]", workers: int) -> None:
    """A pool of processes; a worker that dies takes the pool with it, and what it was at is tried again."""
    for _ in range(TRIES):
        todo = [run for run in todo if not finished(run, out).is_dir()]
        try:
            return _in_pool(todo, out, data_dir, bar, workers)
        except BrokenProcessPool:
            continue
    left = next(run for run in todo if not finished(run, out).is_dir())
    raise GandiagError(
        f"A worker died {TRIES} times, with the run '{left.identity}' or one beside it (out of memory?); "
        "run the same command again with fewer --workers."
    )


def _in_pool(todo: list[Run], out: Path, data_dir: str | Path | None, bar: "tqdm[None]", workers: int) -> None:
    context = multiprocessing.get_context("spawn")
    steps = context.Value("q", bar.total - sum(run.config.iterations for run in todo))
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_worker, initargs=(steps,))
    try:
        running = {pool.submit(_do_counted, run, out, data_dir) for run in todo}
        while running:
            done, running = wait(running, SECONDS_BETWEEN_LOOKS, FIRST_COMPLETED)
            for one in done:
                one.result()
            bar.update(steps.value - bar.n)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _do_counted(run: Run, out: Path, data_dir: str | Path | None) -> None:
    def add(new: int) -> None:
        with _steps.get_lock():
            _steps.value += new

    do(run, out, data_dir, _in_steps(add))


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
