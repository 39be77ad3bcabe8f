"""A study's runs are done once each, whole or not at all, whatever happens in between."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch
from pandas.testing import assert_frame_equal
from tqdm import tqdm

from gandiag.errors import GandiagError
from gandiag.study import Study, execution, listed, one_run, product, run_study, write_results
from gandiag.study.execution import _alone_in
from gandiag.study.one_run import finished
from gandiag.study.results import read, redraw
from gandiag.training import TrainingConfig

ROOT = Path(__file__).parents[2]
SCRIPT = """
from gandiag.cli.study import run_as_script
from gandiag.study import Study, product
from gandiag.training import TrainingConfig

BASE = TrainingConfig(dataset="ring", model="mlp", iterations=30, probe_every=10, checkpoint_every=5)
STUDY = Study("tiny", "Does it work?", BASE, product(loss=["hinge", "minimax"]), seeds=2, measures=("modes",))
if __name__ == "__main__":
    run_as_script(STUDY)
"""
BASE = TrainingConfig(dataset="ring", model="mlp", iterations=30, probe_every=10, checkpoint_every=5)
STUDY = Study("tiny", "Does it work?", BASE, product(loss=["hinge", "minimax"]), seeds=2, measures=("modes",))


def start(script: Path, *options: object, blocks: str = "unlimited") -> "subprocess.Popen[str]":
    """Run a script; past so many blocks of a file, writing ends in the middle with an error, as on a full disk."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = ["sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh", sys.executable, script, *map(str, options)]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def killed_until_whole(script: Path, out: Path, times: int, seconds: tuple[float, float], *options: object) -> None:
    """Kill a study again and again, then let it end: no finished run may be lost or done again."""
    command = (script, "--out", out, "--workers", 2, *options)
    dice, kept = random.Random(0), {}
    for _ in range(times):
        process = start(*command)
        time.sleep(dice.uniform(*seconds))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        found = rows_of(out)
        assert kept.items() <= found.items(), "a finished run was lost or repeated"
        kept = found
    last = start(*command)
    _, complaint = last.communicate()
    assert last.returncode == 0, complaint
    assert kept.items() <= rows_of(out).items()


def rows_of(out: Path) -> dict[Path, int]:
    """Row of each finished run → when it was written."""
    return {path: path.stat().st_mtime_ns for path in (out / "runs").glob("*/row.json")}


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> Path:
    """The study, run in this process from beginning to end."""
    out = tmp_path_factory.mktemp("study") / "out"
    run_study(STUDY, out)
    return out


def test_one_worker_finds_to_the_bit_what_several_find_whatever_the_threads(tmp_path):
    base = TrainingConfig(dataset="digits", model="dcgan_small", iterations=8, probe_every=4)
    study, threads = Study("convolutions", "?", base, listed({}), seeds=2), torch.get_num_threads()
    torch.set_num_threads(4)
    try:
        run_study(study, tmp_path / "one")
        assert torch.get_num_threads() == 4
    finally:
        torch.set_num_threads(threads)
    run_study(study, tmp_path / "several", workers=2)
    for one, several in zip(read(study, tmp_path / "one"), read(study, tmp_path / "several"), strict=True):
        assert_frame_equal(
            one.drop(columns="seconds", errors="ignore"),
            several.drop(columns="seconds", errors="ignore"),
            check_exact=True,
        )


def test_all_results_are_tidy_tables_that_open_in_one_line(done):
    page = write_results(STUDY, done, command="here")
    runs, curves = pd.read_csv(done / "runs.csv"), pd.read_parquet(done / "curves.parquet")
    assert runs[["loss", "seed"]].to_numpy().tolist() == [["hinge", 0], ["minimax", 0], ["hinge", 1], ["minimax", 1]]
    assert runs["verdict"].notna().all()
    assert runs["error"].isna().all()
    assert set(curves["run"]) == set(runs["run"])
    assert curves.groupby("run")["iteration"].max().ge(20).all()
    assert len(pd.read_csv(done / "summary.csv")) == 2
    manifest = json.loads((done / "manifest.json").read_text())
    assert manifest["runs_finished"] == 4
    assert {"gandiag", "torch"} <= set(manifest["versions"])
    (call,) = manifest["calls"]
    assert (call["engine"], call["workers"], call["device"], call["runs"]) == ("processes", 1, "cpu", 4)
    assert call["seconds"] > 0
    assert "Does it work?" in page.read_text()


