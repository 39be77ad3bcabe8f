"""Alarms while training, against numbers worked out by hand."""

import math

import pandas as pd
import pytest

from gandiag.detect.alarm import Alarm
from gandiag.detect.finding import Verdict
from gandiag.lab.baselines import Opinion
from gandiag.lab.live import BEGINNINGS, live_scores, replay, verdicts_in_passing
from gandiag.lab.page import write_lab_page
from gandiag.lab.score import score
from tests.lab.conftest import recording
from tests.lab.test_score import TABLE


def probed(iterations: int = 1000):
    run = recording(iterations=iterations)
    run.probes = pd.DataFrame({"iteration": range(100, iterations + 1, 100), "network": "G", "diversity": 1.0})
    return run


def says(changes: dict[int, str]):
    """A detector that says ``healthy`` and, from each of some generator steps on, something else."""

    def detector(run):
        return Opinion([verdict for at, verdict in {0: "healthy", **changes}.items() if run.iterations >= at][-1])

    return detector


def test_an_alarm_listens_late_and_says_each_failure_once():
    alarm = Alarm(200)
    assert [at for at in (0, 199, 200, 900) if alarm.listens(at)] == [200, 900]
    verdicts = ["healthy", "mode_collapse", "insufficient_data", "mode_collapse", "non_convergence", "mode_collapse"]
    assert [alarm.is_raised_by(Verdict(one)) for one in verdicts] == [False, True, False, False, True, False]


def test_each_verdict_rests_on_what_was_recorded_until_its_probe():
    seen = []

    def detector(run):
        seen.append((run.iterations, len(run.probes)))
        return Opinion("healthy")

    course = verdicts_in_passing(detector, probed(300))
    assert course == [(100, "healthy"), (200, "healthy"), (300, "healthy")]
    assert seen == [(100, 1), (200, 2), (300, 3)]


def test_alarms_are_what_one_counts_by_hand():
    labels = TABLE.assign(split="calibration")
    recordings = {(name, 0): probed() for name in TABLE["scenario"]}
    detector = says({300: "mode_collapse", 500: "non_convergence", 700: "healthy"})
    first, *_, last = live_scores(replay(detector, labels, recordings))
    assert (first.begins, last.begins) == (BEGINNINGS[0], BEGINNINGS[-1])
    # Onsets at 100, 200 and 300; collapse holds in two, for 300 it is non-convergence that does, said at 500.
    assert (first.raised.hits, first.raised.of) == (3, 3)
    assert first.delay == pytest.approx(0.2)
    assert first.at_best == pytest.approx(0.0)
    assert first.early.hits == 0
    assert (first.false_alarms.hits, first.false_alarms.of) == (2, 2)
    assert (first.taken_back.hits, first.taken_back.of) == (5, 5)
    assert (last.raised.hits, last.false_alarms.hits, last.taken_back.of) == (0, 0, 0)
    assert math.isinf(last.delay)
    assert last.at_best == pytest.approx(0.8)


def test_a_steady_alarm_before_the_onset_is_early_and_not_taken_back():
    labels = TABLE[TABLE["scenario"] == "ring-momentum"].assign(split="calibration")
    first = live_scores(replay(says({0: "non_convergence"}), labels, {("ring-momentum", 0): probed()}))[0]
    assert (first.early.hits, first.taken_back.hits, first.delay) == (1, 0, pytest.approx(-0.1))


def test_the_page_shows_what_the_alarm_says(tmp_path):
    recordings = {(name, 0): probed() for name in TABLE["scenario"]}
    alarms = live_scores(replay(says({300: "mode_collapse"}), TABLE.assign(split="calibration"), recordings))
    page = write_lab_page([score(TABLE, "x", "calibration")], TABLE, recordings, tmp_path / "index.html", alarms=alarms)
    text = page.read_text(encoding="utf-8")
    assert "from step 1,000 (as shipped)" in text
    assert "never" in text
