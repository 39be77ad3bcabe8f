"""Each mistake in a loop's wiring is found, with its evidence; a loop without it is left in peace."""

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

import gandiag
from gandiag.detect import Finding

STEPS = 24


@dataclass
class Loop:
    """A sound loop; each mistake changes one of its parts."""

    generator: nn.Module = field(default_factory=lambda: nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 4)))
    discriminator: nn.Module = field(
        default_factory=lambda: nn.Sequential(nn.Linear(4, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
    )
    d_parameters: Callable[["Loop"], list[Tensor]] = lambda loop: list(loop.discriminator.parameters())
    g_parameters: Callable[["Loop"], list[Tensor]] = lambda loop: list(loop.generator.parameters())
    real: Callable[[], Tensor] = lambda: torch.randn(16, 4)
    loss: Callable[[Tensor, bool], Tensor] = lambda logits, is_real: softplus(-logits if is_real else logits).mean()
    zero: bool = True
    detach: bool = True
    joint: bool = False
    n_critic: int = 1
    before_d_step: Callable[["Loop"], None] = lambda loop: None
    after_g_step: Callable[["Loop"], None] = lambda loop: None
    configuration: dict[str, int] = field(default_factory=dict)

    def run(self) -> tuple[Finding, ...]:
        torch.manual_seed(0)
        g_optimizer = torch.optim.Adam(self.g_parameters(self), 1e-3)
        d_optimizer = torch.optim.Adam(self.d_parameters(self), 1e-3)
        attached = gandiag.attach(
            self.generator, self.discriminator, on_alarm="ignore", configuration=self.configuration
        )
        with attached as monitor:
            for _ in range(STEPS):
                for _ in range(self.n_critic):
                    if self.zero:
                        d_optimizer.zero_grad()
                    self.discriminator_loss().backward()
                    self.before_d_step(self)
                    d_optimizer.step()
                g_optimizer.zero_grad()
                self.loss(self.discriminator(self.generator(torch.randn(16, 3))), True).backward()
                g_optimizer.step()
                self.after_g_step(self)
        assert not {"steps", "signal", "attribution"} & monitor.recording.meta["abstentions"].keys()
        return monitor.diagnose().wiring

    def discriminator_loss(self) -> Tensor:
        real, fake = self.real(), self.generator(torch.randn(16, 3))
        fake = fake.detach() if self.detach else fake
        if self.joint:
            logits = self.discriminator(torch.cat([real, fake]))
            return self.loss(logits[:16], True) + self.loss(logits[16:], False)
        return self.loss(self.discriminator(real), True) + self.loss(self.discriminator(fake), False)


def normalised() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.LeakyReLU(0.2), nn.Linear(16, 1))


def bounded(last: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 4), last)


def squashed() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1), nn.Sigmoid())


def bce(logits: Tensor, is_real: bool) -> Tensor:
    target = torch.full_like(logits, float(is_real))
    return nn.functional.binary_cross_entropy_with_logits(logits, target)


def probabilities_bce(outputs: Tensor, is_real: bool) -> Tensor:
    return nn.functional.binary_cross_entropy(outputs, torch.full_like(outputs, float(is_real)))


def both(loop: Loop) -> list[Tensor]:
    return [*loop.discriminator.parameters(), *loop.generator.parameters()]


def all_but_the_last(loop: Loop) -> list[Tensor]:
    return list(loop.discriminator.parameters())[:-1]


def freeze_first_layer(loop: Loop) -> None:
    loop.discriminator[0].requires_grad_(False)


def train_a_copy() -> Loop:
    loop = Loop()
    average = copy.deepcopy(loop.generator)
    optimizer = torch.optim.Adam(average.parameters(), 1e-3)

    def train(_: Loop) -> None:
        average(torch.randn(4, 3)).square().mean().backward()
        optimizer.step()

    loop.after_g_step = train
    return loop


