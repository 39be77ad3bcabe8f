"""Identity mappings, cycles and what they hide, with translators whose answer is known in closed form."""

import itertools
import math

import pytest
import torch
from torch import nn
from torch.nn.functional import l1_loss, mse_loss

import gandiag
from gandiag.data import load_digits
from gandiag.monitor.replay import Call
from gandiag.monitor.translation import content_kept, cycle_errors, identity_distance
from gandiag.probes.classes import Labels

ROWS = 64


@pytest.fixture(scope="module")
def digits() -> torch.Tensor:
    return load_digits().samples[:, :, ::2, ::2].contiguous() * 2 - 1


def errors(inputs, there, back):
    like = Call((inputs[:4],), {}, 4)
    return cycle_errors(inputs, there(inputs), like, lambda calls: back(calls[0].args[0]))


def test_the_identity_is_at_no_distance_and_the_negative_at_twice_the_norm(digits):
    inputs = digits[:ROWS]
    assert identity_distance(inputs, inputs) == {"identity_distance": 0}
    order = torch.randperm(ROWS, generator=torch.Generator().manual_seed(0))
    between = (inputs[order] - inputs).flatten(1).norm(dim=1).mean()
    expected = float(2 * inputs.flatten(1).norm(dim=1).mean() / between)
    assert identity_distance(inputs, -inputs)["identity_distance"] == pytest.approx(expected, rel=1e-6)
    assert identity_distance(inputs, torch.zeros_like(inputs)) == {}
    assert identity_distance(inputs, inputs[:, :, :7]) == {}


def test_an_honest_inverse_lets_noise_through_as_it_is(digits):
    row = errors(digits[:ROWS], lambda x: -x, lambda y: -y)
    assert row["cycle_error"] == 0
    assert row["cycle_amplification"] == pytest.approx(1)
    # Noise of 0.05 of a range of 2 on 196 pixels has a norm of about 1.4.
    order = torch.randperm(ROWS, generator=torch.Generator().manual_seed(0))
    between = (digits[:ROWS][order] - digits[:ROWS]).flatten(1).norm(dim=1).mean().item()
    assert row["cycle_error_noised"] == pytest.approx(1.4 / between, rel=0.02)


def test_what_is_hidden_in_faint_traces_is_broken_by_noise(digits):
    row = errors(digits[:ROWS], lambda x: x.sign() + 0.01 * x, lambda y: 100 * (y - y.round()))
    assert row["cycle_error"] < 0.01
    assert row["cycle_amplification"] > 20
    assert row["cycle_error_noised"] > 1


def test_a_translator_that_forgets_restores_nothing(digits):
    row = errors(digits[:ROWS], torch.zeros_like, lambda y: y + 0.5)
    assert row["cycle_error"] > 0.5
    assert "cycle_amplification" not in row, "samples without a range have no noise either"


def test_a_second_translator_that_takes_more_than_the_sample_is_not_judged(digits):
    inputs = digits[:ROWS]
    like = Call((inputs[:4], torch.randn(4, 3)), {}, 4)
    assert cycle_errors(inputs, -inputs, like, lambda calls: calls[0].args[0]) == {}


def test_content_is_kept_where_classes_agree():
    before = Labels(torch.arange(4).repeat(16), 4)
    changed = torch.where(torch.arange(64) < 16, before.classes, (before.classes + 1) % 4)
    assert content_kept(before, before) == {"content_kept": 1}
    assert content_kept(before, Labels(changed, 4)) == {"content_kept": 0.25}


def test_a_judge_of_the_two_domains_says_nothing_of_content():
    """It finds a horse before and a zebra after, and now and then it is mistaken."""
    horses = Labels((torch.arange(64) % 10 == 0).long(), 4)
    assert content_kept(horses, Labels(1 - horses.classes, 4)) == {}


