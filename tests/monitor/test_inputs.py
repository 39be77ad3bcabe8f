"""What a generator makes of its inputs, with generators whose answer is known in closed form."""

import pytest
import torch
from torch import nn
from torch.nn.functional import one_hot

import gandiag
from gandiag.data import load_digits
from gandiag.detect import Failure, Status
from gandiag.monitor.factors import find_factors, joined, labels_of
from gandiag.monitor.replay import Call
from gandiag.monitor.sensitivity import sensitivities

ROWS = 96


@pytest.fixture
def noise() -> torch.Tensor:
    return torch.randn(ROWS, 8, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def labels() -> torch.Tensor:
    return torch.randint(5, (ROWS,), generator=torch.Generator().manual_seed(1))


def kinds(*args: torch.Tensor, **kwargs: torch.Tensor) -> dict[str, str]:
    return {factor.name: factor.kind for factor in find_factors([Call(args, kwargs, ROWS)])}


def test_noise_labels_and_images_are_told_apart(noise, labels):
    images = load_digits().samples[:ROWS]
    assert kinds(noise, labels) == {"0": "noise", "1": "label"}
    assert kinds(noise.view(ROWS, 8, 1, 1), labels=labels.unsqueeze(1)) == {"0": "noise", "labels": "label"}
    assert kinds(images, noise.uniform_()) == {"0": "other", "1": "noise"}
    assert kinds(images.flatten(1), one_hot(labels).float()) == {"0": "other", "1": "label"}


def test_a_label_beside_noise_in_one_tensor_is_taken_apart(noise, labels):
    code = one_hot(labels).float()
    for whole in (torch.cat([noise, code], dim=1), torch.cat([code, noise], dim=1)):
        assert kinds(whole) == {"0_rest": "noise", "0_label": "label"}
        assert kinds(whole.view(ROWS, 13, 1, 1)) == {"0_rest": "noise", "0_label": "label"}
    calls = [Call((torch.cat([noise, code], dim=1)[part],), {}, 32) for part in torch.arange(ROWS).split(32)]
    found = labels_of(calls, find_factors(calls))
    assert found is not None
    assert found.count == 5
    assert torch.equal(found.classes, labels)


def test_what_is_not_certainly_a_label_stays_whole(noise, labels):
    code = one_hot(labels).float()
    code[3] = 0.2  # one row without a label, as of unlabelled data
    assert list(kinds(torch.cat([noise, code], dim=1))) == ["0"]
    two = torch.cat([one_hot(labels).float(), noise, one_hot(labels.flip(0)).float()], dim=1)
    assert list(kinds(two)) == ["0"]
    bits = (torch.rand(ROWS, 6, generator=torch.Generator().manual_seed(0)) > 0.5).float()
    assert list(kinds(torch.cat([noise, bits], dim=1))) == ["0"]


def test_what_is_the_same_in_all_samples_is_no_input(noise, labels):
    assert kinds(noise, torch.ones(ROWS, 3), torch.tensor(0.5), torch.zeros(ROWS, 0)) == {"0": "noise"}
    assert kinds(noise, torch.randn(7, 3)) == {"0": "noise"}, "not one row a sample"


def test_labels_of_two_kinds_ask_for_nothing_certain(noise, labels):
    calls = [Call((noise, labels, labels.flip(0)), {}, ROWS)]
    assert labels_of(calls, find_factors(calls)) is None


GENERATORS = {
    "the first alone": (lambda a, b: torch.cat([a, 0 * a], dim=1), (1.0, 0.0)),
    "the second alone": (lambda a, b: torch.cat([b, 3 * b], dim=1), (0.0, 1.0)),
    "neither": (lambda a, b: torch.zeros(len(a), 4), None),
}


@pytest.mark.parametrize("name", GENERATORS)
def test_an_ignored_input_has_none_and_one_that_decides_has_all_of_the_influence(noise, name):
    function, expected = GENERATORS[name]
    calls = [Call((part, 2 * part.flip(1)), {}, len(part)) for part in noise.split(10)]

    def give(some):
        return torch.cat([function(*call.args) for call in some])

    row = sensitivities(give, calls, find_factors(calls))
    if expected is None:
        assert row == {}
    else:
        assert [row["sensitivity_0"], row["sensitivity_1"]] == pytest.approx(expected, abs=1e-6)


def test_two_inputs_added_share_the_influence_as_pythagoras_has_it():
    generator = torch.Generator().manual_seed(0)
    first, second = torch.randn(2, 400, 300, generator=generator)
    calls = [Call((first, second), {}, 400)]
    row = sensitivities(lambda some: 3 * some[0].args[0] + 4 * some[0].args[1], calls, find_factors(calls))
    # In many dimensions, all distances are nearly the same: 3 and 4 of 5.
    assert [row["sensitivity_0"], row["sensitivity_1"]] == pytest.approx([0.6, 0.8], abs=0.02)


def test_both_parts_of_one_tensor_are_exchanged_apart(noise, labels):
    whole = torch.cat([noise, one_hot(labels).float()], dim=1)
    calls = [Call((whole,), {}, ROWS)]
    factors = find_factors(calls)
    row = sensitivities(lambda some: some[0].args[0][:, 8:], calls, factors)
    assert row == pytest.approx({"sensitivity_0_rest": 0, "sensitivity_0_label": 1})
    assert torch.equal(joined(calls, 0), whole), "what was kept is as it was"


def test_noise_drawn_inside_is_no_change(noise, labels):
    class Noisy(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(()))

        def forward(self, z, y):
            return self.scale * (y[:, None].float() + torch.randn(len(y), 4))

    generator, discriminator = Noisy(), nn.Linear(4, 1)
    with gandiag.attach(generator, discriminator, every=1) as monitor:
        train(generator, discriminator, lambda: (torch.randn(64, 8), torch.randint(5, (64,))))
    probes = monitor.recording.probes
    assert (probes["sensitivity_0"] == 0).all()
    assert (probes["sensitivity_1"] > 0.5).all()


def train(generator, discriminator, inputs, steps: int = 12) -> None:
    optimizers = [torch.optim.SGD(module.parameters(), lr=1e-3) for module in (generator, discriminator)]
    for _ in range(steps):
        fake = generator(*inputs())
        optimizers[1].zero_grad()
        (discriminator(fake.detach()).mean() - discriminator(torch.randn_like(fake)).mean()).backward()
        optimizers[1].step()
        optimizers[0].zero_grad()
        (-discriminator(fake).mean()).backward()
        optimizers[0].step()


class LookUp(nn.Module):
    """One digit for each label, and more of the noise the larger ``spread``."""

    def __init__(self, spread: float, shift: int = 0) -> None:
        super().__init__()
        digits = load_digits()
        first = [digits.samples[digits.labels == index][0] for index in range(10)]
        self.images = nn.Parameter(torch.stack(first).flatten(1))
        self.spread, self.shift = spread, shift

    def forward(self, z, y):
        return (self.images[(y + self.shift) % 10] + self.spread * z.abs()).view(-1, 1, 28, 28)


@pytest.mark.parametrize("shift", [0, 1])
def test_labels_of_the_loop_are_held_against_the_judge(shift):
    generator, discriminator = LookUp(0.01, shift), nn.Sequential(nn.Flatten(), nn.Linear(784, 1))
    with gandiag.attach(generator, discriminator, every=6, judge="mnist") as monitor:
        train(generator, discriminator, lambda: (torch.randn(64, 784), torch.randint(10, (64,))))
    recording = monitor.recording
    assert recording.meta["inputs"]["G"] == {
        "0": {"kind": "noise", "classes": None},
        "1": {"kind": "label", "classes": 10},
    }
    last = recording.probes.iloc[-1]
    assert last["label_fidelity"] == (1 if shift == 0 else 0)
    assert last["label_information"] == pytest.approx(1)
    assert last["judged_as_class_4"] == 4 + shift
    assert last["diversity_class_4"] < 0.1
    assert last["sensitivity_1"] > 0.9
    assert last["sensitivity_0"] < 0.2


class Album(nn.Module):
    """Twenty digits of each class, of which the noise chooses one; of the class in question, twenty times the same.

    Their contrast changes from call to call: a generator that stands still is not judged.
    """

    def __init__(self, alike: int | None) -> None:
        super().__init__()
        digits = load_digits()
        albums = [digits.samples[digits.labels == index][:20].flatten(1) for index in range(10)]
        if alike is not None:
            albums[alike] = albums[alike][:1].expand(20, -1)
        self.images = nn.Parameter(torch.stack(albums))
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, z, y):
        if self.training:
            self.calls += 1
        contrast = 0.85 + 0.15 * self.calls.sin()
        chosen = (z[:, 0].sigmoid() * 20).long()
        return contrast * self.images[y, chosen].view(-1, 1, 28, 28) + 0.001 * z[:, 1:2, None, None]