MISTAKES: dict[str, tuple[Callable[[], Loop], str, str, str]] = {
    "nobody zeroes": (lambda: Loop(zero=False), "left_over_gradients", "fail", "did not ask for"),
    "no detach": (lambda: Loop(detach=False), "missing_detach", "warn", "at 4 of the 4 steps"),
    "D's optimizer holds G": (lambda: Loop(d_parameters=both), "foreign_parameters", "fail", "discriminator's opt"),
    "G's optimizer holds D": (lambda: Loop(g_parameters=both), "foreign_parameters", "fail", "generator's optimizer"),
    "G's optimizer holds D's trunk": (
        lambda: Loop(g_parameters=lambda loop: [*loop.generator.parameters(), *loop.discriminator[0].parameters()]),
        "foreign_parameters",
        "warn",
        "also steps some parameters of the discriminator",
    ),
    "in no optimizer": (lambda: Loop(d_parameters=all_but_the_last), "without_optimizer", "fail", r"\(2.bias\)"),
    "frozen for good": (lambda: Loop(after_g_step=freeze_first_layer), "requires_grad_off", "warn", "0.weight, 0.bias"),
    "copy trained": (train_a_copy, "trained_copy", "warn", "shapes of G "),
    "joint batch": (
        lambda: Loop(discriminator=normalised(), joint=True),
        "joint_batch",
        "warn",
        "16 real and 16 generated samples in one batch, and 1 batch normalisation mix",
    ),
    "n_critic": (lambda: Loop(n_critic=2, configuration={"n_critic": 5}), "n_critic", "warn", "5 were meant"),
    "sigmoid twice": (lambda: Loop(discriminator=squashed(), loss=bce), "double_sigmoid", "fail", "ends in a sigmoid"),
    "beyond tanh": (
        lambda: Loop(generator=bounded(nn.Tanh()), real=lambda: 255 * torch.rand(16, 4)),
        "ranges_differ",
        "fail",
        r"in \[-1, 1\], but real samples",
    ),
    "half of tanh": (
        lambda: Loop(generator=bounded(nn.Tanh()), real=lambda: torch.rand(16, 4)),
        "ranges_differ",
        "warn",
        "half of its range",
    ),
    "negative against sigmoid": (
        lambda: Loop(generator=bounded(nn.Sigmoid()), real=lambda: torch.rand(16, 4) * 2 - 1),
        "ranges_differ",
        "fail",
        r"in \[0, 1\]",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_found_with_its_evidence(mistake):
    make, kind, status, said = mistake
    torch.manual_seed(1)
    found = make().run()
    assert kind in [finding.kind for finding in found], found
    finding = next(finding for finding in found if finding.kind == kind)
    assert (finding.failure, finding.status) == ("wiring", status)
    assert re.search(said, finding.reason), finding.reason
    assert finding.remedies
    assert all(evidence.crossed for evidence in finding.evidence)


SOUND: dict[str, Callable[[], Loop]] = {
    "plain": Loop,
    "five critic steps, as meant": lambda: Loop(n_critic=5, configuration={"n_critic": 5}),
    "batch normalisation, batches apart": lambda: Loop(discriminator=normalised()),
    "joint batch without normalisation": lambda: Loop(joint=True),
    "sigmoid and BCELoss": lambda: Loop(discriminator=squashed(), loss=probabilities_bce),
    "logits and BCEWithLogitsLoss": lambda: Loop(loss=bce),
    "tanh and data in [-1, 1]": lambda: Loop(generator=bounded(nn.Tanh()), real=lambda: torch.rand(16, 4) * 2 - 1),
    "sigmoid and data in [0, 1]": lambda: Loop(generator=bounded(nn.Sigmoid()), real=lambda: torch.rand(16, 4)),
    "an average that only follows": lambda: followed(),
    "a frozen layer outside the optimizer": lambda: frozen_apart(),
}


def followed() -> Loop:
    loop = Loop()
    average = copy.deepcopy(loop.generator)

    @torch.no_grad()
    def follow(_: Loop) -> None:
        for kept, parameter in zip(average.parameters(), loop.generator.parameters(), strict=True):
            kept.lerp_(parameter, 0.1)
        average(torch.randn(4, 3))

    loop.after_g_step = follow
    return loop


def frozen_apart() -> Loop:
    loop = Loop(d_parameters=lambda loop: list(loop.discriminator[2].parameters()))
    loop.discriminator[0].requires_grad_(False)
    return loop


@pytest.mark.parametrize("make", SOUND.values(), ids=SOUND)
def test_a_sound_loop_is_left_in_peace(make):
    torch.manual_seed(1)
    assert make().run() == ()


def test_skipped_steps_are_counted_per_network_and_a_few_are_no_finding():
    loop = Loop()
    d_optimizer = torch.optim.SGD(loop.discriminator.parameters(), lr=0.01)
    g_optimizer = torch.optim.SGD(loop.generator.parameters(), lr=0.01)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    with gandiag.attach(loop.generator, loop.discriminator, on_alarm="ignore") as monitor:
        for step in range(100):
            d_optimizer.zero_grad()
            scaler.scale(loop.discriminator_loss()).backward()
            if step in (0, 3, 50, 51):
                loop.discriminator[0].weight.grad[0, 0] = float("inf")
            scaler.step(d_optimizer)
            scaler.update()
            loop.discriminator(loop.generator(torch.randn(16, 3))).mean().backward()
            g_optimizer.step()
            if step == 10:
                early = monitor.diagnose().wiring
    recording = monitor.recording
    assert recording.meta["wiring"]["skipped_steps"] == {"D": 4}
    assert recording.steps["network"].value_counts().to_dict() == {"G": 100, "D": 96}
    assert [finding.kind for finding in early if finding.kind == "skipped_steps"] == ["skipped_steps"], "2 of 11"
    assert "skipped_steps" not in [finding.kind for finding in monitor.diagnose().wiring], "4 of 100"


def test_wiring_stands_in_the_verdict_the_json_and_the_report(tmp_path):
    loop = Loop(zero=False)
    d_optimizer = torch.optim.Adam(loop.discriminator.parameters(), 1e-3)
    g_optimizer = torch.optim.Adam(loop.generator.parameters(), 1e-3)
    with gandiag.attach(loop.generator, loop.discriminator, on_alarm="ignore") as monitor:
        for _ in range(STEPS):
            loop.discriminator_loss().backward()
            d_optimizer.step()
            softplus(-loop.discriminator(loop.generator(torch.randn(16, 3)))).mean().backward()
            g_optimizer.step()
    diagnosis = monitor.diagnose()
    assert "Wiring:  D steps with gradients that it did not ask for" in str(diagnosis)
    assert diagnosis.to_dict()["wiring"][0]["kind"] == "left_over_gradients"
    page = monitor.report(tmp_path / "report.html").read_text()
    assert "did not ask for" in page


def test_real_samples_that_send_no_gradient_are_no_second_step() -> None:
    """Of zeros, a discriminator without biases learns nothing."""

    class FirstOnly(nn.Linear):
        def forward(self, points: Tensor) -> Tensor:
            return super().forward(points[:, :1])

    def real() -> Tensor:
        return torch.cat([torch.zeros(16, 1), torch.randn(16, 3)], dim=1)

    loop = Loop(discriminator=FirstOnly(1, 1, bias=False), real=real, configuration={"n_critic": 1})
    assert not loop.run()
