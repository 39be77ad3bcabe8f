"""``gandiag lab``"""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pandas as pd

from gandiag.errors import GandiagError
from gandiag.recording import Recording

if TYPE_CHECKING:
    from gandiag.lab.confidence import Bin
    from gandiag.lab.live import LiveScore
    from gandiag.lab.score import Score

SPLITS = ("calibration", "hold_out")
RUNS, REPORTS = Path("runs") / "lab", Path("reports") / "lab"
OURS = "gandiag"


@click.group("lab")
def command() -> None:
    """The failure laboratory: recipes that fail for a known reason, and how often a verdict on them is right."""


@command.command("list")
def list_scenarios() -> None:
    """List the scenarios: split, what each is known for, and what it shows."""
    from gandiag.lab.catalogue import SCENARIOS

    for scenario in SCENARIOS.values():
        known = scenario.kind or scenario.expected
        click.echo(f"{scenario.name:32} {scenario.split:12} {known:24} {scenario.shows}")


@command.command("run")
@click.argument("scenarios", nargs=-1)
@click.option("--seeds", default=5, show_default=True, help="Seeds of each scenario, from 0.")
@click.option("--runs", type=click.Path(path_type=Path), default=RUNS, show_default=True, help="Where runs are kept.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder that holds MNIST, in torchvision's layout.")
def run_scenarios(scenarios: tuple[str, ...], seeds: int, runs: Path, data_dir: Path | None) -> None:
    """Train the SCENARIOS, or all of them; what was finished before is not repeated."""
    from gandiag.cli.lab_run import run_all
    from gandiag.lab.catalogue import SCENARIOS, get_scenario

    if seeds < 1:
        raise GandiagError(f"--seeds must be at least 1; got {seeds}.")
    chosen = [get_scenario(name) for name in scenarios] or list(SCENARIOS.values())
    run_all(chosen, range(seeds), runs, data_dir)


@command.command("pack")
@click.option("--runs", type=click.Path(path_type=Path), default=RUNS, show_default=True, help="Where runs are kept.")
@click.option("--out", type=click.Path(path_type=Path), default=REPORTS, show_default=True, help="The benchmark.")
def pack_runs(runs: Path, out: Path) -> None:
    """Label the finished runs, and pack their recordings and labels into the benchmark."""
    from gandiag.lab.archive import LABELS, label_runs, pack

    pack(runs, out / "recordings")
    labels = label_runs(runs)
    labels.to_csv(out / LABELS, index=False)
    click.echo(f"{len(labels)} labelled runs: {out / LABELS}")


@command.command("score")
@click.argument("detector", default=OURS)
@click.option("--split", type=click.Choice(SPLITS), default="calibration", show_default=True)
@click.option("--archive", type=click.Path(path_type=Path), default=REPORTS, show_default=True, help="The benchmark.")
@click.option("--live", is_flag=True, help="Measure also what the alarm says while training (takes a minute).")
@click.option("--page/--no-page", default=True, help="Write index.html beside the benchmark.")
def score_detector(detector: str, split: str, archive: Path, live: bool, page: bool) -> None:
    """Score a DETECTOR, given as module:function, beside the rules that people use; left out, gandiag's own.

    The function maps a gandiag.Recording to a verdict, or to (verdict, onset) or (verdict, onset, kind). The score is
    appended to scores.csv; the hold-out is scored once for each version of gandiag's detectors.
    """
    from gandiag.detect.alarm import ALARM_FROM
    from gandiag.lab.baselines import BASELINES
    from gandiag.lab.live import LIVE, live_scores, replay
    from gandiag.lab.page import write_lab_page
    from gandiag.lab.score import (
        gandiag_detector,
        judge_runs,
        load_detector,
        log_score,
        policy_version,
        score,
        was_scored,
    )

    log, version = archive / "scores.csv", policy_version() if detector == OURS else "-"
    if split == "hold_out" and detector == OURS and was_scored(log, detector, version):
        raise GandiagError(f"The hold-out was scored with version {version} already; each version has one try.")
    judge = gandiag_detector if detector == OURS else load_detector(detector)
    labels, recordings = read_benchmark(archive, split)
    judged = judge_runs(judge, labels, recordings)
    replayed = replay(judge, labels, recordings) if live else None
    alarms = [] if replayed is None else live_scores(replayed)
    delay = next((one.delay for one in alarms if one.begins == ALARM_FROM), float("nan"))
    scores = [score(judged, detector, split, delay)]
    log_score(scores[0], log, time.strftime("%Y-%m-%d %H:%M"), version)
    scores += [score(judge_runs(rule, labels, recordings), name, split) for name, rule in BASELINES.items()]
    click.echo(_table(scores))
    if replayed is not None:
        click.echo(_live_table(alarms))
        if detector == OURS:
            replayed.to_csv(archive / LIVE, index=False, float_format="%.4g")
    if page:
        bins, known = _known(archive) if detector == OURS else ([], [])
        written = write_lab_page(scores, judged, recordings, archive / "index.html", bins, alarms or known)
        click.echo(f"Look here: {written}")


def _known(archive: Path) -> "tuple[list[Bin], list[LiveScore]]":
    """What was measured before of gandiag's confidence and alarms."""
    from gandiag.lab.confidence import RELIABILITY, reliability
    from gandiag.lab.live import LIVE, live_scores

    rated, replayed = archive / RELIABILITY, archive / LIVE
    return (
        reliability(pd.read_csv(rated)) if rated.exists() else [],
        live_scores(pd.read_csv(replayed)) if replayed.exists() else [],
    )


def read_benchmark(archive: Path, split: str) -> tuple[pd.DataFrame, dict[tuple[str, int], Recording]]:
    """Labels and recordings of one split.

    Raises:
        GandiagError: If there are none.
    """
    from gandiag.lab.archive import LABELS, read_recordings

    recordings = {(name, seed): one for name, seed, one in read_recordings(archive / "recordings", split)}
    if not (archive / LABELS).exists():
        raise GandiagError(f"There are no labels {archive / LABELS}; write them with `gandiag lab pack`.")
    labels = pd.read_csv(archive / LABELS).fillna({"all": ""})
    known = pd.Series([pair in recordings for pair in zip(labels["scenario"], labels["seed"], strict=True)], dtype=bool)
    return labels[(labels["split"] == split) & known].reset_index(drop=True), recordings


def _table(scores: "Iterable[Score]") -> str:
    from gandiag.lab.score import FAILURES

    lines = []
    for one in scores:
        lines.append(f"{one.detector}: macro-F1 {one.macro_f1:.2f}")
        lines.append(f"    onset {one.latency:+.1%} of the run after the oracle's")
        lines += [f"    {name.replace('_', ' ')}: {one.sensitivity[name]}" for name in FAILURES]
        lines += [
            f"    {name.replace('_', ' ')}: {getattr(one, name)}"
            for name in ("any_failure", "false_alarms", "right_kind", "undecided")
        ]
    return "\n".join(lines)


def _live_table(scores: "Iterable[LiveScore]") -> str:
    lines = ["alarms while training, by the generator step from which the alarm listens:"]
    for one in scores:
        lines.append(
            f"    {one.begins}: right {one.raised}, {one.delay:.1%} of the run after the onset (at best "
            f"{one.at_best:.1%}), early {one.early}, false {one.false_alarms}, taken back {one.taken_back}"
        )
    return "\n".join(lines)
