"""Small recordings made by hand, one for each verdict, and diagnoses of them as a detector would give."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gandiag.detect.finding import Diagnosis, Evidence, Failure, Finding, Remedy, Status, Verdict
from gandiag.recording import Recording
from gandiag.report import write_report

STEPS = 2000
SIGNAL_SOURCE = "Arjovsky & Bottou 2017, Theorem 2.4; measured on 40 healthy runs"
DIVERSITY_SOURCE = "measured: the 1st percentile of 60 healthy runs"
DRIFT_SOURCE = "Mescheder et al. 2018, section 2"


@dataclass(frozen=True)
class Run:
    """A recording and its diagnosis."""

    recording: Recording
    diagnosis: Diagnosis


def noisy(rng: np.random.Generator, level: np.ndarray, noise: float = 0.35) -> np.ndarray:
    """Positive values about ``level``, with multiplicative noise."""
    return np.asarray(level * np.exp(noise * rng.standard_normal(len(level))))


def step_table(rng: np.random.Generator, levels: dict[str, np.ndarray]) -> pd.DataFrame:
    """One row a step and network, gradient norms about the levels."""
    parts = []
    for network, level in levels.items():
        norm = noisy(rng, level)
        parts.append(
            pd.DataFrame(
                {
                    "iteration": np.arange(len(level)),
                    "network": network,
                    "grad_norm": norm,
                    "update_ratio": 1e-3 * noisy(rng, np.ones(len(level))),
                    "gradients_finite": 1.0,
                    "loss_scale": np.nan,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def layer_table(rng: np.random.Generator, levels: dict[str, np.ndarray], depth: int = 5) -> pd.DataFrame:
    """Gradient norms of each layer of each network, every tenth step."""
    parts = []
    for network, level in levels.items():
        for layer in range(depth):
            every = level[::10] * 0.4 * 0.7**layer
            parts.append(
                pd.DataFrame(
                    {
                        "iteration": np.arange(len(level))[::10],
                        "network": network,
                        "layer": f"main.{3 * layer}",
                        "grad_norm": noisy(rng, every),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def signal_table(rng: np.random.Generator, level: np.ndarray, gap: np.ndarray) -> pd.DataFrame:
    """The learning signal as the product of its factors, and logits ``gap`` apart."""
    head = noisy(rng, 1 / (1 + np.exp(gap / 2)), 0.1)
    total = noisy(rng, level)
    return pd.DataFrame(
        {
            "iteration": np.arange(len(level)),
            "network": "G",
            "grad_norm": total,
            "head_gradient": head,
            "input_gradient": total / head,
            "logit_real": gap / 2 + 0.3 * rng.standard_normal(len(level)),
            "logit_fake": -gap / 2 + 0.3 * rng.standard_normal(len(level)),
            "accuracy": 1 / (1 + np.exp(-gap)),
        }
    )


def probe_table(diversity: np.ndarray, fid: np.ndarray, shares: np.ndarray | None = None) -> pd.DataFrame:
    """One row a probe, evenly spread over the run; ``shares`` has shape ``(probes, classes)``."""
    table = pd.DataFrame(
        {
            "iteration": np.linspace(0, STEPS - 1, len(diversity)).astype(int),
            "network": "G",
            "samples": 512.0,
            "diversity": diversity,
            "drift": 0.05,
            "fid_judge": fid,
        }
    )
    if shares is not None:
        table["modes"] = (shares > 0.01).sum(axis=1).astype(float)
        for index in range(shares.shape[1]):
            table[f"class_{index}"] = shares[:, index]
    return table


def digit_images(rng: np.random.Generator, kinds: np.ndarray, blur: float = 0.0) -> np.ndarray:
    """Pictures 28×28 of rings and strokes, one shape a kind; ``blur`` in [0, 1] turns them to noise."""
    y, x = np.mgrid[-1:1:28j, -1:1:28j]
    pictures = []
    for kind in kinds:
        angle = np.pi * (kind % 5) / 5 + 0.1 * rng.standard_normal()
        across = x * np.cos(angle) + y * np.sin(angle)
        along = -x * np.sin(angle) + y * np.cos(angle)
        radius = np.hypot(across * 1.4, along)
        ink = (
            np.exp(-(((radius - 0.6) / 0.14) ** 2))
            if kind % 2
            else np.exp(-((across / 0.15) ** 2)) * (abs(along) < 0.7)
        )
        pictures.append((1 - blur) * ink + blur * rng.random((28, 28)))
    return np.asarray(255 * np.clip(np.array(pictures), 0, 1), np.uint8)


def finding(failure: Failure, status: Status, reason: str, *evidence: Evidence, **more: object) -> Finding:
    return Finding(failure, status, reason, evidence=evidence, **more)  # type: ignore[arg-type]


def signal_evidence(value: float) -> Evidence:
    description = "generator's learning signal, median ‖∂L_G/∂fake‖ per sample"
    return Evidence("signal.grad_norm", description, value, "<", 1e-4, SIGNAL_SOURCE)


def accuracy_evidence(value: float) -> Evidence:
    return Evidence(
        "signal.accuracy", "discriminator's accuracy", value, ">", 0.99, "Goodfellow et al. 2014, section 3"
    )


def diversity_evidence(value: float) -> Evidence:
    description = "diversity of samples over that of real data"
    return Evidence("probes.diversity", description, value, "<", 0.3, DIVERSITY_SOURCE)


def modes_evidence(value: float) -> Evidence:
    return Evidence("probes.modes", "classes present among 10", value, "<", 8.0, DIVERSITY_SOURCE)


def norm_evidence(value: float) -> Evidence:
    return Evidence("steps.grad_norm[D]", "discriminator's gradient norm", value, ">", 50.0, DRIFT_SOURCE)


def passes(failure: Failure, *evidence: Evidence) -> Finding:
    return finding(failure, Status.PASS, "No sign of it in what was recorded.", *evidence)


META = {
    "schema_version": 1,
    "seed": 3,
    "configuration": {"loss": "minimax", "optimizer": {"name": "Adam", "lr": 0.0002, "betas": [0.5, 0.999]}},
    "versions": {"gandiag": "0.1.0", "python": "3.11.9", "torch": "2.8.0"},
    "abstentions": {"probes.flip_rate": "No fixed noise was fed to the generator, so images have no successors."},
}
POLICY = {
    "loss_family": "minimax",
    "learning_signal": {"value": 1e-4, "source": SIGNAL_SOURCE},
    "diversity": {"value": 0.3, "source": DIVERSITY_SOURCE},
}


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def healthy_run(rng: np.random.Generator) -> Run:
    time = np.arange(STEPS) / STEPS
    levels = {"D": 0.8 + 0.2 * time, "G": 1.6 - 0.4 * time}
    shares = rng.dirichlet(np.full(10, 60.0), 41)
    recording = Recording(
        step_table(rng, levels),
        layer_table(rng, levels),
        signal_table(rng, np.full(STEPS, 0.02), np.full(STEPS, 1.2)),
        probe_table(0.92 - 0.7 * np.exp(-np.arange(41) / 4), 6 + 90 * np.exp(-np.arange(41) / 6), shares),
        {at: digit_images(rng, rng.integers(0, 10, 64), blur) for at, blur in ((0, 1.0), (1000, 0.25), (1999, 0.05))},
        META,
    )
    findings = (
        passes(Failure.VANISHING_GRADIENTS, signal_evidence(0.021), accuracy_evidence(0.7685)),
        passes(Failure.MODE_COLLAPSE, diversity_evidence(0.91), modes_evidence(10.0)),
        passes(Failure.NON_CONVERGENCE, norm_evidence(0.97)),
    )
    return Run(recording, Diagnosis(Verdict.HEALTHY, findings, STEPS, POLICY))


def vanishing_run(rng: np.random.Generator) -> Run:
    fall = 10.0 ** (-1.5 - 5.5 * np.clip((np.arange(STEPS) - 500) / 700, 0, 1))
    gap = 2 + 7.3 * np.clip((np.arange(STEPS) - 300) / 900, 0, 1)
    levels = {"D": 1.0 + 0 * fall, "G": 30 * fall}
    recording = Recording(
        step_table(rng, levels),
        layer_table(rng, levels),
        signal_table(rng, fall, gap),
        probe_table(np.linspace(0.55, 0.24, 21), np.full(21, 120.0)),
        {at: digit_images(rng, rng.integers(0, 10, 64), 0.9) for at in (0, 500, 1000, 1500, 1999)},
        META,
    )
    main = finding(
        Failure.VANISHING_GRADIENTS,
        Status.FAIL,
        "The discriminator tells real from fake without fail, and its slope no longer reaches the generator.",
        signal_evidence(3.2e-7),
        accuracy_evidence(0.9999),
        Evidence("signal.missing", "share of dead units", float("nan"), ">", 0.5, "Lu et al. 2019"),
        kind="saturated_discriminator",
        onset=870,
        remedies=(
            Remedy("Use the non-saturating loss.", "Goodfellow et al. 2014: the same fixed point, stronger gradients."),
            Remedy(
                "Regularise the discriminator with R1, weight 10.",
                "Mescheder et al. 2018: converges where GANs do not.",
            ),
            Remedy("Add noise to the discriminator's inputs.", "Arjovsky & Bottou 2017: the supports then overlap."),
        ),
    )
    others = (
        finding(
            Failure.MODE_COLLAPSE,
            Status.WARN,
            "Samples are less diverse than they should be.",
            diversity_evidence(0.29),
        ),
        finding(Failure.NON_CONVERGENCE, Status.NOT_ENOUGH_DATA, "The run is too short to tell a trend from chance."),
    )
    return Run(recording, Diagnosis(Verdict.VANISHING_GRADIENTS, (main, *others), STEPS, POLICY))


def collapse_run(rng: np.random.Generator) -> Run:
    probes = np.arange(41)
    toward = np.clip((probes - 22) / 8, 0, 1)[:, None]
    shares = (1 - toward) * rng.dirichlet(np.full(10, 40.0), 41) + toward * np.eye(10)[[1]]
    levels = {"D": np.full(STEPS, 1.2), "G": np.linspace(1.0, 6.0, STEPS)}
    recording = Recording(
        step_table(rng, levels),
        layer_table(rng, levels),
        signal_table(rng, np.full(STEPS, 0.03), np.full(STEPS, 2.0)),
        probe_table(0.9 - 0.85 * toward[:, 0] + 0.02 * rng.random(41), 20 + 180 * toward[:, 0], shares),
        {
            0: digit_images(rng, rng.integers(0, 10, 64), 1.0),
            1000: digit_images(rng, rng.integers(0, 10, 64), 0.15),
            1200: digit_images(rng, rng.choice([1, 1, 3, 1, 5], 64), 0.1),
            1999: digit_images(rng, np.ones(64, int), 0.05),
        },
        META,
    )
    main = finding(
        Failure.MODE_COLLAPSE,
        Status.FAIL,
        "The generator makes one class only, whatever noise it is given.",
        diversity_evidence(0.0612),
        modes_evidence(1.0),
        kind="total",
        onset=1150,
        remedies=(Remedy("Regularise the discriminator with R1, weight 10.", "Mescheder et al. 2018."),),
    )
    others = (
        passes(Failure.VANISHING_GRADIENTS, signal_evidence(0.03), accuracy_evidence(0.8808)),
        passes(Failure.NON_CONVERGENCE, norm_evidence(1.2)),
    )
    return Run(recording, Diagnosis(Verdict.MODE_COLLAPSE, (main, *others), STEPS, POLICY))


def diverging_run(rng: np.random.Generator) -> Run:
    growth = 10.0 ** (3.5 * np.clip((np.arange(STEPS) - 900) / 1000, 0, 1))
    levels = {"D": growth, "G": 2 * growth}
    steps = step_table(rng, levels)
    steps.loc[(steps["iteration"] > 1950) & (steps["network"] == "D"), "grad_norm"] = np.inf
    recording = Recording(
        steps, signal=signal_table(rng, 0.02 * growth, np.full(STEPS, 1.0)), meta={**META, "abstentions": {}}
    )
    main = finding(
        Failure.NON_CONVERGENCE,
        Status.FAIL,
        "Gradients grow without bound.",
        norm_evidence(float("inf")),
        kind="divergence",
        onset=1304,
        remedies=(Remedy("Lower both learning rates tenfold.", "Mescheder et al. 2017."),),
    )
    others = (
        passes(Failure.VANISHING_GRADIENTS, signal_evidence(0.03)),
        finding(Failure.MODE_COLLAPSE, Status.NOT_ENOUGH_DATA, "The generator was never sampled."),
    )
    return Run(recording, Diagnosis(Verdict.NON_CONVERGENCE, (main, *others), STEPS, POLICY))


def points_run(rng: np.random.Generator) -> Run:
    angles = 2 * np.pi * np.arange(8) / 8
    centers = 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    clouds = {
        0: rng.standard_normal((500, 2)) * 0.3,
        1000: centers[rng.integers(0, 8, 500)] + 0.2 * rng.standard_normal((500, 2)),
        1999: centers[rng.integers(0, 8, 500)] + 0.05 * rng.standard_normal((500, 2)),
    }
    run = healthy_run(rng)
    samples = {at: cloud.astype(np.float32) for at, cloud in clouds.items()}
    probes = run.recording.probes[["iteration", "network", "samples", "diversity"]]
    recording = Recording(run.recording.steps, run.recording.layers, run.recording.signal, probes, samples, META)
    return Run(recording, run.diagnosis)


def empty_run(rng: np.random.Generator) -> Run:
    findings = tuple(
        finding(failure, Status.NOT_ENOUGH_DATA, "Nothing was recorded that could tell.", signal_evidence(float("nan")))
        for failure in Failure
    )
    return Run(Recording(), Diagnosis(Verdict.INSUFFICIENT_DATA, findings, 0, {}))


RUNS: dict[str, Callable[[np.random.Generator], Run]] = {
    "healthy": healthy_run,
    "vanishing": vanishing_run,
    "collapse": collapse_run,
    "diverging": diverging_run,
    "points": points_run,
    "empty": empty_run,
}


@pytest.fixture(scope="session")
def page_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The report on the run of that name, written once for all tests."""
    folder = tmp_path_factory.mktemp("pages")

    @lru_cache
    def write(name: str) -> Path:
        run = RUNS[name](np.random.default_rng(0))
        return write_report(run.recording, run.diagnosis, folder / f"{name}.html", title=f"The {name} run")

    return write


@pytest.fixture
def make_run(rng: np.random.Generator) -> Callable[[str], Run]:
    """Makes the run of that name."""
    return lambda name: RUNS[name](rng)