def test_finished_runs_are_not_repeated_and_more_seeds_add_only_theirs(done, monkeypatch):
    asked = []
    monkeypatch.setattr(one_run, "train", lambda config, *rest, **more: asked.append(config.seed) or 1 / 0)
    run_study(STUDY, done)
    assert asked == []


def test_verdicts_are_by_the_rules_as_they_are_now(done):
    study = replace(STUDY, grid=STUDY.grid[:1], seeds=1)
    row_of = finished(study.runs[0], done) / one_run.ROW
    known = row_of.read_text()
    row_of.write_text(json.dumps(json.loads(known) | {"verdict": "by older rules"}))
    try:
        runs, _ = read(study, done)
    finally:
        row_of.write_text(known)
    assert runs["verdict"].tolist() == [json.loads(known)["verdict"]]


def test_a_page_is_drawn_anew_from_its_tables_alone(done, tmp_path):
    write_results(STUDY, done, into=tmp_path / "report", command="here")
    kept = {path.name: path.read_bytes() for path in (tmp_path / "report").iterdir()}
    for name in ("summary.csv", "budget.csv", "study.png", "index.html"):
        (tmp_path / "report" / name).unlink()
    redraw(STUDY, tmp_path / "report")
    assert {path.name: path.read_bytes() for path in (tmp_path / "report").iterdir()} == kept
    assert redraw(STUDY, tmp_path / "report", tmp_path / "elsewhere").read_bytes() == kept["index.html"]
    with pytest.raises(GandiagError, match="another study's tables, or an older one's: it has no 'loss=hinge'"):
        redraw(replace(STUDY, grid=STUDY.grid[1:]), tmp_path / "report")
    with pytest.raises(GandiagError, match="holds no tables of the study 'tiny'"):
        redraw(STUDY, tmp_path)


def test_results_go_into_no_file(done, tmp_path):
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(GandiagError, match=r"taken/runs.csv cannot be written"):
        write_results(STUDY, done, into=tmp_path / "taken")


@pytest.mark.parametrize("content", ["[]", "{}", "{"])
def test_a_damaged_row_is_one_sentence(done, tmp_path, content):
    out = tmp_path / "out"
    shutil.copytree(done, out)
    (finished(STUDY.runs[0], out) / one_run.ROW).write_text(content)
    with pytest.raises(GandiagError, match=r"row.json cannot be read .* run the study again"):
        read(STUDY, out)


def test_the_time_before_a_run_was_killed_counts(tmp_path):
    run, directory = STUDY.runs[0], tmp_path / "run"

    def kill(iteration: int) -> None:
        if iteration == 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        one_run.attempt(run, directory, progress=kill)
    assert float((directory / one_run.SECONDS).read_text()) > 0
    (directory / one_run.SECONDS).write_text("1000")
    row, _ = one_run.attempt(run, directory)
    assert row["error"] is None
    assert row["seconds"] > 1000


def test_a_run_that_cannot_be_done_is_a_row_with_its_reason(tmp_path):
    study = Study("bad", "?", BASE, listed({"model": "lecture"}), seeds=1)
    run_study(study, tmp_path / "out")
    (row,) = read(study, tmp_path / "out")[0].to_dict("records")
    assert row["error"].startswith("GandiagError: The model 'lecture' makes samples of shape")
    assert write_results(study, tmp_path / "out").exists()


