"""Parts of a discriminator's gradient, against autograd on the losses taken alone."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

import gandiag

PARTS = ["real_norm", "fake_norm", "penalty_norm", "leaked_norm", "unclipped_norm"]


class Setting:
    """Two small networks, their optimizers, and a truth that autograd computes on losses of its own."""

    def __init__(self, activation: type[nn.Module] = nn.Tanh) -> None:
        torch.manual_seed(11)
        self.generator = nn.Sequential(nn.Linear(3, 12), nn.Tanh(), nn.Linear(12, 4))
        self.discriminator = nn.Sequential(nn.Linear(4, 12), activation(), nn.Linear(12, 1))
        self.g_optimizer = torch.optim.SGD(self.generator.parameters(), lr=0.05)
        self.d_optimizer = torch.optim.SGD(self.discriminator.parameters(), lr=0.05)
        self.truth: list[dict[str, float]] = []

    def bare(self, samples: Tensor) -> Tensor:
        """The discriminator without the hooks: the truth must not be watched."""
        for layer in self.discriminator:
            samples = layer(samples)
        return samples

    def gradient(self, loss: Tensor) -> Tensor:
        parts = torch.autograd.grad(loss, list(self.discriminator.parameters()), materialize_grads=True)
        return torch.cat([part.flatten() for part in parts]).double()

    def current(self) -> Tensor:
        gradients = [parameter.grad for parameter in self.discriminator.parameters()]
        return torch.cat([torch.zeros(1) if g is None else g.flatten() for g in gradients]).double()

    def batch(self) -> tuple[Tensor, Tensor]:
        return torch.randn(16, 4) + 1, self.generator(torch.randn(16, 3))

    def note(self, real: Tensor, fake: Tensor, penalty: Tensor | None = None, **others: float) -> None:
        """What the parts should be, of softplus losses."""
        truth = {
            "real_norm": float(self.gradient(softplus(-self.bare(real)).mean()).norm()),
            "fake_norm": float(self.gradient(softplus(self.bare(fake.detach())).mean()).norm()),
            "penalty_norm": math.nan if penalty is None else float(self.gradient(penalty).norm()),
            "leaked_norm": 0.0,
        }
        self.truth.append({**truth, **others})

    def generator_step(self, fake: Tensor) -> None:
        self.g_optimizer.zero_grad()
        softplus(-self.discriminator(fake)).mean().backward()
        self.g_optimizer.step()


def agree(setting: Setting, monitor: gandiag.Monitor) -> None:
    recording = monitor.recording
    assert "attribution" not in recording.meta["abstentions"]
    own = recording.steps[recording.steps["network"] == "D"].reset_index(drop=True)
    assert len(own) == len(setting.truth) == 3
    for index, truth in enumerate(setting.truth):
        for name, expected in truth.items():
            np.testing.assert_allclose(own.loc[index, name], expected, rtol=1e-4, atol=1e-6, err_msg=f"{name}, {index}")


def watched(setting: Setting) -> gandiag.Monitor:
    return gandiag.attach(setting.generator, setting.discriminator, on_alarm="ignore")


def losses(setting: Setting, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    return softplus(-setting.discriminator(real)).mean(), softplus(setting.discriminator(fake)).mean()


BACKWARDS = {
    "one backward pass": lambda real, fake: (real + fake).backward(),
    "one for each": lambda real, fake: (real.backward(), fake.backward()),
    "fake first": lambda real, fake: (fake.backward(), real.backward()),
}


@pytest.mark.parametrize("backward", BACKWARDS.values(), ids=BACKWARDS)
@pytest.mark.parametrize("detach", [True, False], ids=["detached", "not detached"])
def test_real_and_generated_losses_are_taken_apart(backward, detach):
    setting = Setting()
    with watched(setting) as monitor:
        for _ in range(3):
            real, fake = setting.batch()
            setting.note(real, fake)
            setting.d_optimizer.zero_grad()
            backward(*losses(setting, real, fake.detach() if detach else fake))
            setting.d_optimizer.step()
            setting.generator_step(setting.batch()[1])
    agree(setting, monitor)
    assert ("undetached" in monitor.recording.meta["wiring"]) is not detach


def test_accumulated_batches_count_together():
    setting = Setting()
    with watched(setting) as monitor:
        for _ in range(3):
            batches = [setting.batch() for _ in range(2)]
            real, fake = (torch.cat(parts) for parts in zip(*batches, strict=True))
            setting.note(real, fake)
            setting.d_optimizer.zero_grad()
            for batch in batches:
                (sum(losses(setting, batch[0], batch[1].detach())) / 2).backward()
            setting.d_optimizer.step()
            setting.generator_step(setting.batch()[1])
    agree(setting, monitor)


@pytest.mark.parametrize("own_pass", [True, False], ids=["in a pass of its own", "with the loss"])
@pytest.mark.parametrize("kind", ["r1", "wgan_gp"])
def test_a_penalty_is_told_from_the_losses(kind, own_pass):
    """tanh has curvature, through which a penalty flows back into the layers before."""
    setting = Setting()
    with watched(setting) as monitor:
        for _ in range(3):
            real, fake = setting.batch()
            state = torch.get_rng_state()
            arguments = (real,) if kind == "r1" else (real, fake.detach())
            penalty = getattr(gandiag.regularizers, kind)
            setting.note(real, fake, penalty=penalty(setting.bare, *arguments))
            torch.set_rng_state(state)
            setting.d_optimizer.zero_grad()
            loss = sum(losses(setting, real, fake.detach()))
            if own_pass:
                loss.backward()
                penalty(setting.discriminator, *arguments).backward()
            else:
                (loss + penalty(setting.discriminator, *arguments)).backward()
            setting.d_optimizer.step()
            setting.generator_step(fake)
    agree(setting, monitor)


@pytest.mark.parametrize("kind", ["r1", "wgan_gp"])
def test_a_penalty_that_is_computed_before_the_gradients_are_zeroed_leaks_nothing(kind):
    """Its inner derivative is a backward pass too, but one that fills no gradients."""
    setting = Setting()
    with watched(setting) as monitor:
        for _ in range(3):
            real, fake = setting.batch()
            state = torch.get_rng_state()
            arguments = (real,) if kind == "r1" else (real, fake.detach())
            setting.note(real, fake, penalty=getattr(gandiag.regularizers, kind)(setting.bare, *arguments))
            torch.set_rng_state(state)
            loss = sum(losses(setting, real, fake.detach()))
            loss = loss + getattr(gandiag.regularizers, kind)(setting.discriminator, *arguments)
            setting.d_optimizer.zero_grad()  # until here, the generator's pass has left something
            loss.backward()
            setting.d_optimizer.step()
            setting.generator_step(fake)
    agree(setting, monitor)


def test_derivatives_that_are_only_looked_at_count_for_nothing():
    """And a backward pass that is kept to the discriminator's parameters does not go on into the generator."""
    setting = Setting()
    with watched(setting) as monitor:
        for _ in range(3):
            real, fake = setting.batch()
            setting.note(real, fake)
            loss = sum(losses(setting, real, fake))
            parameters = list(setting.discriminator.parameters())
            torch.autograd.grad(loss, [*parameters, *setting.generator.parameters()], retain_graph=True)
            setting.d_optimizer.zero_grad()
            loss.backward(inputs=parameters)
            setting.d_optimizer.step()
            setting.generator_step(setting.batch()[1])
    agree(setting, monitor)
    assert "undetached" not in monitor.recording.meta["wiring"]


