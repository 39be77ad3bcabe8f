"""How work in passing is spaced out in time."""

from itertools import pairwise

import pytest

from gandiag.monitor import clock
from gandiag.monitor.clock import Clock


@pytest.fixture
def now(monkeypatch):
    """A clock that stands still unless it is set."""
    time = {"now": 1000.0}
    monkeypatch.setattr(clock.time, "perf_counter", lambda: time["now"])
    return time


def test_work_takes_no_more_than_its_share_of_the_time(now):
    paced, spent = Clock(None, share=0.01, first=0.2), 0.0
    for step in range(10_000):
        now["now"] += 0.1
        if paced.due(step):
            now["now"] += 0.5
            spent += 0.5
            paced.done(step, 0.5)
    assert 0.009 < spent / (now["now"] - 1000) <= 0.01
    assert spent > 0


def test_the_first_time_is_at_once_or_after_what_it_is_taken_to_cost(now):
    assert Clock(None, share=0.01).due(7)
    paced = Clock(None, share=0.01, first=0.2)
    assert not paced.due(7)
    now["now"] += 0.2 * 99 - 0.01
    assert not paced.due(8)
    now["now"] += 0.02
    assert paced.due(9)


def test_the_allowance_sees_a_short_run_whole_and_is_used_up(now):
    """A thousand steps a second, and 50 ms each time: the share alone would allow one time in 1.4 s."""
    paced, at = Clock(None, share=0.035, allowance=2.0), []
    for step in range(1, 20_001):
        now["now"] += 0.001
        if paced.due(step):
            at.append(step)
            now["now"] += 0.05
            paced.done(step, 0.05)
    early = [step for step in at if step <= 3000]
    assert all(after <= 1.1 * before + 11 for before, after in pairwise(early))
    assert len(at) * 0.05 <= 2.0 + 0.05 + 0.035 * (now["now"] - 1000)


def test_given_steps_are_kept_whatever_the_time(now):
    fixed = Clock(5, share=0.01, first=100.0)
    assert fixed.due(3), "the first call is due"
    fixed.done(3, 1e6)
    assert [step for step in range(4, 16) if fixed.due(step)] == [5, 10, 15]


def test_never_is_never(now):
    assert not Clock(5, share=0.01, ever=False).due(5)
