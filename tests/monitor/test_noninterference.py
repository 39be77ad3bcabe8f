"""Watching changes nothing: not a parameter, not a buffer, not a random number, not what was lent."""

import contextlib
import copy
import gc
import io
import random
import weakref

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

import gandiag
from gandiag.data import load_digits
from gandiag.errors import GandiagWarning


def everything(loop) -> dict[str, torch.Tensor]:
    state = {
        f"{name}.{key}": value
        for name in ("generator", "discriminator")
        for key, value in getattr(loop, name).state_dict().items()
    }
    return {key: value.clone() for key, value in state.items()}


def run_twice(make_loop, prepare, **attach_options):
    """State after the same 200 steps without and with gandiag, and the next numbers of all random streams."""
    outcomes = []
    for watched in (False, True):
        loop = make_loop(steps=200)
        prepare(loop)
        random.seed(1), np.random.seed(1), torch.manual_seed(1)
        if watched:
            with gandiag.attach(loop.generator, loop.discriminator, on_alarm="ignore", **attach_options) as monitor:
                loop.run()
            assert len(monitor.recording.probes) >= 3, "probes must have happened for the test to mean anything"
        else:
            loop.run()
        streams = (random.random(), np.random.random(), torch.rand(()).item())
        outcomes.append((everything(loop), streams))
    return outcomes


def dropout(loop) -> None:
    loop.generator.insert(1, nn.Dropout(0.3))
    loop.generator_optimizer = torch.optim.Adam(loop.generator.parameters(), lr=1e-3)


def spectral(loop) -> None:
    for layer in loop.discriminator:
        if isinstance(layer, nn.Linear):
            spectral_norm(layer)
    loop.discriminator_optimizer = torch.optim.Adam(loop.discriminator.parameters(), lr=1e-3)


def noisy(loop) -> None:
    """A generator that draws noise of its own in each forward pass, from all three random streams."""

    class OwnNoise(nn.Module):
        def forward(self, x):
            return x + 0.01 * torch.randn_like(x) + 0.001 * np.random.random() + 0.001 * random.random()

    loop.generator.insert(1, OwnNoise())


@pytest.mark.parametrize(
    "prepare", [lambda loop: None, dropout, spectral, noisy], ids=["plain", "dropout", "spectral", "noisy"]
)
def test_parameters_buffers_and_random_states_are_bit_identical(make_loop, prepare):
    (plain, plain_streams), (watched, watched_streams) = run_twice(make_loop, prepare, every=20)
    assert plain.keys() == watched.keys()
    for name, value in plain.items():
        assert torch.equal(value, watched[name]), name
    assert plain_streams == watched_streams