def test_what_the_generators_pass_left_behind_has_leaked():
    setting = Setting()
    with watched(setting) as monitor:
        for _ in range(3):
            real, fake = setting.batch()
            setting.note(real, fake, leaked_norm=float(setting.current().norm()))
            sum(losses(setting, real, fake.detach())).backward()  # nobody zeroes the discriminator's gradients
            setting.d_optimizer.step()
            setting.generator_step(fake)
    agree(setting, monitor)
    assert setting.truth[-1]["leaked_norm"] > 0.1


def test_a_generators_pass_before_the_discriminators_step_has_leaked():
    """Both passes, then both steps, with the usual backward: the discriminator gets the generator's gradient."""
    setting = Setting()
    with watched(setting) as monitor:
        for _ in range(3):
            real, fake = setting.batch()
            generators = setting.gradient(softplus(-setting.bare(fake.detach())).mean())
            setting.note(real, fake, leaked_norm=float(generators.norm()))
            setting.d_optimizer.zero_grad()
            setting.g_optimizer.zero_grad()
            sum(losses(setting, real, fake.detach())).backward()
            softplus(-setting.discriminator(fake)).mean().backward()
            setting.d_optimizer.step()
            setting.g_optimizer.step()
    agree(setting, monitor)


def test_the_generators_step_may_come_first():
    setting = Setting()
    with watched(setting) as monitor:
        for _ in range(3):
            real, fake = setting.batch()
            setting.generator_step(fake)
            setting.note(real, fake)
            setting.d_optimizer.zero_grad()
            sum(losses(setting, real, fake.detach())).backward()
            setting.d_optimizer.step()
    agree(setting, monitor)


