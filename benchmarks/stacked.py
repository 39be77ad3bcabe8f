"""What does stacking bring? The same runs of a study by a pool of two processes, and as stacks, in interleaved rounds.

Each way trains, probes and diagnoses 16 runs (one setting, 16 seeds) and keeps their rows, as ``gandiag study`` does;
processes have one thread each, and have started before. ``steps_a_second`` counts generator steps of all runs by the
clock. On a machine that others use as well, one process gets less of it than two; ``cpu_ms_a_step``, processor time of
a generator step of one run, is disturbed less, and ``cpu_ratio`` is what it says of the throughput where every process
has a core to itself.

    OMP_NUM_THREADS=1 python benchmarks/stacked.py --out benchmarks/stacked.csv     (about 10 minutes on 2 cores)
    OMP_NUM_THREADS=1 python benchmarks/stacked.py --device cuda                    (stacks on a GPU, the pool on cores)
"""

import argparse
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import torch
from tqdm import tqdm

from gandiag.study import Study, listed
from gandiag.study.stacks import Stack, do_together
from gandiag.training import TrainingConfig

RUNS = 16
POOL = "pool of 2"
CONFIGS = {
    "mlp, ring": TrainingConfig(dataset="ring", model="mlp", iterations=500, probe_every=50),
    "lecture, digits": TrainingConfig(
        dataset="digits", model="lecture", batch_size=32, iterations=200, probe_every=50,
        learning_rate_generator=1e-3, learning_rate_discriminator=1e-3,
    ),
}  # fmt: skip


def done(stack: Stack, out: Path, device: str) -> float:
    """Do the runs of a stack; returns the processor's seconds."""
    begun = time.process_time()
    do_together(stack, out, device=device)
    return time.process_time() - begun


def ways(runs: Stack, pool: ProcessPoolExecutor) -> dict[str, tuple[list[Stack], ProcessPoolExecutor | None]]:
    """Name → the stacks, and the pool that does them; ``None`` for this process."""
    half = len(runs) // 2
    return {
        POOL: ([(run,) for run in runs], pool),
        "stacked, 1 process": ([runs], None),
        "stacked, 2 processes": ([runs[:half], runs[half:]], pool),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--models", nargs="*", default=list(CONFIGS), choices=list(CONFIGS))
    parser.add_argument("--device", default="cpu", help="Of the stacks.")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    with ProcessPoolExecutor(
        2, multiprocessing.get_context("spawn"), initializer=torch.set_num_threads, initargs=(1,)
    ) as pool:
        for model in options.models:
            config = CONFIGS[model]
            runs = tuple(Study("benchmark", "How fast?", config, listed({}), seeds=RUNS).runs)
            for round_number in tqdm(range(-1, options.rounds), desc=model):  # the first one warms up
                for way, (stacks, workers) in ways(runs, pool).items():
                    with TemporaryDirectory() as out:
                        tasks = [(stack, Path(out), options.device) for stack in stacks]
                        begun = time.perf_counter()
                        do = map if workers is None else workers.map
                        used = sum(do(done, *zip(*tasks, strict=True)))
                        elapsed = time.perf_counter() - begun
                    steps = RUNS * config.iterations
                    rows.append(
                        {
                            "model": model,
                            "way": way,
                            "processes": 1 if workers is None else 2,
                            "round": round_number,
                            "steps_a_second": steps / elapsed,
                            "cpu_ms_a_step": 1e3 * used / steps,
                        }
                    )
    table = pd.DataFrame(rows)
    table = table[table["round"] >= 0].reset_index(drop=True)
    beside = table[table["way"] == POOL].set_index(["model", "round"])
    beside = beside.loc[list(zip(table["model"], table["round"], strict=True))].reset_index()
    table["ratio"] = table["steps_a_second"] / beside["steps_a_second"]
    table["cpu_ratio"] = beside["cpu_ms_a_step"] / table["cpu_ms_a_step"] * table["processes"] / beside["processes"]
    figures = table.drop(columns=["processes", "round"]).groupby(["model", "way"], sort=False)
    print(figures.median().round(3).to_string())
    if options.out:
        table.to_csv(options.out, index=False, float_format="%.5g")


if __name__ == "__main__":
    main()