def test_a_full_disk_is_one_sentence_and_no_row(tmp_path, monkeypatch):
    def full(*anything, **more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(one_run, "train", full)
    with pytest.raises(GandiagError, match=r"No space left on device.*run the same command again"):
        run_study(STUDY, tmp_path / "out")
    assert not any(finished(run, tmp_path / "out").exists() for run in STUDY.runs)


def test_another_studys_folder_is_refused(done, tmp_path):
    other = Study("other", "?", BASE, STUDY.grid)
    with pytest.raises(GandiagError, match="another study or version"):
        run_study(other, done)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(GandiagError, match="holds other files"):
        run_study(STUDY, tmp_path)
    (tmp_path / "study.json").write_text("{")
    with pytest.raises(GandiagError, match="another study or version"):
        run_study(STUDY, tmp_path)


def test_another_versions_folder_is_refused(done, monkeypatch):
    monkeypatch.setattr("gandiag.study.study.VERSION", "99")
    with pytest.raises(GandiagError, match="another study or version"):
        run_study(STUDY, done)


def test_two_processes_do_not_work_on_one_study(done):
    with _alone_in(done), pytest.raises(GandiagError, match="Another process is running the study"):
        run_study(STUDY, done)


def test_no_finished_run_is_one_sentence(tmp_path):
    with pytest.raises(GandiagError, match="holds no finished run of the study 'tiny'"):
        write_results(STUDY, tmp_path)


@pytest.mark.slow
def test_killed_again_and_again_it_ends_as_if_it_had_never_been(done, tmp_path):
    script, out = tmp_path / "tiny.py", tmp_path / "out"
    script.write_text(SCRIPT)
    killed_until_whole(script, out, 6, (3, 9))
    left_out = ["seconds"]
    assert_frame_equal(
        read(STUDY, out)[0].drop(columns=left_out), read(STUDY, done)[0].drop(columns=left_out), check_exact=True
    )
    assert not list((out / "unfinished").iterdir())


@pytest.mark.slow
def test_stacks_killed_again_and_again_lose_no_run_and_repeat_none(tmp_path):
    script, out = tmp_path / "tiny.py", tmp_path / "out"
    script.write_text(SCRIPT)
    killed_until_whole(script, out, 4, (5, 12), "--engine", "stacked", "--seeds", 40, "--iterations", 150)
    runs = pd.read_csv(out / "runs.csv")
    assert len(runs) == 80
    assert runs["error"].isna().all()


@pytest.mark.slow
def test_workers_that_die_again_and_again_are_one_sentence(tmp_path):
    script = tmp_path / "deadly.py"
    deadly = "if __name__ == '__mp_main__':\n    stacks.do = lambda *anything: os._exit(1)\n"  # in workers alone
    script.write_text(f"import os\nfrom gandiag.study import stacks\n{deadly}{SCRIPT}")
    process = start(script, "--out", tmp_path / "out", "--workers", 2)
    _, complaint = process.communicate()
    assert process.returncode == 3, complaint
    assert "A worker died 3 times, with the run" in complaint
    assert "Traceback" not in complaint


@pytest.mark.slow
@pytest.mark.parametrize("blocks", ["1", "8", "60"])
def test_a_write_that_ends_in_the_middle_is_one_sentence_and_the_next_call_goes_on(done, tmp_path, blocks):
    """In a mark, a table, a checkpoint."""
    script, out = tmp_path / "tiny.py", tmp_path / "out"
    script.write_text(SCRIPT)
    limited = start(script, "--out", out, blocks=blocks)
    _, complaint = limited.communicate()
    assert limited.returncode == 3, complaint
    assert "The results cannot be written" in complaint
    assert "run the same command again" in complaint
    assert "Traceback" not in complaint
    whole = start(script, "--out", out)
    _, complaint = whole.communicate()
    assert whole.returncode == 0, complaint
    left_out = ["seconds"]
    assert_frame_equal(
        read(STUDY, out)[0].drop(columns=left_out), read(STUDY, done)[0].drop(columns=left_out), check_exact=True
    )


def test_the_bar_moves_within_a_run(tmp_path, monkeypatch):
    seen: list[float] = []
    monkeypatch.setattr(tqdm, "update", lambda bar, n=1: seen.append(n))
    run_study(STUDY, tmp_path / "out")
    assert sum(seen) == sum(run.config.iterations for run in STUDY.runs)
    assert set(seen) == {0, 1}


def test_the_bar_of_a_pool_counts_all_its_steps(tmp_path, monkeypatch):
    bars: list[tqdm] = []

    class Kept(tqdm):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            bars.append(self)

    monkeypatch.setattr(execution, "tqdm", Kept)
    run_study(STUDY, tmp_path / "out", workers=2)
    assert bars[0].n == bars[0].total == sum(run.config.iterations for run in STUDY.runs)
