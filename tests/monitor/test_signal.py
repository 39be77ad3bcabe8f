"""The generator's learning signal and its factors, against autograd; calls told apart or abstained from."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

import gandiag
from gandiag.monitor.loss_family import infer_loss
from gandiag.monitor.prober import Prober
from gandiag.monitor.signal import midpoint_accuracy
from gandiag.monitor.tensors import logits_in
from gandiag.recording import Recorder


def truth_of_one_step(loop) -> dict[str, float]:
    """Factors of the signal in the first generator step, from a copy of the loop, computed by autograd alone."""
    torch.manual_seed(3)
    real, noise = torch.randn(16, 8), torch.randn(16, 5)
    fake = loop.generator(noise)
    loop.discriminator_optimizer.zero_grad()
    real_logits, fake_logits = loop.discriminator(real), loop.discriminator(fake.detach())
    (softplus(-real_logits).mean() + softplus(fake_logits).mean()).backward()
    loop.discriminator_optimizer.step()
    samples = loop.generator(torch.randn(16, 5)).detach().requires_grad_()
    logits = loop.discriminator(samples)
    (slope,) = torch.autograd.grad(logits.sum(), samples, retain_graph=True)
    (gradient,) = torch.autograd.grad(softplus(-logits).mean(), samples)
    return {
        "grad_norm": (16 * gradient.norm(dim=1)).median().item(),
        "head_gradient": (1 - logits.sigmoid()).mean().item(),
        "input_gradient": slope.norm(dim=1).median().item(),
        "logit_real": real_logits.mean().item(),
        "logit_fake": fake_logits.mean().item(),
    }


@pytest.fixture(params=[torch.float32, torch.float64], ids=["single", "double"])
def precision(request):
    """That of all tensors of a test."""
    torch.set_default_dtype(request.param)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.usefixtures("precision")
def test_all_factors_agree_with_autograd(make_loop):
    expected = truth_of_one_step(make_loop())
    loop = make_loop(steps=1)
    torch.manual_seed(3)
    with gandiag.attach(loop.generator, loop.discriminator) as monitor:
        loop.run()
    recorded = monitor.recording.signal.iloc[0]
    for name, value in expected.items():
        assert recorded[name] == pytest.approx(value, rel=1e-4), name


def test_the_order_of_real_and_fake_does_not_matter(make_loop):
    class FakeFirst(type(make_loop())):  # type: ignore[misc]
        def run(self, verify=False, steps=None):
            for _ in range(self.steps):
                real, fake = torch.randn(16, 8) + 5, self.generator(torch.randn(16, 5))
                self.discriminator_optimizer.zero_grad()
                self.fake_logits = self.discriminator(fake.detach())
                self.real_logits = self.discriminator(real)
                (softplus(-self.real_logits).mean() + softplus(self.fake_logits).mean()).backward()
                self.discriminator_optimizer.step()
                self.generator_optimizer.zero_grad()
                softplus(-self.discriminator(fake)).mean().backward()
                self.generator_optimizer.step()

    loop = FakeFirst(steps=3)
    loop.build()
    with gandiag.attach(loop.generator, loop.discriminator) as monitor:
        loop.run()
    last = monitor.recording.signal.iloc[-1]
    assert last["logit_real"] == pytest.approx(loop.real_logits.mean().item(), rel=1e-5)
    assert last["logit_fake"] == pytest.approx(loop.fake_logits.mean().item(), rel=1e-5)


def signal_of(squash: bool, generator_loss) -> np.ndarray:
    """Six steps of a GAN whose discriminator ends in a sigmoid, or not, with the same mathematics."""
    torch.manual_seed(0)
    generator, logits = nn.Linear(4, 6), nn.Sequential(nn.Linear(6, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
    discriminator = nn.Sequential(logits, nn.Sigmoid()) if squash else logits
    optimizers = [torch.optim.Adam(m.parameters(), 1e-2) for m in (generator, discriminator)]

    def probability(samples):
        return discriminator(samples) if squash else discriminator(samples).sigmoid()

    with gandiag.attach(generator, discriminator) as monitor:
        for _ in range(6):
            real, fake = torch.randn(32, 6) + 2, generator(torch.randn(32, 4))
            optimizers[1].zero_grad()
            (-probability(real).log() - (1 - probability(fake.detach())).log()).mean().backward()
            optimizers[1].step()
            optimizers[0].zero_grad()
            generator_loss(probability(fake)).mean().backward()
            optimizers[0].step()
    names = ["grad_norm", "head_gradient", "input_gradient", "logit_real", "logit_fake", "accuracy"]
    return monitor.recording.signal[names].to_numpy()


@pytest.mark.parametrize(
    "generator_loss", [lambda p: -p.log(), lambda p: (1 - p).log()], ids=["non_saturating", "minimax"]
)
def test_of_a_discriminator_that_ends_in_a_sigmoid_the_logits_before_it_are_recorded(generator_loss):
    """How far a loss teaches is told by its slope at the logit: at the probability it is steep where all is lost."""
    squashed, plain = signal_of(True, generator_loss), signal_of(False, generator_loss)
    np.testing.assert_allclose(squashed, plain, rtol=2e-3)


def run_disguised(loop, disguise, steps: int = 12) -> tuple[list[float], list[float]]:
    """A loop that hands the discriminator disguised samples; returns the true mean logits on real and on fake."""
    truth: tuple[list[float], list[float]] = ([], [])
    for _ in range(steps):
        real, fake = torch.randn(16, 8) + 1, loop.generator(torch.randn(16, 5))
        real_logits, fake_logits = disguise(loop.discriminator, real, fake.detach())
        loop.discriminator_optimizer.zero_grad()
        (softplus(-real_logits).mean() + softplus(fake_logits).mean()).backward()
        loop.discriminator_optimizer.step()
        loop.generator_optimizer.zero_grad()
        softplus(-loop.discriminator(fake * 1.0)).mean().backward()
        loop.generator_optimizer.step()
        truth[0].append(real_logits.mean().item())
        truth[1].append(fake_logits.mean().item())
    return truth


def pooled(discriminator, real, fake):
    """As an image pool does: samples taken apart and put together again."""
    again = torch.cat([sample.data.unsqueeze(0) for sample in fake])
    return discriminator(real), discriminator(again)


DISGUISES = {
    "noise": lambda d, real, fake: (d(real + torch.randn(16, 8)), d(fake + torch.randn(16, 8))),
    "clone": lambda d, real, fake: (d(real), d(fake.clone())),
    "flip": lambda d, real, fake: (d(real.flip(1)), d(fake.flip(1))),
    "cutout": lambda d, real, fake: (d(real.masked_fill(torch.rand(16, 8) < 0.2, 0)), d(torch.roll(fake, 1, 1))),
    "in place": lambda d, real, fake: (d(real), d(fake.clone().add_(torch.randn(16, 8)).clamp_(-3, 3))),
    "one batch": lambda d, real, fake: d(torch.cat([real, fake])).chunk(2),
    "one batch, fake first": lambda d, real, fake: d(torch.cat((fake, real), dim=0)).split(16)[::-1],
    "image pool": pooled,
}


@pytest.mark.parametrize("disguise", DISGUISES.values(), ids=DISGUISES)
def test_calls_on_disguised_samples_are_told_apart(make_loop, disguise):
    loop = make_loop(steps=0)
    with gandiag.attach(loop.generator, loop.discriminator, on_alarm="ignore") as monitor:
        real, fake = run_disguised(loop, disguise)
    np.testing.assert_allclose(monitor.recording.signal["logit_real"], real, rtol=1e-4)
    np.testing.assert_allclose(monitor.recording.signal["logit_fake"], fake, rtol=1e-4)


UNKNOWABLE = {
    "by way of NumPy": lambda d, real, fake: (d(real), d(torch.from_numpy(fake.numpy().copy()))),
    "shuffled into one batch": lambda d, real, fake: d(torch.cat([real, fake])[torch.randperm(32)]).chunk(2),
}


@pytest.mark.parametrize("disguise", UNKNOWABLE.values(), ids=UNKNOWABLE)
def test_where_it_cannot_be_known_nothing_is_said(make_loop, disguise):
    loop = make_loop(steps=0)
    with gandiag.attach(loop.generator, loop.discriminator, on_alarm="ignore") as monitor:
        run_disguised(loop, disguise)
    recording = monitor.recording
    assert recording.signal["logit_real"].isna().all()
    assert recording.signal["head_gradient"].notna().all(), "the generator's own pass needs no telling apart"
    assert "told apart" in recording.meta["abstentions"]["signal.logit_real"]


def test_a_pattern_is_kept_while_nothing_is_followed_and_an_unknown_one_is_learnt(make_loop):
    """A penalty every fourth step changes the number of calls; both patterns are learnt within a few iterations."""
    loop = make_loop(steps=0)

    def noisy(discriminator, real, fake):
        return discriminator(real + torch.randn(16, 8)), discriminator(fake + torch.randn(16, 8))

    with gandiag.attach(loop.generator, loop.discriminator, on_alarm="ignore") as monitor:
        truth: list[float] = []
        for step in range(40):
            if step % 4 == 0:
                gandiag.regularizers.r1(loop.discriminator, torch.randn(16, 8)).backward()
            truth += run_disguised(loop, noisy, steps=1)[0]
    recorded = monitor.recording.signal["logit_real"]
    assert recorded.notna().mean() > 0.9
    known = recorded.notna()
    np.testing.assert_allclose(recorded[known], np.array(truth)[known], rtol=1e-4)


def test_a_penaltys_call_does_not_pass_for_one_on_real_samples(make_loop):
    loop = make_loop(steps=0)
    with gandiag.attach(loop.generator, loop.discriminator) as monitor:
        real, fake = torch.randn(16, 8), loop.generator(torch.randn(16, 5)).detach()
        real_logits = loop.discriminator(real)
        loss = softplus(-real_logits).mean() + softplus(loop.discriminator(fake)).mean()
        loss = loss + gandiag.regularizers.wgan_gp(loop.discriminator, real + 100, fake)
        loss.backward()
        loop.discriminator_optimizer.step()
        softplus(-loop.discriminator(loop.generator(torch.randn(16, 5)))).mean().backward()
        loop.generator_optimizer.step()
    assert monitor.recording.signal["logit_real"].item() == pytest.approx(real_logits.mean().item(), rel=1e-5)


def test_in_place_activations_right_after_the_watched_output_are_survived():
    generator = nn.Linear(3, 4)
    discriminator = nn.Sequential(nn.Linear(4, 1), nn.LeakyReLU(0.2, inplace=True))
    optimizer = torch.optim.SGD(generator.parameters(), lr=0.1)
    with gandiag.attach(generator, discriminator) as monitor:
        discriminator(torch.relu_(generator(torch.randn(8, 3)))).mean().backward()
        optimizer.step()
    assert not {"signal", "steps", "layers"} & monitor.recording.meta["abstentions"].keys()
    assert len(monitor.recording.signal) == 1


def test_midpoint_accuracy_needs_no_zero_and_no_sign_convention():
    real, fake = torch.tensor([105.0, 106.0, 99.0]), torch.tensor([95.0, 94.0, 101.0])
    assert midpoint_accuracy(real, fake).item() == pytest.approx(4 / 6)
    assert midpoint_accuracy(-real, -fake).item() == pytest.approx(4 / 6)


LOGITS = torch.linspace(-3, 2, 16)
DERIVATIVES = {
    "minimax": lambda b: gandiag.losses.minimax_generator(b),
    "non_saturating": lambda b: gandiag.losses.non_saturating_generator(b),
    "least_squares": lambda b: gandiag.losses.least_squares_generator(b),
    "wasserstein": lambda b: gandiag.losses.negative_mean_generator(b),
}


@pytest.mark.parametrize("name", DERIVATIVES)
@pytest.mark.parametrize("sign", [1, -1], ids=["real is 1", "real is 0"])
def test_the_loss_is_told_from_its_derivative(name, sign):
    logits = LOGITS.clone().requires_grad_()
    DERIVATIVES[name](sign * logits).backward()
    assert infer_loss(logits, logits.grad) == name


@pytest.mark.parametrize("label", [1.0, 0.0])
def test_the_loss_of_a_discriminator_that_ends_in_a_sigmoid_is_told_too(label):
    probabilities = LOGITS.sigmoid().requires_grad_()
    nn.functional.binary_cross_entropy(probabilities, torch.full_like(probabilities, label)).backward()
    assert infer_loss(probabilities, probabilities.grad) == "non_saturating"


def test_an_unknown_loss_is_not_guessed():
    logits = LOGITS.clone().requires_grad_()
    (3.3 * logits.pow(4).mean()).backward()
    assert infer_loss(logits, logits.grad) is None
    assert infer_loss(logits, torch.full_like(logits, np.nan)) is None


def test_attach_infers_the_loss_of_the_loop(make_loop):
    loop = make_loop(steps=3)
    with gandiag.attach(loop.generator, loop.discriminator) as monitor:
        loop.run()
    assert monitor.recording.meta["loss"] == "non_saturating"


def condition_first(generator, discriminator):
    """A discriminator that takes the condition before the sample."""

    class ConditionFirst(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = discriminator

        def forward(self, condition, samples):
            return self.inner(samples) + 0 * condition.sum(dim=1, keepdim=True)

    return ConditionFirst()


def test_of_several_inputs_the_sample_is_found(make_loop):
    """The condition, which comes first and is larger, is no sample: the real data to compare with is the other one."""
    loop = make_loop(steps=0)
    discriminator = condition_first(loop.generator, loop.discriminator)
    with gandiag.attach(loop.generator, discriminator, every=10, on_alarm="ignore") as monitor:
        for _ in range(60):
            condition = 100 * torch.randn(16, 40)
            fake = loop.generator(torch.randn(16, 5))
            loop.discriminator_optimizer.zero_grad()
            real = torch.randn(16, 8)
            loss = softplus(-discriminator(condition, real)) + softplus(discriminator(condition, fake.detach()))
            loss.mean().backward()
            loop.discriminator_optimizer.step()
            loop.generator_optimizer.zero_grad()
            softplus(-discriminator(condition, fake)).mean().backward()
            loop.generator_optimizer.step()
    kept = torch.cat(monitor._observer.real_samples(()))
    assert kept.shape[1] == 8
    assert kept.std() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("disguise", [torch.autograd.Variable, nn.Parameter, lambda x: torch.from_numpy(x.numpy())])
def test_generated_samples_are_known_by_the_memory_they_share(make_loop, disguise):
    """Ways that no operation can be followed on."""
    loop = make_loop(steps=0)
    with gandiag.attach(loop.generator, loop.discriminator, on_alarm="ignore") as monitor:
        for _ in range(10):
            fake = loop.generator(torch.randn(16, 5))
            loop.discriminator_optimizer.zero_grad()
            on_real, on_fake = loop.discriminator(torch.randn(16, 8)), loop.discriminator(disguise(fake.data))
            (softplus(-on_real).mean() + softplus(on_fake).mean()).backward()
            loop.discriminator_optimizer.step()
            loop.generator_optimizer.zero_grad()
            softplus(-loop.discriminator(fake)).mean().backward()
            loop.generator_optimizer.step()
    assert monitor.recording.series("signal.logit_fake").iloc[-1] == pytest.approx(on_fake.mean().item(), rel=1e-5)
    assert monitor.recording.series("signal.logit_real").iloc[-1] == pytest.approx(on_real.mean().item(), rel=1e-5)


def test_a_buffer_that_is_filled_by_slices_is_not_taken_for_real_samples(make_loop):
    loop = make_loop(steps=0)
    both = torch.empty(32, 8)
    with gandiag.attach(loop.generator, loop.discriminator, on_alarm="ignore") as monitor:
        for _ in range(10):
            fake = loop.generator(torch.randn(16, 5))
            both[:16], both[16:] = torch.randn(16, 8), fake.detach()
            loop.discriminator_optimizer.zero_grad()
            softplus(loop.discriminator(both)).mean().backward()
            loop.discriminator_optimizer.step()
            loop.generator_optimizer.zero_grad()
            softplus(-loop.discriminator(fake)).mean().backward()
            loop.generator_optimizer.step()
    assert monitor.recording.signal["logit_real"].isna().all()


def test_patches_are_the_judgement_and_not_the_fewer_classes_beside_them():
    patches, classes = torch.zeros(4, 1, 3, 3), torch.ones(4, 3)
    assert logits_in((patches, classes)) is patches
    assert logits_in((torch.zeros(4, 1), classes)).shape == (4, 1)
    assert logits_in((torch.zeros(4, 64), classes)) is classes


def followed_iterations(iterations, through_numpy, steps_of_discriminator):
    """How many of so many iterations had their operations followed, which costs time."""
    torch.manual_seed(0)
    generator, discriminator = torch.nn.Linear(4, 2), torch.nn.Linear(2, 1)
    optimizers = {one: torch.optim.SGD(one.parameters(), 0.01) for one in (generator, discriminator)}
    followed = 0
    with gandiag.attach(generator, discriminator, every=10_000) as monitor:
        for iteration in range(iterations):
            if iteration % steps_of_discriminator == 0:
                fake = generator(torch.randn(8, 4)).detach()
                fake = torch.from_numpy(fake.numpy().copy()) if through_numpy else fake
                optimizers[discriminator].zero_grad()
                (discriminator(fake).mean() - discriminator(torch.randn(8, 2)).mean()).backward()
                optimizers[discriminator].step()
            optimizers[generator].zero_grad()
            discriminator(generator(torch.randn(8, 4))).mean().backward()
            optimizers[generator].step()
            followed += monitor._observer._provenance.on
    return followed


def test_a_rare_discriminator_is_no_puzzle():
    assert followed_iterations(200, through_numpy=False, steps_of_discriminator=10) <= 4


def test_puzzling_calls_are_not_followed_for_ever():
    assert 20 <= followed_iterations(200, through_numpy=True, steps_of_discriminator=1) <= 100


def beside_a_condition(disguise) -> gandiag.Monitor:
    """A discriminator that is shown a condition and a sample in one tensor."""
    torch.manual_seed(0)
    generator, discriminator = nn.Linear(6, 4), nn.Linear(7, 1)
    optimizers = [torch.optim.Adam(m.parameters(), 1e-3) for m in (generator, discriminator)]
    with gandiag.attach(generator, discriminator, every=10) as monitor:
        for _ in range(60):
            condition, real, noise = torch.zeros(16, 3), torch.rand(16, 4) + 1, torch.randn(16, 6)
            optimizers[1].zero_grad()
            fake = disguise(generator(noise))
            judged = [discriminator(torch.cat([condition, one], 1)) for one in (real, fake.detach())]
            (softplus(-judged[0]) + softplus(judged[1])).mean().backward()
            optimizers[1].step()
            optimizers[0].zero_grad()
            softplus(-discriminator(torch.cat([condition, fake], 1))).mean().backward()
            optimizers[0].step()
    return monitor


def test_real_samples_beside_a_condition_are_taken_without_it():
    monitor = beside_a_condition(lambda fake: fake)
    kept = torch.cat(monitor._observer.real_samples(()))
    assert kept.shape[1:] == (4,)
    assert bool((kept >= 1).all())
    assert monitor.recording.probes["diversity"].notna().all()


def test_real_samples_that_cannot_be_found_beside_a_condition_are_no_yardstick():
    monitor = beside_a_condition(lambda fake: fake + 0.1 * torch.randn_like(fake))
    assert "diversity" not in monitor.recording.probes
    assert "are not of the size" in monitor.recording.meta["abstentions"]["probes.diversity"]


def test_real_samples_that_are_all_the_same_are_no_yardstick():
    prober = Prober({}, None, None, torch.device("cpu"), Recorder())
    assert prober.reference_from(torch.ones(100, 8)) is None
    assert prober.reference_from(torch.randn(100, 8)) is not None