def test_clipping_and_loss_scaling_leave_the_parts_as_they_were():
    setting = Setting()
    scaler = torch.amp.GradScaler("cpu", init_scale=64.0)
    with watched(setting) as monitor:
        for _ in range(3):
            real, fake = setting.batch()
            whole = setting.gradient(
                softplus(-setting.bare(real)).mean() + softplus(setting.bare(fake.detach())).mean()
            )
            setting.note(real, fake, unclipped_norm=float(whole.norm()), grad_norm=0.01)
            setting.d_optimizer.zero_grad()
            scaler.scale(sum(losses(setting, real, fake.detach()))).backward()
            scaler.unscale_(setting.d_optimizer)
            nn.utils.clip_grad_norm_(setting.discriminator.parameters(), 0.01)
            scaler.step(setting.d_optimizer)
            scaler.update()
            setting.generator_step(fake)
    agree(setting, monitor)


def test_the_generators_gradient_before_clipping_is_kept_too():
    setting = Setting()
    with watched(setting) as monitor:
        setting.g_optimizer.zero_grad()
        softplus(-setting.discriminator(setting.batch()[1])).mean().backward()
        before = math.sqrt(sum(float(p.grad.double().square().sum()) for p in setting.generator.parameters()))
        nn.utils.clip_grad_norm_(setting.generator.parameters(), 1e-3)
        setting.g_optimizer.step()
    row = monitor.recording.steps.iloc[0]
    assert row["unclipped_norm"] == pytest.approx(before, rel=1e-5)
    assert row["grad_norm"] == pytest.approx(1e-3, rel=1e-3)


def joint(setting: Setting, real: Tensor, fake: Tensor) -> Tensor:
    logits = setting.discriminator(torch.cat([real, fake.detach()]))
    return softplus(-logits[:16]).mean() + softplus(logits[16:]).mean()


def penalised_call(setting: Setting, real: Tensor, fake: Tensor) -> Tensor:
    """R1 on the very call that the loss is computed from, in one backward pass."""
    real.requires_grad_()
    logits = setting.discriminator(real)
    (slope,) = torch.autograd.grad(logits.sum(), real, create_graph=True)
    on_fake = softplus(setting.discriminator(fake.detach())).mean()
    return softplus(-logits).mean() + slope.square().sum(dim=1).mean() + on_fake


@pytest.mark.parametrize("loss", [joint, penalised_call], ids=["one batch", "a penalty on the same call"])
def test_what_cannot_be_taken_apart_is_not(loss):
    setting = Setting()
    with watched(setting) as monitor:
        for _ in range(3):
            real, fake = setting.batch()
            setting.d_optimizer.zero_grad()
            loss(setting, real, fake).backward()
            setting.d_optimizer.step()
            setting.generator_step(fake)
    own = monitor.recording.steps[monitor.recording.steps["network"] == "D"]
    assert own[["real_norm", "fake_norm", "penalty_norm"]].isna().all(axis=None)
    assert own["unclipped_norm"].notna().all()
    assert "attribution" not in monitor.recording.meta["abstentions"]
