"""What holds for every detector, whatever the recording."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gandiag.detect import Status, diagnose
from gandiag.detect.diagnose import DETECTORS
from gandiag.detect.finding import Evidence
from gandiag.detect.policy import BOUNDED_LOSSES, Policy, Threshold, policy_for
from gandiag.detect.remedies import REMEDIES
from gandiag.detect.windows import RunView
from gandiag.losses import LOSSES
from gandiag.recording import Recording

SIGNALS = [
    "grad_norm",
    "head_gradient",
    "input_gradient",
    "diversity",
    "energy",
    "drift",
    "modes",
    "kl_to_real",
    "fid_judge",
]


@pytest.mark.parametrize("detect", DETECTORS.values(), ids=lambda detect: detect.__name__)
def test_nothing_recorded_is_not_enough_data(detect):
    assert detect(RunView(Recording(), Policy())).status == Status.NOT_ENOUGH_DATA


@pytest.mark.parametrize("detect", DETECTORS.values(), ids=lambda detect: detect.__name__)
def test_nan_is_never_a_clean_bill(make_recording, detect):
    everything = dict.fromkeys([*SIGNALS, "logit_real", "logit_fake", "accuracy", "flip_rate"], math.nan)
    assert detect(RunView(make_recording(**everything), Policy())).status == Status.NOT_ENOUGH_DATA


@given(share=st.floats(0.75, 1.0))
def test_a_signal_that_is_mostly_missing_is_not_judged(share):
    count = 1000
    head = np.where(np.arange(count) < share * count, np.nan, 0.5)
    signal = pd.DataFrame({"iteration": np.arange(count), "network": "G", "head_gradient": head, "grad_norm": head})
    steps = pd.DataFrame({"iteration": np.arange(count), "network": "G"})
    findings = diagnose(Recording(steps=steps, signal=signal)).findings
    assert {finding.status for finding in findings} == {Status.NOT_ENOUGH_DATA}


@given(
    values=st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=30, max_size=60),
    signal=st.sampled_from(SIGNALS),
)
def test_no_values_whatever_make_a_detector_fail_or_its_json_invalid(values, signal):
    count = len(values)
    columns = {name: np.full(count, 0.5) for name in SIGNALS} | {signal: np.array(values)}
    at = np.arange(count) * 20
    table = pd.DataFrame({"iteration": at, "network": "G", **columns})
    recording = Recording(steps=table[["iteration", "network"]], signal=table, probes=table, meta={"loss": "minimax"})
    plain = json.dumps(diagnose(recording).to_dict(), allow_nan=False)
    assert json.loads(plain)["schema_version"] == 1


def test_the_same_recording_gives_the_same_diagnosis(make_recording):
    recording = make_recording(diversity=0.1)
    before = recording.probes.copy()
    assert diagnose(recording) == diagnose(recording)
    pd.testing.assert_frame_equal(recording.probes, before)


def test_every_kind_has_remedies_with_reasons():
    for kind, remedies in REMEDIES.items():
        assert remedies, kind
        assert all(remedy.action and remedy.reason for remedy in remedies)


def test_every_threshold_has_a_source_and_the_policy_is_plain_data():
    for loss in [None, *LOSSES]:
        plain = policy_for(loss).to_dict()
        assert json.loads(json.dumps(plain)) == plain
        thresholds = [value for value in plain.values() if isinstance(value, dict)]
        assert len(thresholds) >= 10
        assert all(value["source"] for value in thresholds)


def test_every_loss_has_a_policy_of_its_family():
    # The paired loss has no thresholds of its own yet.
    assert set(LOSSES) == {*BOUNDED_LOSSES, "wasserstein", "relativistic_paired"}
    assert policy_for("wasserstein").steep_critic is not None
    assert policy_for("wasserstein").blown_up_logit is None


@pytest.mark.parametrize(("comparison", "crossed"), [("<", [True, False]), (">", [False, True])])
def test_evidence_knows_its_failing_side(comparison, crossed):
    low, high = (Evidence("s", "d", value, comparison, 1.0, "source") for value in (0.5, 1.5))
    assert [low.crossed, high.crossed] == crossed
    assert not Evidence("s", "d", math.nan, comparison, 1.0, "source").crossed


@given(st.lists(st.booleans(), min_size=40, max_size=40))
def test_the_onset_is_a_window_in_which_the_condition_holds(holds):
    run = RunView(Recording(steps=pd.DataFrame({"iteration": [399], "network": ["G"]})), Policy())
    array = np.array(holds)
    onset = run.onset(array)
    assert (onset is None) == (not array.any())
    if onset is not None:
        assert holds[onset // 10]


def test_windows_are_medians_of_equal_parts_of_the_run():
    values = np.arange(400.0)
    signal = pd.DataFrame({"iteration": np.arange(400), "network": "G", "grad_norm": values})
    run = RunView(Recording(signal=signal), Policy())
    np.testing.assert_allclose(run.windowed("signal.grad_norm[G]"), np.median(values.reshape(40, 10), axis=1))


def probed(at: list[int], diversity: list[float]) -> Recording:
    probes = pd.DataFrame({"iteration": at, "network": "G", "diversity": diversity})
    return Recording(steps=pd.DataFrame({"iteration": np.arange(400), "network": "G"}), probes=probes)


def test_a_probes_value_holds_until_the_next_probe():
    windows = RunView(probed([0, 100, 200, 300], [0.1, 0.1, 0.9, 0.9]), Policy()).windowed("probes.diversity[G]")
    assert windows.tolist() == [0.1] * 20 + [0.9] * 20


def test_a_probes_value_says_nothing_of_more_than_a_quarter_of_the_run():
    """Two probes in a whole run, the first of a generator that had not begun to learn."""
    recording = probed([2, 399], [0.05, 0.9])
    windows = RunView(recording, Policy()).windowed("probes.diversity[G]")
    np.testing.assert_array_equal(windows, [0.05] * 11 + [np.nan] * 28 + [0.9])
    assert diagnose(recording).verdict == "insufficient_data"


def test_a_changed_policy_changes_the_verdict(make_recording):
    recording = make_recording(diversity=0.5)
    strict = Policy(loss="non_saturating", collapsed_diversity=Threshold(0.6, "a stricter user"))
    assert diagnose(recording).verdict == "healthy"
    assert diagnose(recording, strict).verdict == "mode_collapse"
