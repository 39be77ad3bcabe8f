"""Which remedy mends which failure?

Recipes that fail for a known reason, on mixtures and on digits, times every remedy, with five paired seeds: the share
of runs that a remedy turns healthy, with its interval, and what it costs. A setting's baseline is its recipe as it is,
and the kind of its failure is what each of its runs was judged to have, whatever was expected.

    python studies/remedies.py --workers 2                              (can be killed, and goes on where it was)
    python studies/remedies.py --smoke

`studies/advice.py` makes the package's advice of its results.
"""

import dataclasses

from gandiag.cli.study import run_as_script
from gandiag.lab.catalogue import SCENARIOS
from gandiag.nets.catalogue import MODELS
from gandiag.study import Setting, Study, across, distinct, named
from gandiag.training import TrainingConfig

FAILING = [  # of the calibration half; none whose settings change on the way, and none of one parameter
    scenario
    for scenario in SCENARIOS.values()
    if scenario.expected != "healthy"
    and scenario.split == "calibration"
    and not scenario.changes
    and scenario.config.dataset != "dirac"
]
REMEDIES: dict[str, Setting] = {
    "none": {},
    "weight decay 1e-3": {"regularizer": "weight_decay", "strength": 1e-3},
    "weight clipping 0.1": {"regularizer": "weight_clipping", "strength": 0.1},
    "spectral normalisation": {"regularizer": "spectral_norm", "strength": 0.0},
    "layer normalisation in D": {"regularizer": "layer_norm", "strength": 0.0},
    "R1 1": {"regularizer": "r1", "strength": 1.0},
    "R1 10": {"regularizer": "r1", "strength": 10.0},
    "R2 10": {"regularizer": "r2", "strength": 10.0},
    "R1 + R2 1": {"regularizer": "r1_r2", "strength": 1.0},
    "WGAN-GP 1": {"regularizer": "wgan_gp", "strength": 1.0},
    "DRAGAN 1": {"regularizer": "dragan", "strength": 1.0},
    "LeCam 0.1": {"regularizer": "lecam", "strength": 0.1},
    "consensus optimisation 0.1": {"regularizer": "consensus", "strength": 0.1},
    "dropout 0.3": {"regularizer": "dropout", "strength": 0.3},
    "label smoothing 0.1": {"regularizer": "label_smoothing", "strength": 0.1},
    "instance noise 0.1": {"regularizer": "instance_noise", "strength": 0.1},
    "non-saturating loss": {"loss": "non_saturating"},
    "least-squares loss": {"loss": "least_squares"},
    "hinge loss": {"loss": "hinge"},
    "Wasserstein loss, WGAN-GP 10": {"loss": "wasserstein", "regularizer": "wgan_gp", "strength": 10.0},
    "relativistic loss, R1 + R2": {"loss": "relativistic_paired", "regularizer": "r1_r2", "strength": 0.5},
    "minibatch deviation": {"anti_collapse": "minibatch_std"},
    "PacGAN 2": {"anti_collapse": "pacgan2"},
    "PacGAN 4": {"anti_collapse": "pacgan4"},
    "unrolled 5": {"anti_collapse": "unrolled5"},
    "one step each, equal rates": {"n_critic": 1, "n_generator": 1, "learning_rate_discriminator": 1e-3,
                                   "learning_rate_generator": 1e-3, "optimizer_generator": "adam"},
    "one step each, D's rate four times G's": {"n_critic": 1, "n_generator": 1, "learning_rate_discriminator": 4e-4,
                                               "learning_rate_generator": 1e-4, "optimizer_generator": "adam"},
    "β1 0": {"beta1": 0.0},
}  # fmt: skip
ACTIVATIONS: dict[str, dict[str, Setting]] = {  # by the model that has others; mlp_sigmoid with ReLU is ring-deep
    "mlp_relu_discriminator": {"LeakyReLU for ReLU in D": {"model": "mlp"}},
    "lecture_sigmoid": {"LeakyReLU for sigmoids in G": {"model": "lecture_deep"}},
}


def fitting(config: TrainingConfig) -> dict[str, Setting]:
    """The remedies that add something to a recipe: none that would take its own regulariser away."""
    restrained = config.regularizer != "none"
    labels = config.loss in ("minimax", "non_saturating")
    found = {
        name: remedy
        for name, remedy in REMEDIES.items()
        if (not restrained or remedy.get("regularizer", config.regularizer) == config.regularizer)
        and (labels or remedy.get("regularizer") != "label_smoothing")
    }
    other = f"{config.model}_batch_norm"
    if other in MODELS:
        found["batch normalisation in G"] = {"model": other}
    return found | ACTIVATIONS.get(config.model, {})


def told_apart(config: TrainingConfig) -> dict[str, object]:
    """What sets a recipe apart from the defaults."""
    fields = [field for field in dataclasses.fields(config) if field.name != "seed"]
    return {field.name: getattr(config, field.name) for field in fields if getattr(config, field.name) != field.default}


STUDY = Study(
    name="remedies",
    question="Which remedy mends which failure, how often, and at what cost?",
    base=TrainingConfig(),
    grid=distinct(
        tuple(
            setting
            for scenario in FAILING
            for setting in across(
                named("expected", {str(scenario.kind): told_apart(scenario.config)}),
                named("recipe", {scenario.name: {}}),
                named("remedy", fitting(scenario.config)),
            )
        )
    ),
    baseline={"remedy": "none"},
    matrix=("kind", "remedy"),
    seeds=5,
    measures=("energy", "fid_judge", "diversity"),
)

if __name__ == "__main__":
    run_as_script(STUDY)
