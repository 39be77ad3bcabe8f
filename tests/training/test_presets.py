"""Real runs get the verdict that their setting is known for (shortened; in full over five seeds: reports/settings)."""

import dataclasses

import pytest

from gandiag.training import PRESETS, train


@pytest.mark.parametrize(
    ("preset", "iterations", "verdict", "kind"),
    [
        ("vanishing", 700, "vanishing_gradients", "saturated_discriminator"),
        ("collapse", 1200, "mode_collapse", None),
        ("divergence", 800, "non_convergence", "divergence"),
    ],
)
def test_a_failing_setting_gets_its_verdict(preset, iterations, verdict, kind):
    diagnosis = train(dataclasses.replace(PRESETS[preset], iterations=iterations)).diagnosis
    assert diagnosis.verdict == verdict, str(diagnosis)
    assert kind in (None, diagnosis.main.kind)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("preset", "verdict"),
    [("healthy", "healthy"), ("vanishing_mended", "healthy"), ("dead_discriminator", "vanishing_gradients")],
)
def test_a_working_and_a_mended_setting_are_healthy(preset, verdict):
    diagnosis = train(PRESETS[preset]).diagnosis
    assert diagnosis.verdict == verdict, str(diagnosis)


@pytest.mark.slow
def test_the_healthy_setting_reaches_all_classes_of_mnist(mnist_dir):
    config = dataclasses.replace(PRESETS["healthy"], dataset="mnist")
    recording = train(config, data_dir=mnist_dir).recording
    assert recording.probes["modes"].iloc[-1] == 10
