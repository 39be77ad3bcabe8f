"""The discriminator's say in the generator's gradient, against closed forms and against autograd's own parts."""

import math

import pytest
import torch
from torch import nn
from torch.nn.functional import l1_loss, mse_loss

import gandiag

BATCH, SIZE, WEIGHT = 16, 12, 3.0


class Player(nn.Module):
    """A linear map whose weights are known; the discriminator's, 1 for each number."""

    def __init__(self, outputs: int, inputs: int = SIZE) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(outputs, inputs))

    def forward(self, x):
        return x @ self.weight.T


def to_discriminator(fake: torch.Tensor, way: str) -> torch.Tensor:
    """Ways that samples take to the discriminator; none of them changes the norm of what comes back."""
    if way == "beside a condition":
        return torch.cat([torch.zeros_like(fake), fake], dim=1)
    return {
        "as they are": fake,
        "noisy": fake + 0.1 * torch.randn_like(fake),
        "reshaped": fake.view(BATCH, 3, -1).flip(1).flatten(1),
    }[way]


def shares(way: str = "as they are", pixel_weight: float = WEIGHT, apart: bool = False, detached: bool = True):
    """Train with a Wasserstein loss and L1 against a target that is far off, so that its sign is known."""
    generator, discriminator = Player(SIZE), Player(1, 2 * SIZE if way == "beside a condition" else SIZE)
    optimizers = [torch.optim.SGD(module.parameters(), lr=1e-6) for module in (generator, discriminator)]
    with gandiag.attach(generator, discriminator, on_alarm="ignore") as monitor:
        for _ in range(110):
            torch.manual_seed(1)
            fake = generator(torch.rand(BATCH, SIZE))
            optimizers[1].zero_grad()
            shown = to_discriminator(fake, way)
            real = to_discriminator(torch.rand(BATCH, SIZE), way)
            judged = discriminator(shown.detach() if detached else shown)
            (judged.mean() - discriminator(real).mean()).backward(retain_graph=not detached)
            optimizers[1].step()
            optimizers[0].zero_grad()
            adversarial = -discriminator(to_discriminator(fake, way)).mean()
            pixels = pixel_weight * l1_loss(fake, torch.full_like(fake, 1e3))
            if apart:
                adversarial.backward(retain_graph=True)
                pixels.backward()
            else:
                (adversarial + pixels).backward()
            optimizers[0].step()
    return monitor.recording.series("signal.adversarial_share[G]")


# Of one sample, the discriminator sends √d / n, and L1 sends weight · √d / (d n).
EXPECTED = 1 / (1 + WEIGHT / SIZE)


@pytest.mark.parametrize("way", ["as they are", "noisy", "beside a condition", "reshaped"])
@pytest.mark.parametrize("apart", [False, True], ids=["one backward pass", "a pass for each term"])
def test_the_share_is_that_of_the_closed_form(way, apart):
    found = shares(way, apart=apart)
    assert found.to_numpy() == pytest.approx(EXPECTED, rel=1e-3)


def test_it_is_looked_at_in_few_iterations():
    assert shares().index.tolist() == [0, 1, 2, 3, 50, 100]


def test_it_is_one_where_there_is_nothing_else():
    assert (shares(pixel_weight=0) == 1).all()


def test_what_the_discriminators_own_loss_sent_into_the_samples_does_not_count():
    assert shares(detached=False).to_numpy() == pytest.approx(EXPECTED, rel=1e-3)


def test_two_translators_with_cycles_and_identities_each_have_their_own_share():
    torch.manual_seed(0)
    there, back = nn.Linear(SIZE, SIZE), nn.Linear(SIZE, SIZE)
    judges = {"a": nn.Linear(SIZE, 1), "b": nn.Sequential(nn.Linear(SIZE, 6), nn.Tanh(), nn.Linear(6, 1))}
    both = torch.optim.Adam([*there.parameters(), *back.parameters()], lr=1e-3)
    critics = torch.optim.Adam([p for judge in judges.values() for p in judge.parameters()], lr=1e-3)
    expected: dict[str, list[float]] = {"G.there": [], "G.back": []}
    with gandiag.attach({"there": there, "back": back}, judges, on_alarm="ignore") as monitor:
        for _ in range(4):
            a, b = torch.randn(BATCH, SIZE), torch.rand(BATCH, SIZE)
            same = l1_loss(back(a), a) + l1_loss(there(b), b)
            fake_b, fake_a = there(a), back(b)
            adversarial = mse_loss(judges["b"](fake_b), torch.ones(BATCH, 1)) + mse_loss(
                judges["a"](fake_a), torch.ones(BATCH, 1)
            )
            rest = 10 * (l1_loss(back(fake_b), a) + l1_loss(there(fake_a), b)) + same
            for name, fake in (("G.there", fake_b), ("G.back", fake_a)):
                parts = [
                    torch.autograd.grad(term, fake, retain_graph=True)[0].norm(dim=1) for term in (adversarial, rest)
                ]
                expected[name].append(float((parts[0] / (parts[0] + parts[1])).median()))
            both.zero_grad()
            (adversarial + rest).backward()
            both.step()
            critics.zero_grad()
            for judge, real, fake in ((judges["a"], a, fake_a), (judges["b"], b, fake_b)):
                (
                    mse_loss(judge(real), torch.ones(BATCH, 1)) + mse_loss(judge(fake.detach()), torch.zeros(BATCH, 1))
                ).backward()
            critics.step()
    for name, values in expected.items():
        assert monitor.recording.series(f"signal.adversarial_share[{name}]").to_numpy() == pytest.approx(
            values, rel=1e-4
        )


def test_where_no_discriminator_sends_anything_it_is_not_said():
    """The discriminator's own call is seen, but the generator pays for pixels alone."""
    generator, discriminator = Player(SIZE), Player(1)
    optimizers = [torch.optim.SGD(module.parameters(), lr=1e-6) for module in (generator, discriminator)]
    with gandiag.attach(generator, discriminator) as monitor:
        for _ in range(6):
            fake = generator(torch.rand(BATCH, SIZE))
            optimizers[1].zero_grad()
            (discriminator(fake.detach()).mean() - discriminator(torch.rand(BATCH, SIZE)).mean()).backward()
            optimizers[1].step()
            optimizers[0].zero_grad()
            l1_loss(fake, torch.ones_like(fake)).backward()
            optimizers[0].step()
    recording = monitor.recording
    assert math.isnan(recording.signal["adversarial_share"].max())
    assert "no gradient was seen" in recording.meta["abstentions"]["signal.adversarial_share"]
