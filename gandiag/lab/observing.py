"""The oracle at a run: some forty measurements of the generator that no detector may read."""

import math
from dataclasses import replace

import pandas as pd
import torch
from torch import Tensor

from gandiag import regularizers
from gandiag.data import Dataset
from gandiag.lab.eye import Seen, look, pairwise_distance, sliced_distance, within_class_distance
from gandiag.losses import get_loss
from gandiag.metrics import class_shares, entropy
from gandiag.training import Players, TrainingConfig
from gandiag.training.loop import batch
from gandiag.training.players import build_players

SNAPSHOTS = 40
SAMPLES = {True: 1000, False: 400}  # of points, of images
PRESENT_SHARE = 0.1
DISPLACEMENT = 0.1
REVIVAL_WARM_UP, REVIVAL_STEPS = 50, 150
STILL_ENOUGH_TO_REVIVE = 0.03


class Observer:
    """Called after each generator step; measures at some forty of them, and never touches players or random states.

    Args:
        config: The run.
        dataset: Its data.
    """

    def __init__(self, config: TrainingConfig, dataset: Dataset) -> None:
        self.config, self.dataset = config, dataset
        self.rows: list[dict[str, float | str]] = []
        random = torch.Generator().manual_seed(config.seed + 10_000)
        count = SAMPLES[dataset.mixture is not None]
        chosen = torch.randint(len(dataset), (2 * count,), generator=random)
        self.real = dataset.samples[chosen[:count]]
        self.truth, other = look(self.real, dataset), look(dataset.samples[chosen[count:]], dataset)
        self.scale = pairwise_distance(self.truth.features)
        self.floor = sliced_distance(self.truth.features, other.features) / self.scale
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed + 20_000)
            self.replica = build_players(config, dataset.sample_shape, torch.device("cpu"))
            self.noise = self.replica.noise(count)
        displacement = torch.randn(self.real.shape, generator=random)
        length = DISPLACEMENT * pairwise_distance(self.real.flatten(1)) / math.sqrt(displacement[0].numel())
        self.displacement = length * displacement
        self.replica.generator.eval(), self.replica.discriminator.eval()
        self.every = max(1, config.iterations // SNAPSHOTS)
        self._last: Seen | None = None

    def __call__(self, iteration: int, players: Players) -> None:
        """Measure, if it is time."""
        if iteration % self.every == 0:
            self._copy(players)
            self.rows.append({"phase": "training", "iteration": iteration, **self.measure()})

    def _copy(self, players: Players) -> None:
        # The players themselves carry the monitor's hooks.
        self.replica.generator.load_state_dict(players.generator.state_dict())
        self.replica.discriminator.load_state_dict(players.discriminator.state_dict())

    @torch.no_grad()
    def measure(self) -> dict[str, float]:
        """One row on the replica's present state."""
        samples = self.replica.generator(self.noise)
        row = {"finite_share": float(torch.isfinite(samples).flatten(1).all(dim=1).double().mean())}
        for letter, module in (("g", self.replica.generator), ("d", self.replica.discriminator)):
            squares = sum(float(p.double().square().sum()) for p in module.parameters())
            row[f"weight_norm_{letter}"] = math.sqrt(squares)
        if row["finite_share"] < 1:
            self._last = None
            return row
        logits = [self.replica.discriminator(part).flatten() for part in (self.real, samples)]
        row |= {"logit_spread": float(torch.cat(logits).std()), "logit_gap": float(logits[0].mean() - logits[1].mean())}
        row |= {"accuracy": separation(*logits), "logit_size": float(torch.cat(logits).abs().mean())}
        row["response"] = self._response(samples, logits[1])
        seen = look(samples, self.dataset)
        row |= self._outcome(seen)
        if self._last is not None:
            moved = (seen.features - self._last.features).norm(dim=1).mean() / self.scale
            row |= {"moved": float(moved), "flipped": float((seen.classes != self._last.classes).double().mean())}
        self._last = seen
        return row

    def _response(self, samples: Tensor, logits: Tensor) -> float:
        """Median change of a sample's logit when the sample is displaced by a tenth of the data's own scale."""
        displacement = self.displacement[: len(samples)]
        return float((self.replica.discriminator(samples + displacement).flatten() - logits).abs().median())

    def _outcome(self, seen: Seen) -> dict[str, float]:
        """Coverage, spread, quality and distance, each relative to as many real samples."""
        kinds = int(max(seen.classes.max(), self.truth.classes.max())) + 1
        real, fake = (class_shares(one.classes, kinds) for one in (self.truth, seen))
        # Of a thousand modes most have fewer than one sample in it: then each shown at all counts.
        least = PRESENT_SHARE * real if kinds <= 100 else torch.full_like(real, 0.5 / len(seen.classes))
        known = torch.where(real > 0, real, 1e-3)
        shown = fake > 0
        within = within_class_distance(self.truth, real.nonzero().flatten()) if kinds <= 100 else math.nan
        within_fake = within_class_distance(seen, fake.nonzero().flatten()) if kinds <= 100 else math.nan
        present = (fake >= least) & ((real > 0) | (kinds > 100)) & shown
        return {
            "coverage": float(present.sum()) / float((real > 0).sum()),
            "evenness": math.exp(entropy(fake) - entropy(real)),
            "kl": float((fake[shown] * (fake[shown] / known[shown]).log()).sum()),
            "top_class": float(fake.argmax()),
            "top_share": float(fake.max()),
            "spread": pairwise_distance(seen.features) / self.scale,
            "within_spread": within_fake / within,
            "quality": seen.quality / self.truth.quality,
            "distance": sliced_distance(self.truth.features, seen.features) / self.scale,
            "floor": self.floor,
        }

    def finish(self, players: Players) -> pd.DataFrame:
        """All rows; where the generator had come to rest, also those of an attempt to bring it back to life."""
        moved = [row.get("moved", math.nan) for row in self.rows][-SNAPSHOTS // 3 :]
        known = sorted(float(value) for value in moved if not math.isnan(float(value)))
        if known and known[len(known) // 2] < STILL_ENOUGH_TO_REVIVE:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(self.config.seed + 30_000)
                self.rows.append({"phase": "pushed", "iteration": self.config.iterations, **self._push(players)})
        return pd.DataFrame(self.rows)

    def _push(self, players: Players) -> dict[str, float]:
        """Train on with a fresh discriminator, the non-saturating loss, R1 and Adam: another teacher.

        How far that moves the samples, and how near the data, tells whether it was the teacher that failed.
        """
        config = replace(
            self.config,
            loss="non_saturating",
            regularizer="r1",
            strength=0.1,
            optimizer_generator="adam",
            optimizer_discriminator="adam",
            beta1=0.5,
            learning_rate_generator=1e-3,
            learning_rate_discriminator=1e-3,
        )
        fresh = build_players(config, self.dataset.sample_shape, torch.device("cpu"))
        fresh.generator.load_state_dict(players.generator.state_dict())
        loss = get_loss(config.loss)
        for step in range(REVIVAL_WARM_UP + REVIVAL_STEPS):
            real, fake = batch(self.dataset, 64), fresh.generator(fresh.noise(64))
            objective = loss.discriminator(fresh.discriminator(real), fresh.discriminator(fake.detach()))
            objective = objective + config.strength * regularizers.r1(fresh.discriminator, real)
            _step(fresh.discriminator_optimizer, objective)
            if step >= REVIVAL_WARM_UP:
                _step(fresh.generator_optimizer, loss.generator(fresh.discriminator(fake)))
        self.replica.generator.load_state_dict(fresh.generator.state_dict())
        return self.measure()


def separation(real: Tensor, fake: Tensor) -> float:
    """Share of samples on the right side of the midpoint of the two mean logits."""
    middle = (real.mean() + fake.mean()) / 2
    return float(((real > middle).double().mean() + (fake < middle).double().mean()) / 2)


def _step(optimizer: torch.optim.Optimizer, objective: Tensor) -> None:
    optimizer.zero_grad(set_to_none=True)
    objective.backward()
    optimizer.step()
