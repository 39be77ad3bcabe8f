"""Runs of a study that share an architecture, trained together as one stacked model."""

import sys
import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from math import ceil
from pathlib import Path

from tqdm import tqdm

from gandiag.study.one_run import Progress, begun, census_of, data_of, do, finished, keep, named_row, outcome
from gandiag.study.study import Run
from gandiag.training import TrainingConfig
from gandiag.training.stacked import shared, train_stacked, why_alone

Stack = tuple[Run, ...]
"""Runs that are trained together; one alone is trained as ever."""

LARGEST_STACK = 16
"""Members on the CPU: of 32, each is hardly faster, and more is lost when they are killed."""

LARGEST_ELSEWHERE = 128
"""Members on an accelerator, which many more keep busy."""


def stacks_of(todo: list[Run], out: Path, workers: int, device: str = "cpu") -> list[Stack]:
    """Put together what can be trained as one, so that every worker has a stack.

    Alone remain runs that no other goes with, those that have a checkpoint to go on from, and those of a kind that
    cannot be stacked, which is said.
    """
    groups: dict[TrainingConfig, list[Run]] = {}
    alone: list[Run] = []
    reasons: Counter[str] = Counter()
    for run in todo:
        if (reason := why_alone(run.config)) is not None:
            reasons[reason] += 1
        if reason is not None or begun(run, out):
            alone.append(run)
        else:
            groups.setdefault(shared(run.config), []).append(run)
    for reason, count in reasons.items():
        tqdm.write(f"{count} of {len(todo)} runs are trained one by one: they have {reason}.", file=sys.stderr)
    largest = LARGEST_STACK if device == "cpu" else LARGEST_ELSEWHERE
    most = max(1, min(largest, ceil(len(todo) / workers)))
    return [stack for group in groups.values() for stack in _split(group, most)] + [(run,) for run in alone]


def _split(group: list[Run], most: int) -> list[Stack]:
    """Evenly, so that those with the same settings stand side by side."""
    group = sorted(group, key=lambda run: _own(run.config))
    stacks = ceil(len(group) / most)
    edges = [len(group) * index // stacks for index in range(stacks + 1)]
    return [tuple(group[first:end]) for first, end in pairwise(edges)]


def _own(config: TrainingConfig) -> tuple[float, float, float]:
    return config.learning_rate_generator, config.learning_rate_discriminator, config.strength


def do_together(
    stack: Stack,
    out: Path,
    data_dir: str | Path | None = None,
    device: str = "cpu",
    progress: Callable[[int], object] = lambda steps: None,
) -> None:
    """Train the runs of a stack, and keep the row and the recording of each; a stack that was killed begins anew.

    Args:
        stack: The runs.
        out: Folder of the study's results.
        data_dir: Where MNIST is looked for first.
        device: torch device; of a stack of one, the CPU.
        progress: Called with numbers of generator steps done, of all runs together.

    Raises:
        OSError: If the folder cannot be written.
    """
    stack = tuple(run for run in stack if not finished(run, out).is_dir())
    if len(stack) > 1 and _trained(stack, out, data_dir, device, progress):
        return
    for run in stack:
        do(run, out, data_dir, _in_steps(progress))


def _in_steps(add: Callable[[int], object]) -> Progress:
    """From how many steps of a run are done to how many are new."""
    counted = 0

    def progress(iteration: int) -> None:
        nonlocal counted
        add(iteration - counted)
        counted = iteration

    return progress


def _trained(
    stack: Stack, out: Path, data_dir: str | Path | None, device: str, progress: Callable[[int], object]
) -> bool:
    """Whether the stack could be trained as one."""
    clock = time.process_time if device == "cpu" else time.perf_counter
    started, counted = clock(), _in_steps(progress)
    configs = [run.config for run in stack]
    try:
        results = train_stacked(
            configs,
            data_of(configs[0].dataset, data_dir),
            device=device,
            progress=lambda iteration: counted(len(stack) * iteration),
        )
    except OSError:
        raise
    except Exception as error:  # alone, each run that cannot be done becomes a row with its reason
        tqdm.write(f"{len(stack)} runs are trained one by one: their stack failed ({error}).", file=sys.stderr)
        counted(0)
        return False
    found = [
        outcome(result.diagnosis, result.recording.probes) | census_of(run, result.players, data_dir)
        for run, result in zip(stack, results, strict=True)
    ]
    told = {"error": None, "seconds": round((clock() - started) / len(stack), 2), "stacked": True}
    for run, result, one in zip(stack, results, found, strict=True):
        keep(finished(run, out), named_row(run) | one | told, result.recording)
    return True
