"""A progress bar over the laboratory's runs."""

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from gandiag.lab.runner import planned, run
from gandiag.lab.scenario import Scenario


def run_all(scenarios: Sequence[Scenario], seeds: Iterable[int], runs: Path, data_dir: str | Path | None) -> None:
    """Run what has not been run; the bar counts generator steps and shows the time left."""
    todo = [one for one in planned(scenarios, seeds) if not one.is_done(runs)]
    with tqdm(total=sum(one.scenario.config.iterations for one in todo), unit="it", smoothing=0.02) as bar:
        done = 0
        for number, one in enumerate(todo, start=1):
            bar.set_description(f"{number}/{len(todo)} {one.scenario.name} seed {one.seed}")
            length = one.scenario.config.iterations
            run(one, runs, data_dir, partial(_advance, bar, done, length))
            done += length
            bar.update(done - bar.n)


def _advance(bar: Any, done: int, length: int, share: float) -> None:
    bar.update(done + round(share * length) - bar.n)
