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


def test_what_the_first_time_loads_does_not_put_off_the_others(now):
    """A run of eight seconds whose first probe takes two, and every other 15 ms."""
    paced, at, spent = Clock(None, share=0.035, first_counts=0.02), [], 0.0
    for step in range(1, 8001):
        now["now"] += 0.001
        if paced.due(step):
            seconds = 0.015 if at else 2.0
            now["now"] += seconds
            spent += seconds
            at.append(step)
            paced.done(step, seconds)
    assert len(at) > 15
    assert max(after - before for before, after in pairwise([*at, 8000])) < 800, "a tenth of the run"
    assert spent - 2.0 <= 0.035 * (now["now"] - 1000)


def test_given_steps_are_kept_whatever_the_time(now):
    fixed = Clock(5, share=0.01, first=100.0)
    assert fixed.due(3), "the first call is due"
    fixed.done(3, 1e6)
    assert [step for step in range(4, 16) if fixed.due(step)] == [5, 10, 15]


def test_never_is_never(now):
    assert not Clock(5, share=0.01, ever=False).due(5)
