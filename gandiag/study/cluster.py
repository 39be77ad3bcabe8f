"""All runs of a study on a cluster, by Ray."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from tqdm import tqdm

from gandiag.errors import GandiagError
from gandiag.recording import Recording
from gandiag.study.one_run import attempt, finished, keep
from gandiag.study.study import Run

RETRIES = 3


def run_on_ray(
    todo: list[Run], out: Path, data_dir: str | Path | None, bar: "tqdm[None]", address: str | None = None
) -> None:
    """Hand the runs to a cluster's processes, one thread each, and keep what they find as it comes back.

    The runs of a machine that is lost are done again elsewhere, up to three times. Only this process writes to ``out``.

    Args:
        todo: Runs to do.
        out: Folder of the study's results, on this machine.
        data_dir: Where MNIST is looked for first, on the cluster's machines.
        bar: Counts generator steps.
        address: Of the cluster, such as ``"ray://head:10001"`` or ``"auto"``; ``None`` starts one on this machine.

    Raises:
        GandiagError: If Ray is not installed, the cluster cannot be reached, or a run is lost again and again.
        OSError: If ``out`` cannot be written.
    """
    ray = _ray()
    try:
        ray.init(address=address, include_dashboard=False, log_to_driver=False, logging_level="error")
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise GandiagError(f"The Ray cluster at {address or 'this machine'} cannot be reached ({error}).") from error
    try:
        remote = ray.remote(num_cpus=1, max_retries=RETRIES)(_elsewhere)
        waiting = {remote.remote(run, data_dir): run for run in todo}
        while waiting:
            (done, *_), _ = ray.wait(list(waiting))
            run = waiting.pop(done)
            keep(finished(run, out), *ray.get(done))
            bar.update(run.config.iterations)
    except ray.exceptions.RayError as error:
        reason = str(error).strip().splitlines()[-1]
        raise GandiagError(f"A run was lost on the cluster ({reason}); run the same command again.") from error
    finally:
        ray.shutdown()


def _elsewhere(run: Run, data_dir: str | Path | None) -> tuple[dict[str, Any], Recording]:
    """One run in a process of the cluster."""
    torch.set_num_threads(1)
    with TemporaryDirectory() as directory:
        return attempt(run, Path(directory) / "run", data_dir)


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise GandiagError("The engine 'ray' needs Ray; install it with: pip install 'gandiag[ray]'.") from error
    return ray
