"""The benchmark as files: recordings packed into four tables, and the labels beside them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gandiag.errors import GandiagError
from gandiag.files import write_whole
from gandiag.lab import dirac
from gandiag.lab.catalogue import SCENARIOS
from gandiag.lab.oracle import Course, Found, label
from gandiag.lab.runner import ORACLE, TIMING, Run, keep
from gandiag.lab.scenario import Scenario
from gandiag.recording import TABLES, Recording

LABELS, META = "benchmark.csv", "meta.json"
KEYS = ["scenario", "seed"]
POINT_DATA = ("ring", "grid")


def done(runs: Path) -> list[tuple[Scenario, int]]:
    """All runs that were done, by scenario and seed."""
    return [
        (scenario, int(path.name.removeprefix("seed-")))
        for scenario in SCENARIOS.values()
        for path in sorted((runs / scenario.name).glob("seed-*"))
    ]


def label_runs(runs: Path) -> pd.DataFrame:
    """A row a run whose twin of the same seed was done too: what the oracle finds in it."""
    rows = []
    for scenario, seed in done(runs):
        twin = runs / scenario.twin / f"seed-{seed}"
        if not twin.is_dir():
            continue
        verdict, found = _label(scenario, runs / scenario.name / f"seed-{seed}", twin)
        rows.append(
            {
                **dict(zip(KEYS, (scenario.name, seed), strict=True)),
                "split": scenario.split,
                "dataset": scenario.config.dataset,
                "model": scenario.config.model,
                "loss": scenario.config.loss,
                "iterations": scenario.config.iterations,
                "twin": scenario.twin,
                "near_miss": scenario.near_miss,
                "expected": scenario.expected,
                "expected_kind": scenario.kind,
                "label": verdict,
                "kind": found[0].kind if found else None,
                "onset": found[0].onset if found else None,
                "all": ";".join(f"{one.failure}/{one.kind}@{one.onset}" for one in found),
            }
        )
    return pd.DataFrame(rows)


def _label(scenario: Scenario, run: Path, twin: Path) -> tuple[str, list[Found]]:
    """By the oracle's measurements, or where there is one by the closed form."""
    if scenario.config.dataset == dirac.NAME:
        verdict, kind = dirac.closed_form(scenario.config)
        return verdict, [Found(verdict, kind, 0)] if kind else []
    own = pd.read_parquet(run / ORACLE)
    twins = None if scenario.twin == scenario.name else pd.read_parquet(twin / ORACLE)
    return label(Course.of(own, twins, scenario.config.dataset in POINT_DATA))


def pack(runs: Path, archive: Path) -> None:
    """Write all recordings and the oracle's measurements of the runs into an archive, a file a table.

    Raises:
        GandiagError: If no run was done.
    """
    finished = done(runs)
    if not finished:
        raise GandiagError(f"{runs} holds no finished run; begin with `gandiag lab run`.")
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in (*TABLES, "oracle")}
    meta: dict[str, Any] = {}
    for scenario, seed in finished:
        directory = runs / scenario.name / f"seed-{seed}"
        recording = Recording.load(directory)
        own = {name: recording.table(name) for name in TABLES} | {"oracle": pd.read_parquet(directory / ORACLE)}
        for name, table in own.items():
            tables[name].append(table.dropna(axis="columns", how="all").assign(scenario=scenario.name, seed=seed))
        meta[f"{scenario.name}/{seed}"] = {
            "seconds": json.loads((directory / TIMING).read_text(encoding="utf-8"))["seconds"],
            "meta": recording.meta,
        }
    archive.mkdir(parents=True, exist_ok=True)
    for name, parts in tables.items():
        _write(_slim(pd.concat(parts, ignore_index=True)), archive / f"{name}.parquet")
    text = json.dumps(meta, indent=0, default=str, sort_keys=True) + "\n"
    write_whole(archive / META, lambda path: _write_text(path, text))


def unpack(archive: Path, runs: Path) -> None:
    """Write the runs of an archive back into a folder of runs, each unless it is there, to go on from them."""
    oracle = dict(iter(pd.read_parquet(archive / "oracle.parquet").groupby(KEYS, sort=False, observed=True)))
    meta = json.loads((archive / META).read_text(encoding="utf-8"))
    for name, seed, recording in read_recordings(archive):
        one = Run(SCENARIOS[name], seed)
        if not one.is_done(runs):
            keep(one.directory(runs), recording, _own(oracle[name, seed]), meta[f"{name}/{seed}"]["seconds"])


def read_recordings(archive: Path, split: str | None = None) -> Iterator[tuple[str, int, Recording]]:
    """Scenario, seed and recording of each run in an archive, of one split or of all.

    Raises:
        GandiagError: If there is no archive.
    """
    if not (archive / META).exists():
        raise GandiagError(f"There are no recordings in {archive}; make them with `gandiag lab run`.")
    meta = json.loads((archive / META).read_text(encoding="utf-8"))
    groups = {
        name: dict(iter(pd.read_parquet(archive / f"{name}.parquet").groupby(KEYS, sort=False, observed=True)))
        for name in TABLES
    }
    for key in meta:
        scenario, _, number = key.rpartition("/")
        if scenario not in SCENARIOS or (split is not None and SCENARIOS[scenario].split != split):
            continue
        pair = (scenario, int(number))
        recording = Recording(meta=meta[key]["meta"])
        for name in TABLES:
            if pair in groups[name]:
                setattr(recording, name, _own(groups[name][pair]))
        yield scenario, int(number), recording


def _own(table: pd.DataFrame) -> pd.DataFrame:
    own = table.drop(columns=KEYS).reset_index(drop=True)
    return own.astype({name: str for name in ("network", "layer") if name in own}).dropna(axis="columns", how="all")


def _slim(table: pd.DataFrame) -> pd.DataFrame:
    kinds: dict[str, Any] = {name: "category" for name in ("scenario", "network", "layer", "phase") if name in table}
    kinds |= dict.fromkeys(table.select_dtypes("float64").columns.difference(["iteration"]), np.float32)
    slim: pd.DataFrame = table.astype(kinds | {"seed": np.int16, "iteration": np.int32})
    return slim


def _write(table: pd.DataFrame, path: Path) -> None:
    write_whole(path, lambda unfinished: table.to_parquet(unfinished, index=False, compression="zstd"))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
