"""What is drawn: decimation, rolling medians, scales, moments and classes."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gandiag.recording import Recording
from gandiag.report import panels
from tests.report.conftest import Run

FINITE = st.floats(-1e6, 1e6)


@given(arrays(float, st.integers(1, 400), elements=FINITE), st.integers(4, 60))
def test_decimation_keeps_both_ends_and_both_extremes(y: np.ndarray, at_most: int) -> None:
    x = np.arange(len(y))
    thin_x, thin_y = panels.decimate(x, y, at_most)
    assert len(thin_x) <= at_most
    assert thin_x[0] == 0
    assert thin_x[-1] == len(y) - 1
    assert thin_y.min() == y.min()
    assert thin_y.max() == y.max()


@given(arrays(float, st.integers(1, 400), elements=FINITE), st.integers(4, 60))
def test_decimation_keeps_points_of_the_series_in_their_order(y: np.ndarray, at_most: int) -> None:
    thin_x, thin_y = panels.decimate(np.arange(len(y)), y, at_most)
    assert (np.diff(thin_x) > 0).all()
    assert (thin_y == y[thin_x]).all()


def test_a_single_spike_in_a_long_series_survives() -> None:
    y = np.zeros(100_000)
    y[54_321] = 7.0
    thin_x, thin_y = panels.decimate(np.arange(len(y)), y)
    assert thin_x[thin_y == 7.0].tolist() == [54_321]


@given(arrays(float, st.integers(1, 120), elements=FINITE), st.integers(0, 20).map(lambda half: 2 * half + 1))
def test_the_rolling_median_is_that_of_pandas(y: np.ndarray, window: int) -> None:
    places, medians = panels.rolling_median(y, window)
    expected = pd.Series(y).rolling(window, center=True, min_periods=1).median().to_numpy()
    # Pandas subtracts and adds nothing for medians, so the halves of even windows differ by rounding at most.
    np.testing.assert_allclose(medians, expected[places], rtol=1e-12, atol=1e-9)
    assert places.tolist() == list(range(len(y)))


def test_the_rolling_median_of_a_long_series_is_taken_at_few_places() -> None:
    y = np.random.default_rng(0).standard_normal(20_000)
    places, medians = panels.rolling_median(y, 501, at_most=50)
    expected = pd.Series(y).rolling(501, center=True, min_periods=1).median().to_numpy()
    assert len(places) == 50
    np.testing.assert_allclose(medians, expected[places], rtol=1e-12)


def test_infinite_values_are_set_apart_and_missing_iterations_dropped() -> None:
    series = pd.Series([1.0, np.inf, 3.0, -np.inf, 5.0], index=[0.0, 1.0, 2.0, 3.0, np.nan])
    curve = panels.curve(series)
    assert curve.x.tolist() == [0, 2]
    assert curve.y.tolist() == [1, 3]
    assert curve.not_finite.tolist() == [1, 3]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0, 99.0], False),
        ([1.0, 101.0], True),
        ([0.0, 1e-6, 1.0], True),
        ([-1.0, 1e6], False),
        ([0.0], False),
        ([], False),
    ],
)
def test_a_log_scale_needs_two_decades_and_nothing_negative(values: list[float], expected: bool) -> None:
    assert panels.prefers_log(np.array(values)) is expected


def test_moments_are_the_start_the_nearest_to_the_onset_and_the_end(make_run: Callable[[str], Run]) -> None:
    run = make_run("collapse")
    found = [(one.label, one.iteration) for one in panels.moments(run.recording, run.diagnosis)]
    assert found == [("Start", 0), ("Onset", 1200), ("End", 1999)]


def test_without_an_onset_the_middle_is_shown(make_run: Callable[[str], Run]) -> None:
    run = make_run("healthy")
    assert [one.label for one in panels.moments(run.recording, run.diagnosis)] == ["Start", "Middle", "End"]


@pytest.mark.parametrize(
    ("iterations", "expected"),
    [([], []), ([7], ["Only sample"]), ([0, 9], ["Start", "End"]), ([0, 900, 901], ["Start", "Middle", "End"])],
)
def test_moments_are_never_shown_twice(
    make_run: Callable[[str], Run], iterations: list[int], expected: list[str]
) -> None:
    images = np.zeros((4, 8, 8), np.uint8)
    recording = Recording(samples=dict.fromkeys(iterations, images))
    assert [one.label for one in panels.moments(recording, make_run("healthy").diagnosis)] == expected


def test_an_onset_at_the_last_sample_is_said_so(make_run: Callable[[str], Run]) -> None:
    recording = Recording(samples={0: np.zeros((1, 8, 8), np.uint8), 1100: np.zeros((1, 8, 8), np.uint8)})
    labels = [one.label for one in panels.moments(recording, make_run("collapse").diagnosis)]
    assert labels == ["Start", "Onset and end"]


def test_classes_are_in_the_order_of_their_numbers() -> None:
    probes = pd.DataFrame(
        {"iteration": [0], "class_10": [0.1], "class_2": [0.2], "class_0": [0.7], "class_name": ["x"]}
    )
    (shares,) = panels.class_shares(Recording(probes=probes))
    assert shares.names == ["0", "2", "10"]
    assert shares.shares.tolist() == [[0.7, 0.2, 0.1]]


def test_each_generator_has_its_own_class_histogram() -> None:
    probes = pd.DataFrame({"iteration": [0, 0, 5, 5], "network": ["G.a", "G.b"] * 2, "class_0": [0.1, 0.2, 0.3, 0.4]})
    first, second = panels.class_shares(Recording(probes=probes))
    assert (first.network, first.shares.ravel().tolist()) == ("G.a", [0.1, 0.3])
    assert (second.network, second.shares.ravel().tolist()) == ("G.b", [0.2, 0.4])


def test_what_was_shown_as_asked_is_a_history_of_its_own() -> None:
    probes = pd.DataFrame({"iteration": [0, 5], "class_0": [0.1, 0.2], "fidelity_class_0": [0.3, 0.9]})
    (shares,) = panels.class_shares(Recording(probes=probes), "fidelity_class")
    assert (shares.names, shares.shares.ravel().tolist()) == (["0"], [0.3, 0.9])


def test_each_input_has_its_last_sensitivity() -> None:
    probes = pd.DataFrame({"iteration": [0, 5], "network": "G", "sensitivity_0": [0.1, 0.7], "sensitivity_y": np.nan})
    meta = {"inputs": {"G": {"0": {"kind": "noise"}, "y": {"kind": "label", "classes": 10}}}}
    (row,) = panels.last_inputs(Recording(probes=probes, meta=meta))
    assert (row.network, row.name, row.kind, row.sensitivity) == ("G", "0", "noise", 0.7)
    assert panels.last_inputs(Recording()) == []


@pytest.mark.parametrize(
    "signal", ["nonsense", "no_table.x", "steps.no_column", "signal.grad_norm[nobody]", "", "a.b.c"]
)
def test_an_unknown_signal_is_an_empty_series(make_run: Callable[[str], Run], signal: str) -> None:
    assert panels.series_or_empty(make_run("healthy").recording, signal).empty
