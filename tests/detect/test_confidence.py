"""Confidence is looked up by what kind of finding it is and how far its number lies beyond the threshold."""

import json
import math

import pytest

from gandiag.detect import Evidence, Failure, Finding, Status, Verdict, diagnose
from gandiag.detect.confidence import (
    Curve,
    clean_margin,
    confidence_in,
    group_of,
    margin,
    packaged_curves,
    rated,
)
from gandiag.recording import Recording

CURVES = {
    ("decides", "mode_collapse"): Curve(0.0, 1.0, 0.9, 4, 8, 8),
    ("decides", "healthy"): Curve(1.0, 1.0, 0.97, 16, 40, 39),
    ("signs", "healthy"): Curve(0.0, 1.0, 0.9, 4, 8, 4),
}


def finding(status: Status, *numbers: float, comparison: str = "<") -> Finding:
    evidence = tuple(Evidence("probes.diversity[G]", "x", value, comparison, 0.1, "y") for value in numbers)
    return Finding(Failure.MODE_COLLAPSE, status, "z", kind="total", onset=0, evidence=evidence)


@pytest.mark.parametrize(
    ("one", "decades"),
    [
        (finding(Status.FAIL, 0.01, 0.5), 1.0),
        (finding(Status.FAIL, 0.5), 0.0),
        (finding(Status.FAIL, 0.0), 3.0),
        (finding(Status.FAIL, math.nan), 0.0),
        (finding(Status.FAIL, math.inf, comparison=">"), 3.0),
        (finding(Status.FAIL, 1e9, comparison=">"), 3.0),
        (finding(Status.PASS, 1.0, 10.0), 1.0),
        (finding(Status.PASS, 0.01), -1.0),
        (finding(Status.PASS, -5.0, comparison=">"), 3.0),
        (finding(Status.PASS), 0.0),
    ],
)
def test_the_margin_is_the_decades_that_speak_for_the_finding(one, decades):
    assert margin(one) == pytest.approx(decades)


def test_a_clean_bill_is_as_sure_as_its_nearest_finding():
    assert clean_margin([finding(Status.PASS, 1.0), finding(Status.PASS, 10.0)]) == pytest.approx(1.0)
    assert clean_margin([finding(Status.PASS, 1.0), finding(Status.WARN, 1.0)]) == 0.0
    passed = [finding(Status.PASS, 1.0)]
    assert confidence_in(Verdict.HEALTHY, passed, CURVES) == pytest.approx(1 / (1 + math.exp(-2)))
    assert confidence_in(Verdict.HEALTHY, [*passed, finding(Status.WARN, 1.0)], CURVES) == pytest.approx(0.5)


def test_confidence_is_the_curve_at_the_margin_and_no_more_than_so_many_recipes_can_show():
    near, far = (rated([finding(Status.FAIL, value)], CURVES)[0] for value in (0.1 / 10**0.5, 1e-9))
    assert near.confidence == pytest.approx(1 / (1 + math.exp(-0.5)))
    assert far.confidence == 0.9


def test_where_no_calibration_run_was_like_it_nothing_is_said():
    first, second = rated([finding(Status.FAIL, 0.01)] * 2, CURVES)
    assert first.confidence is not None
    assert second.confidence is None
    nothing = Finding(Failure.MODE_COLLAPSE, Status.NOT_ENOUGH_DATA, "")
    assert group_of(nothing, True) is None
    assert rated([nothing], CURVES)[0].confidence is None
    assert diagnose(Recording()).confidence is None


def test_the_packaged_curves_are_no_surer_than_their_numbers():
    curves = packaged_curves()
    assert {("decides", "healthy"), *(("decides", one) for one in list(Verdict)[1:4])} <= set(curves)
    for curve in curves.values():
        assert 0 <= curve.right <= curve.findings
        assert curve.slope >= 0
        assert 0 < curve.at(-3) <= curve.at(0) <= curve.at(3) <= (curve.recipes + 0.5) / (curve.recipes + 1) + 1e-3


def test_confidence_stands_in_the_json_and_in_the_headline(make_recording):
    diagnosis = diagnose(make_recording())
    plain = json.loads(json.dumps(diagnosis.to_dict()))
    assert plain["confidence"] == diagnosis.confidence
    assert [one["confidence"] for one in plain["findings"]] == [one.confidence for one in diagnosis.findings]
    assert f"confidence {diagnosis.confidence:.2f}" in str(diagnosis).split("\n")[0]