class Conditional(nn.Module):
    """Noise and a label; dropout, batch normalisation and noise of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 6))

    def forward(self, noise, *, label):
        code = nn.functional.one_hot(label, 3).float()
        return self.layers(torch.cat([noise + 0.1 * torch.randn_like(noise), code], dim=1))


def train_conditional(watch) -> tuple[list[nn.Module], list]:
    generator, discriminator = Conditional(), nn.Sequential(nn.Linear(6, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
    optimizers = [torch.optim.Adam(module.parameters(), lr=1e-3) for module in (generator, discriminator)]
    with watch(generator, discriminator) as monitor:
        for _ in range(120):
            fake = generator(torch.randn(16, 5), label=torch.randint(3, (16,)))
            optimizers[1].zero_grad()
            (discriminator(fake.detach()).mean() - discriminator(torch.randn(16, 6)).mean()).backward()
            optimizers[1].step()
            optimizers[0].zero_grad()
            (-discriminator(fake).mean() + 0.1 * fake.abs().mean()).backward()
            optimizers[0].step()
    return [generator, discriminator], [monitor, "sensitivity_label"]


def train_translators(watch) -> tuple[list[nn.Module], list]:
    def translator() -> nn.Module:
        return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Dropout(0.2), nn.Conv2d(4, 1, 1))

    there, back = translator(), translator()
    critics = {"a": nn.Conv2d(1, 1, 4, 2, 1), "b": spectral_norm(nn.Conv2d(1, 1, 4, 2, 1))}
    both = torch.optim.Adam([*there.parameters(), *back.parameters()], lr=1e-3)
    judging = torch.optim.Adam([p for critic in critics.values() for p in critic.parameters()], lr=1e-3)
    images = load_digits().samples[:, :, ::2, ::2]
    with watch({"there": there, "back": back}, critics) as monitor:
        for _ in range(60):
            a, b = images[torch.randint(1000, (16,))], 1 - images[torch.randint(1000, (16,))]
            fake_a, fake_b = back(b), there(a)
            cycle = (back(fake_b) - a).abs().mean() + (there(fake_a) - b).abs().mean()
            both.zero_grad()
            (10 * cycle - critics["a"](fake_a).mean() - critics["b"](fake_b).mean()).backward()
            both.step()
            judging.zero_grad()
            for critic, real, fake in ((critics["a"], a, fake_a), (critics["b"], b, fake_b)):
                (critic(fake.detach()).mean() - critic(real).mean()).backward()
            judging.step()
    return [there, back, *critics.values()], [monitor, "cycle_error"]


@pytest.mark.parametrize("train", [train_conditional, train_translators])
def test_what_is_fed_several_inputs_or_fed_on_trains_bit_identically(train):
    def unwatched(*networks):
        return contextlib.nullcontext()

    def watched(*networks):
        return gandiag.attach(*networks, every=10, on_alarm="ignore")

    outcomes = []
    for watch in (unwatched, watched):
        random.seed(1), np.random.seed(1), torch.manual_seed(1)
        modules, (monitor, column) = train(watch)
        outcomes.append(([module.state_dict() for module in modules], torch.rand(()).item()))
    (plain, plain_stream), (seen, seen_stream) = outcomes
    assert monitor.recording.probes[column].notna().sum() >= 3, "inputs must have been looked at"
    assert monitor.recording.signal["adversarial_share"].notna().any()
    for former, latter in zip(plain, seen, strict=True):
        assert former.keys() == latter.keys()
        assert all(torch.equal(former[name], latter[name]) for name in former)
    assert plain_stream == seen_stream


def test_lent_samples_of_a_sampling_function_leave_the_random_state(make_loop):
    loop = make_loop(steps=30)
    (plain, streams), (watched, watched_streams) = run_twice(
        make_loop, lambda loop: None, every=10, sample=lambda n: torch.randn(n, 8)
    )
    assert all(torch.equal(plain[name], watched[name]) for name in plain)
    assert streams == watched_streams
    assert loop is not None


def test_training_flags_are_restored_one_by_one(make_loop):
    loop = make_loop(steps=40)
    loop.generator[1].eval()  # frozen batch normalisation, as people do
    with gandiag.attach(loop.generator, loop.discriminator, every=5, on_alarm="ignore") as monitor:
        loop.run()
    assert len(monitor.recording.probes) > 1
    assert [module.training for module in loop.generator] == [True, False, True, True, True]


def test_closing_removes_every_hook(make_loop):
    loop = make_loop(steps=5)
    from torch.optim import optimizer as home

    before = len(home._global_optimizer_pre_hooks), len(home._global_optimizer_post_hooks)
    monitor = gandiag.attach(loop.generator, loop.discriminator)
    loop.run()
    monitor.close()
    recorded = len(monitor.recording.steps)
    loop.run()
    assert len(monitor.recording.steps) == recorded == 10
    assert (len(home._global_optimizer_pre_hooks), len(home._global_optimizer_post_hooks)) == before
    assert not loop.generator._forward_hooks
    assert not loop.discriminator._forward_hooks


def test_attaching_again_replaces_the_former_monitor(make_loop):
    loop = make_loop(steps=5)
    first = gandiag.attach(loop.generator, loop.discriminator)
    with gandiag.attach(loop.generator, loop.discriminator) as second:
        loop.run()
    assert len(first.recording.steps) == 0
    assert len(second.recording.steps) == 10
    assert len(loop.generator._forward_hooks) == 0


def test_attach_alone_is_enough_and_the_networks_can_still_be_collected(make_loop):
    loop = make_loop(steps=5)
    watched = weakref.ref(gandiag.attach(loop.generator, loop.discriminator))
    gc.collect()
    assert watched() is not None, "the return value need not be kept"
    loop.run()
    generator = weakref.ref(loop.generator)
    del loop
    gc.collect()
    assert generator() is None
    gc.collect()
    assert watched() is None


def test_a_deep_copy_is_not_watched(make_loop):
    loop = make_loop(steps=5)
    with gandiag.attach(loop.generator, loop.discriminator, every=1) as monitor:
        average = copy.deepcopy(loop.generator)
        loop.run()
        average(torch.randn(16, 5)).sum().backward()
    assert len(monitor.recording.steps) == 10
    assert monitor.recording.series("signal.grad_norm[G]").size == 5


def test_a_watched_module_can_be_saved_whole_and_used_after_loading(make_loop):
    loop = make_loop(steps=1)
    with gandiag.attach(loop.generator, loop.discriminator):
        loop.run()
        file = io.BytesIO()
        torch.save(loop.generator, file)
    file.seek(0)
    loaded = torch.load(file, weights_only=False).eval()
    noise = torch.randn(4, 5)
    assert torch.equal(loaded(noise), loop.generator.eval()(noise))


def test_an_error_inside_gandiag_is_said_once_and_training_goes_on(make_loop):
    loop = make_loop(steps=200)

    def broken(count: int) -> torch.Tensor:
        raise RuntimeError("no samples today")

    with (
        pytest.warns(GandiagWarning, match="no samples today") as caught,
        gandiag.attach(loop.generator, loop.discriminator, sample=broken, every=10) as monitor,
    ):
        loop.run()
    assert len([w for w in caught if "no samples today" in str(w.message)]) == 1
    assert len(monitor.recording.steps) == 400
    assert "no samples today" in monitor.recording.meta["abstentions"]["probes"]
    assert monitor.diagnose().verdict == "insufficient_data"


def test_two_gans_side_by_side_are_watched_apart(make_loop):
    """Each has its own monitor; closing one leaves the other at work."""
    loops = make_loop(steps=1), make_loop(steps=1, batch_norm=False)
    monitors = [gandiag.attach(loop.generator, loop.discriminator, on_alarm="ignore") for loop in loops]
    for round_number in range(300):
        for loop in loops:
            loop.run(verify=True)
        if round_number == 100:
            monitors[0].close()
    for loop, monitor, count in zip(loops, monitors, (101, 300), strict=True):
        recording = monitor.recording
        for label in "GD":
            expected = [total for network, total, _ in loop.truth if network == label][:count]
            np.testing.assert_allclose(recording.series(f"steps.grad_norm[{label}]"), expected, rtol=1e-5)
        assert len(recording.signal) == count
        assert recording.signal[["grad_norm", "logit_real", "logit_fake"]].notna().all(axis=None)
        assert recording.meta["abstentions"] == {}