@pytest.mark.parametrize("alike", [None, 3])
def test_a_class_of_which_one_sample_is_made_is_named(alike):
    torch.manual_seed(0)
    generator, discriminator = Album(alike), nn.Sequential(nn.Flatten(), nn.Linear(784, 1))
    digits = load_digits().samples
    with gandiag.attach(generator, discriminator, judge="mnist", real=digits, every=20, on_alarm="ignore") as monitor:
        train(generator, discriminator, lambda: (torch.randn(64, 8), torch.randint(10, (64,))), steps=220)
    diagnosis = monitor.diagnose()
    (finding,) = [one for one in diagnosis.findings if one.failure is Failure.MODE_COLLAPSE]
    if alike is None:
        assert finding.status is Status.PASS, str(diagnosis)
    else:
        assert finding.kind == "within_class", str(diagnosis)
        assert "Of class 3, the generator makes nearly the same sample" in finding.reason
    assert diagnosis.inputs == ()


def test_a_plain_generator_gets_no_columns_for_inputs():
    generator, discriminator = nn.Linear(8, 4), nn.Linear(4, 1)
    with gandiag.attach(generator, discriminator, every=1) as monitor:
        train(generator, discriminator, lambda: (torch.randn(64, 8),))
    assert not [column for column in monitor.recording.probes if column.startswith(("sensitivity", "label_"))]
    assert monitor.recording.meta["inputs"]["G"] == {"0": {"kind": "noise", "classes": None}}


@pytest.mark.filterwarnings("ignore::gandiag.errors.GandiagWarning")
def test_an_error_in_looking_at_the_inputs_leaves_all_other_columns(monkeypatch):
    monkeypatch.setattr("gandiag.monitor.inputs.find_factors", lambda calls: 1 / 0)
    generator, discriminator = nn.Linear(8, 4), nn.Linear(4, 1)
    with gandiag.attach(generator, discriminator, every=1) as monitor:
        train(generator, discriminator, lambda: (torch.randn(64, 8),))
    assert monitor.recording.probes["diversity"].notna().any()
    assert "ZeroDivisionError" in monitor.recording.meta["abstentions"]["probes.sensitivity"]
