"""A failure found during training is said once, in the way the user asked for."""

import warnings

import pytest
import torch

import gandiag
from gandiag.errors import GandiagWarning
from gandiag.monitor import TrainingStopped


def collapsing(loop, steps: int = 1400) -> None:
    """A generator whose samples are all the same."""
    torch.nn.init.zeros_(loop.generator[0].weight)
    loop.generator_optimizer = torch.optim.SGD(loop.generator[-2:].parameters(), lr=1e-3)
    loop.run(steps=steps)


def test_a_warning_is_the_default_and_comes_once(make_loop):
    loop = make_loop(batch=64, batch_norm=False)
    with (
        pytest.warns(GandiagWarning, match="Verdict: ") as caught,
        gandiag.attach(loop.generator, loop.discriminator, every=50),
    ):
        collapsing(loop)
    verdicts = [str(warning.message) for warning in caught]
    assert len(verdicts) == len({verdict.split("\n")[1].split("(")[0] for verdict in verdicts})


def test_stop_ends_the_training_with_the_diagnosis_and_a_closed_monitor(make_loop):
    loop = make_loop(batch=64, batch_norm=False)
    monitor = gandiag.attach(loop.generator, loop.discriminator, every=50, on_alarm="stop")
    with pytest.raises(TrainingStopped) as stopped:
        collapsing(loop)
    assert stopped.value.diagnosis.main.status == "fail"
    assert monitor.recording.meta["status"] == "finished"
    before = len(monitor.recording.steps)
    loop.run(steps=5)
    assert len(monitor.recording.steps) == before


def test_a_function_is_called_with_the_diagnosis(make_loop):
    loop = make_loop(batch=64, batch_norm=False)
    heard: list[gandiag.Diagnosis] = []
    with gandiag.attach(loop.generator, loop.discriminator, every=50, on_alarm=heard.append):
        collapsing(loop)
    assert heard
    assert heard[0].iterations >= 1000, "the first steps of every run look like collapse"


def test_ignore_says_nothing(make_loop):
    loop = make_loop(batch=64, batch_norm=False)
    with (
        warnings.catch_warnings(),
        gandiag.attach(loop.generator, loop.discriminator, every=50, on_alarm="ignore") as monitor,
    ):
        warnings.simplefilter("error")
        collapsing(loop)
    assert monitor.diagnose().main.status == "fail"


@pytest.mark.parametrize("on_alarm", ["shout", 3])
def test_another_wish_is_refused(make_loop, on_alarm):
    loop = make_loop()
    with pytest.raises(gandiag.GandiagError, match="Unknown on_alarm"):
        gandiag.attach(loop.generator, loop.discriminator, on_alarm=on_alarm)
