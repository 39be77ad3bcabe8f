"""Running scenarios: each run once, whole or not at all."""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

import pandas as pd

from gandiag.data import Dataset, load_dataset
from gandiag.lab.observing import Observer
from gandiag.lab.scenario import Scenario
from gandiag.recording import Recording
from gandiag.training import train

ORACLE, TIMING = "oracle.parquet", "timing.json"
Report = Callable[[float], None]


@dataclass(frozen=True)
class Run:
    """One scenario with one seed."""

    scenario: Scenario
    seed: int

    def directory(self, runs: Path) -> Path:
        """Where it is kept."""
        return runs / self.scenario.name / f"seed-{self.seed}"

    def is_done(self, runs: Path) -> bool:
        """Whether it was run to its end: its directory appears whole or not at all."""
        return self.directory(runs).is_dir()


def planned(scenarios: Iterable[Scenario], seeds: Iterable[int]) -> list[Run]:
    """All runs, one seed of every scenario before the next seed, so that what is done by then covers all recipes."""
    recipes = list(scenarios)
    return [Run(scenario, seed) for seed in seeds for scenario in recipes]


def run(one: Run, runs: Path, data_dir: str | Path | None = None, progress: Report = lambda share: None) -> None:
    """Train one run and keep its recording and the oracle's measurements; nothing is done if it was done before.

    Args:
        one: The run.
        runs: Folder of all runs.
        data_dir: Where MNIST is looked for first.
        progress: Called with the share of the run that is done.

    Raises:
        GandiagError: If the data cannot be had.
    """
    if one.is_done(runs):
        return
    config, dataset = one.scenario.configured(one.seed), _data(one.scenario.config.dataset, data_dir)
    begun = time.perf_counter()
    observer = Observer(config, dataset)
    result = train(
        config,
        dataset,
        observe=observer,
        schedule=one.scenario.schedule(one.seed),
        progress=lambda iteration: progress(iteration / config.iterations),
    )
    if result.ended_early is not None:
        raise KeyboardInterrupt
    oracle = observer.finish(result.players)
    keep(one.directory(runs), result.recording, oracle, time.perf_counter() - begun)


@lru_cache(maxsize=2)
def _data(name: str, data_dir: str | Path | None) -> Dataset:
    return load_dataset(name, data_dir)


def keep(directory: Path, recording: Recording, oracle: pd.DataFrame, seconds: float) -> None:
    """Write a finished run: what detectors read, the oracle's measurements, and the time it took."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(mkdtemp(prefix=".unfinished-", dir=directory.parent))
    try:
        compact(recording).save(fresh)
        oracle.to_parquet(fresh / ORACLE, index=False)
        (fresh / TIMING).write_text(json.dumps({"seconds": round(seconds, 2)}), encoding="utf-8")
        os.replace(fresh, directory)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def compact(recording: Recording) -> Recording:
    """What detectors read, in single precision: without pictures, and of the layers the first and last alone."""
    layers = recording.layers
    if len(layers):
        names = layers.groupby("network", sort=False)["layer"].unique()
        ends = {(network, layer) for network, found in names.items() for layer in (found[0], found[-1])}
        kept = [pair in ends for pair in zip(layers["network"], layers["layer"], strict=True)]
        layers = layers[kept]
    return Recording(
        _single(recording.steps),
        _single(layers),
        _single(recording.signal),
        _single(recording.probes),
        meta=dict(recording.meta),
    )


def _single(table: pd.DataFrame) -> pd.DataFrame:
    doubles = table.select_dtypes("float64").columns.difference(["iteration"])
    return table.astype(dict.fromkeys(doubles, "float32"))