class Translator(nn.Module):
    """Scales and shifts each pixel: −1 and 0 make the negative, 1 and 0 the identity."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale, self.shift = nn.Parameter(torch.tensor(scale)), nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return self.scale * x + self.shift


def patches() -> nn.Module:
    return nn.Conv2d(1, 1, 4, 2, 1)


def train_cycle(
    digits, scale: float, steps: int = 60, back: nn.Module | None = None, rate: float = 1e-5, **options
) -> gandiag.Recording:
    """CycleGAN's loop between digits and their negatives, with identity losses and one more cycle each."""
    torch.manual_seed(0)
    there, back = Translator(scale), back or Translator(scale)
    judge_a, judge_b = patches(), patches()
    both = torch.optim.SGD([*there.parameters(), *back.parameters()], lr=rate)
    critics = torch.optim.SGD([*judge_a.parameters(), *judge_b.parameters()], lr=1e-4)
    batches = itertools.cycle(digits[:512].split(16))
    with gandiag.attach({"there": there, "back": back}, {"a": judge_a, "b": judge_b}, every=5, **options) as monitor:
        for _ in range(steps):
            a, b = next(batches), -next(batches)
            same = l1_loss(back(a), a) + l1_loss(there(b), b)
            fake_b, fake_a = there(a), back(b)
            judged = [judge_b(fake_b), judge_a(fake_a)]
            cycle = l1_loss(back(fake_b), a) + l1_loss(there(fake_a), b)
            both.zero_grad()
            (sum(mse_loss(one, torch.ones_like(one)) for one in judged) + 10 * cycle + 5 * same).backward()
            both.step()
            critics.zero_grad()
            for judge, real, fake in ((judge_a, a, fake_a), (judge_b, b, fake_b)):
                (mse_loss(judge(real), torch.ones(16, 1, 7, 7)) + judge(fake.detach()).square().mean()).backward()
            critics.step()
    return monitor.recording


def test_a_loops_two_translators_are_probed_on_their_own_domains(digits):
    """The negative of a digit is far from it; identity and cycle passes would mix in what is near."""
    probes = train_cycle(digits, -1.0).probes
    for label in ("G.there", "G.back"):
        last = probes[probes["network"] == label].iloc[-1]
        assert last["identity_distance"] > 1.5
        assert last["cycle_error"] < 0.01
        assert last["cycle_amplification"] == pytest.approx(1, abs=0.05)


def test_translators_that_change_nothing_are_seen(digits):
    probes = train_cycle(digits, 1.0).probes
    assert (probes["identity_distance"].dropna() < 0.01).all()
    assert probes["identity_distance"].notna().any()


def test_a_lone_translator_has_no_cycle(digits):
    generator, discriminator = Translator(1.0), patches()
    optimizers = [torch.optim.SGD(module.parameters(), lr=1e-5) for module in (generator, discriminator)]
    with gandiag.attach(generator, discriminator, every=5) as monitor:
        for part in digits[:640].split(32):
            fake = generator(part)
            optimizers[1].zero_grad()
            (discriminator(fake.detach()).mean() - discriminator(-part).mean()).backward()
            optimizers[1].step()
            optimizers[0].zero_grad()
            (-discriminator(fake).mean()).backward()
            optimizers[0].step()
    last = monitor.recording.probes.iloc[-1]
    assert last["identity_distance"] < 0.01
    assert math.isnan(last.get("cycle_error", math.nan))


def test_each_translator_is_measured_against_its_own_domain(digits):
    """Fed as real by the loop, or given: negatives are what ``there`` is to make, and digits what ``back`` is."""

    def distances(**options) -> dict[str, float]:
        last = train_cycle(digits, -1.0, judge=Brightness(), **options).probes.groupby("network").tail(1)
        return dict(zip(last["network"], last["fid_judge"], strict=True))

    seen, given = distances(), distances(real={"back": digits[:512], "there": -digits[:512]})
    exchanged = distances(real={"there": digits[:512], "back": -digits[:512]})
    for label in ("G.there", "G.back"):
        assert seen[label] < 0.1 * exchanged[label]
        assert given[label] < 0.1 * exchanged[label]


class OneImage(Translator):
    """Makes the same of everything."""

    def forward(self, x):
        return super().forward(torch.zeros_like(x)) + 0.5


def test_one_direction_that_collapses_is_named(digits):
    diagnosis = gandiag.diagnose(train_cycle(digits, -1.0, steps=220, back=OneImage(-1.0), rate=2e-4))
    assert diagnosis.verdict == "mode_collapse"
    assert diagnosis.main.kind == "total"
    assert diagnosis.main.reason.startswith("G.back: ")


def test_real_samples_by_names_must_name_each_generator(digits):
    with pytest.raises(gandiag.GandiagError, match=r"one entry for each generator \(there, back\); got there"):
        train_cycle(digits, -1.0, steps=1, real={"there": digits})


class Brightness(nn.Module):
    """A judge of brightness: features without classes."""

    num_features = 3

    def forward(self, x):
        return torch.stack([x.mean((1, 2, 3)), x.std((1, 2, 3)), x[:, :, 7].mean((1, 2))], dim=1)
