"""LeakyReLU or ReLU, and batch normalisation where?

The lecture's advice, measured: both activations, with batch normalisation nowhere, in the generator, in the
discriminator, or in both, at equal budget, under two losses, with five paired seeds. The baseline of each loss is the
lecture's own network: LeakyReLU, without batch normalisation.

    python studies/activations_and_batchnorm.py --workers 2            (digits; can be killed, and goes on where it was)
    python studies/activations_and_batchnorm.py --smoke
"""

from gandiag.cli.study import run_as_script
from gandiag.study import Study, across, named, product
from gandiag.training import TrainingConfig

NETWORKS = {
    "LeakyReLU": "lecture",
    "LeakyReLU, BN in G": "lecture_batch_norm",
    "LeakyReLU, BN in D": "lecture_batch_norm_discriminator",
    "LeakyReLU, BN in both": "lecture_batch_norm_both",
    "ReLU": "lecture_relu",
    "ReLU, BN in G": "lecture_relu_batch_norm",
    "ReLU, BN in D": "lecture_relu_batch_norm_discriminator",
    "ReLU, BN in both": "lecture_relu_batch_norm_both",
}

STUDY = Study(
    name="activations_and_batchnorm",
    question="LeakyReLU or ReLU, and batch normalisation in which player?",
    base=TrainingConfig(
        dataset="digits",
        batch_size=32,
        learning_rate_generator=1e-3,
        learning_rate_discriminator=1e-3,
        iterations=1000,
        probe_every=50,
    ),
    grid=across(
        named("objective", {loss["loss"]: loss for loss in product(loss=["minimax", "non_saturating"])}),
        named("network", {name: {"model": model} for name, model in NETWORKS.items()}),
    ),
    baseline={"network": "LeakyReLU"},
    seeds=5,
    measures=("fid_judge", "coverage", "modes", "diversity"),
)

if __name__ == "__main__":
    run_as_script(STUDY)
