"""What a generator makes of its inputs: recordings by hand → findings, near-misses, and what must be abstained from."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from gandiag.detect import Failure, Status, diagnose
from gandiag.detect.inputs import check_inputs
from gandiag.detect.policy import Policy
from gandiag.detect.windows import RunView

INPUTS = {"0": {"kind": "noise", "classes": None}, "1": {"kind": "label", "classes": 10}}
CONDITIONAL = {
    "sensitivity_0": 0.6,
    "sensitivity_1": 0.75,
    "label_fidelity": 0.9,
    "label_information": 0.8,
    **{f"fidelity_class_{index}": 0.9 for index in range(10)},
    **{f"judged_as_class_{index}": float(index) for index in range(10)},
    **{f"diversity_class_{index}": 0.9 for index in range(10)},
}


@pytest.fixture
def conditional(make_recording):
    """A healthy recording of a conditional generator, with some columns of its probes replaced."""

    def make(inputs=INPUTS, **changes):
        recording = make_recording()
        share = np.linspace(0, 1, len(recording.probes))
        for name, value in {**CONDITIONAL, **changes}.items():
            recording.probes[name] = [value(t) for t in share] if callable(value) else value
        recording.meta["inputs"] = {"G": inputs}
        return recording

    return make


SCENARIOS = {
    "healthy": ({}, None),
    "labels without influence": ({"sensitivity_1": 0.001}, "labels_ignored"),
    "labels of which nothing shows": (
        {"label_information": 0.03, "label_fidelity": 0.1, "sensitivity_1": 0.1},
        "labels_ignored",
    ),
    "labels exchanged": (
        {"label_fidelity": 0.8, "fidelity_class_4": 0.05, "judged_as_class_4": 9.0, "fidelity_class_9": 0.1},
        "labels_confused",
    ),
    "noise without influence": ({"sensitivity_0": 0.0}, "noise_ignored"),
    # near-misses
    "labels ignored at first": ({"sensitivity_1": lambda t: 0.0 if t < 0.5 else 0.7}, None),
    "a class that comes late": ({"fidelity_class_4": lambda t: 0.0 if t < 0.6 else 0.8}, None),
    "poor samples of heeded labels": ({"label_information": 0.03}, None),
    "poor samples that all show the same": ({"label_information": 0.03, "fidelity_class_2": 0.0}, None),
    "one class that is hard": ({"fidelity_class_1": 0.45}, None),
    "noise of little influence": ({"sensitivity_0": 0.1}, None),
    "not measured": ({"sensitivity_0": math.nan, "sensitivity_1": math.nan, "label_information": math.nan}, None),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_findings_are_those_the_scenario_calls_for(conditional, name):
    changes, kind = SCENARIOS[name]
    diagnosis = diagnose(conditional(**changes))
    assert [finding.kind for finding in diagnosis.inputs] == ([] if kind is None else [kind])
    assert diagnosis.verdict == "healthy", "they do not decide the verdict"
    for finding in diagnosis.inputs:
        assert finding.failure == Failure.INPUTS
        assert finding.remedies
        assert any(evidence.crossed for evidence in finding.evidence)
        assert f"Inputs:  {finding.reason}" in str(diagnosis)
    plain = json.loads(json.dumps(diagnosis.to_dict(), allow_nan=False))
    assert [finding["kind"] for finding in plain["inputs"]] == ([] if kind is None else [kind])


def test_confused_classes_are_named_with_what_they_come_out_as(conditional):
    changes = {"fidelity_class_4": 0.05, "judged_as_class_4": 9.0, "fidelity_class_7": 0.2}
    (finding,) = diagnose(conditional(**changes)).inputs
    assert "4 comes out as 9" in finding.reason
    assert "7 comes out as several others" in finding.reason
    assert [evidence.signal for evidence in finding.evidence] == [
        "probes.fidelity_class_4[G]",
        "probes.fidelity_class_7[G]",
    ]


def test_an_ignored_condition_that_is_no_noise_is_a_failure(conditional):
    inputs = {**INPUTS, "image": {"kind": "other", "classes": None}}
    (finding,) = diagnose(conditional(inputs, sensitivity_image=0.0)).inputs
    assert finding.kind == "input_ignored"
    assert finding.status == Status.FAIL
    assert "input image" in finding.reason


def test_a_recording_without_inputs_says_nothing_of_them(make_recording):
    assert check_inputs(RunView(make_recording(), Policy())) == ()
    assert diagnose(make_recording()).inputs == ()


@pytest.mark.parametrize(
    ("collapsed", "words"),
    [
        ([3], "Of class 3, the generator"),
        ([3, 5, 8], "classes 3, 5 and 8,"),
        (range(10), "The classes are all there, but of each"),
    ],
)
def test_collapse_within_classes_decides_the_verdict_and_names_them(conditional, collapsed, words):
    changes = {f"diversity_class_{index}": lambda t: 0.9 if t < 0.5 else 0.02 for index in collapsed}
    diagnosis = diagnose(conditional(**changes))
    assert diagnosis.verdict == "mode_collapse"
    assert diagnosis.main.kind == "within_class"
    assert words in diagnosis.main.reason
    assert diagnosis.main.onset == pytest.approx(500, abs=50)
    assert all(evidence.crossed for evidence in diagnosis.main.evidence)


@pytest.mark.parametrize(
    "changes",
    [
        {"diversity_class_3": 0.4},
        {"diversity_class_3": lambda t: 0.05 if t < 0.5 else 0.8},
        {"diversity_class_3": math.nan},
    ],
    ids=["narrow", "at first", "too few samples"],
)
def test_near_misses_of_collapse_within_a_class(conditional, changes):
    assert diagnose(conditional(**changes)).verdict == "healthy"


def test_collapse_within_classes_that_keeps_moving_is_not_failing_to_converge(conditional):
    """Ten points, however they move, are as far from the data as ten points are."""
    diagnosis = diagnose(
        conditional(diversity_class_3=0.01, energy=0.15, drift=0.9, flip_rate=math.nan, fid_judge=math.nan)
    )
    assert diagnosis.main.kind == "within_class"


def test_missing_classes_come_before_collapse_within_those_that_are_there(conditional):
    diagnosis = diagnose(conditional(modes=5, kl_to_real=1.0, diversity_class_3=0.01))
    assert diagnosis.main.kind == "partial"


TRANSLATORS = {
    "a say in the gradient": ({"adversarial_share": 0.3}, None),
    "no say": ({"adversarial_share": 0.001}, "discriminator_without_say"),
    "a say that comes late": ({"adversarial_share": lambda t: 0.001 if t < 0.5 else 0.2}, None),
    "something is changed": ({"identity_distance": 1.5}, None),
    "nothing is changed": ({"identity_distance": 0.02}, "identity_mapping"),
    "the class is kept": ({"content_kept": 0.9}, None),
    "another class is shown": ({"content_kept": 0.05}, "content_lost"),
    "another class is shown at first": ({"content_kept": lambda t: 0.1 if t < 0.5 else 0.95}, None),
    "an honest cycle": ({"cycle_error": 0.1, "cycle_amplification": 0.9}, None),
    "a cycle on faint traces": ({"cycle_error": 0.1, "cycle_amplification": 15.0}, "hidden_information"),
    "a cycle that restores nothing": ({"cycle_error": 0.9, "cycle_amplification": 15.0}, None),
}


@pytest.mark.parametrize("name", TRANSLATORS)
def test_translators(make_recording, name):
    changes, kind = TRANSLATORS[name]
    recording = make_recording()
    for column, value in changes.items():
        table = recording.signal if column == "adversarial_share" else recording.probes
        share = np.linspace(0, 1, len(table))
        table[column] = [value(t) for t in share] if callable(value) else value
    if "adversarial_share" in recording.signal:
        # It is looked at in one iteration of many.
        recording.signal.loc[recording.signal["iteration"] % 50 > 0, "adversarial_share"] = np.nan
    diagnosis = diagnose(recording)
    assert [finding.kind for finding in diagnosis.inputs] == ([] if kind is None else [kind])
    assert all(finding.status == Status.WARN for finding in diagnosis.inputs)
    assert diagnosis.verdict == "healthy"


def test_the_translator_in_question_is_named_where_there_are_several(make_recording):
    recording = make_recording()
    for name in ("steps", "layers", "signal", "probes"):
        table = recording.table(name)
        twice = [table.assign(network="G.there"), table.assign(network="G.back")]
        setattr(recording, name, pd.concat(twice, ignore_index=True))
    recording.probes["identity_distance"] = np.where(recording.probes["network"] == "G.back", 0.01, 1.2)
    (finding,) = diagnose(recording).inputs
    assert finding.reason.startswith("G.back: ")
