"""Numbers and tables as a reader sees them."""

import itertools
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gandiag.report import canvas, tables, wording
from tests.report.conftest import accuracy_evidence, signal_evidence


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0"),
        (0.3, "0.3"),
        (-0.0314159, "−0.0314"),
        (12345.6, "12,346"),
        (3.2e-7, "3.2×10⁻⁷"),
        (1e-6, "10⁻⁶"),
        (-2e9, "−2×10⁹"),
        (0.99991, "0.99991"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (math.nan, "–"),
        (None, "–"),
        (7, "7"),
    ],
)
def test_numbers_have_three_digits(value: object, expected: str) -> None:
    assert wording.number(value) == expected


def test_a_relation_is_negated_where_the_threshold_is_not_crossed() -> None:
    assert wording.comparison(signal_evidence(1e-7)) == "10⁻⁷ < 0.0001"
    assert wording.comparison(signal_evidence(0.02)) == "0.02 ≥ 0.0001"
    assert wording.comparison(accuracy_evidence(0.5)) == "0.5 ≤ 0.99"
    assert wording.comparison(accuracy_evidence(math.nan)) == "not measured (threshold 0.99)"


@given(st.text(max_size=300), st.integers(3, 50))
def test_shortened_text_is_one_line_of_that_length_at_most(text: str, length: int) -> None:
    short = wording.shorten(text, length)
    assert len(short) <= length
    assert "\n" not in short


@given(st.lists(st.floats(0, 1), max_size=12), st.floats(0.001, 0.08))
def test_labels_are_spread_apart_in_their_order(wanted: list[float], gap: float) -> None:
    places = canvas.spread(wanted, gap)
    ranked = sorted(range(len(wanted)), key=lambda index: (wanted[index], index))
    for lower, upper in itertools.pairwise(ranked):
        assert places[upper] - places[lower] >= gap - 1e-9
    assert all(-1e-9 <= place <= 1 + 1e-9 for place in places)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({}, []),
        ({"diversity": 0.3}, [("diversity", "0.3", "")]),
        ({"diversity": {"value": 0.3, "source": "measured"}}, [("diversity", "0.3", "measured")]),
        ({"diversity": 0.3, "sources": {"diversity": "measured"}}, [("diversity", "0.3", "measured")]),
        ({"collapse": {"diversity": 0.3}}, [("collapse.diversity", "0.3", "")]),
    ],
)
def test_thresholds_stand_beside_their_sources(policy: dict[str, Any], expected: list[tuple[str, str, str]]) -> None:
    assert tables.policy_rows(policy) == expected


def test_a_table_of_metadata_has_a_longest_length() -> None:
    found = tables.rows({f"key_{index}": "x" * 10_000 for index in range(2000)})
    assert len(found) == tables.MAX_ROWS + 1
    assert sum(len(value) for _, value in found) < 200_000
    assert found[-1][1].startswith("1700 more")


def test_raw_data_is_json_without_nan() -> None:
    assert tables.plain_data({"a": math.nan, "b": [math.inf, 1, "x", None, True], 3: object}) == {
        "a": None,
        "b": [None, 1, "x", None, True],
        "3": "<class 'object'>",
    }
