"""Which remedy against mode collapse finds how many modes?

The published protocol (modes covered, share of samples of high quality, KL of the modes to the real ones) on a ring of
8 and a grid of 25 Gaussians, for the plain GAN, PacGAN 2 and 4, unrolling, the minibatch's deviation, R1, and the
relativistic loss with R1 and R2, with five paired seeds. The generator's learning rate is four times the
discriminator's: with equal rates this small GAN finds all modes by itself, and nothing could be told apart.

    python studies/mode_collapse.py --workers 2                         (can be killed, and goes on where it was)
    python studies/mode_collapse.py --smoke
"""

from gandiag.cli.study import run_as_script
from gandiag.study import Study, across, named
from gandiag.training import TrainingConfig

DATA = {
    "ring": {"dataset": "ring", "model": "mlp"},
    "grid": {"dataset": "grid", "model": "mlp", "iterations": 4000},
}
METHODS = {
    "GAN": {},
    "PacGAN 2": {"anti_collapse": "pacgan2"},
    "PacGAN 4": {"anti_collapse": "pacgan4"},
    "unrolled 5": {"anti_collapse": "unrolled5"},
    "minibatch deviation": {"anti_collapse": "minibatch_std"},
    "R1": {"regularizer": "r1", "strength": 1.0},
    "RpGAN + R1 + R2": {"loss": "relativistic_paired", "regularizer": "r1_r2", "strength": 0.5},
}

STUDY = Study(
    name="mode_collapse",
    question="Which remedy against mode collapse finds how many modes?",
    base=TrainingConfig(
        batch_size=64, learning_rate_generator=2e-3, learning_rate_discriminator=5e-4, iterations=3000, probe_every=100
    ),
    grid=across(named("data", DATA), named("method", METHODS)),
    baseline={"method": "GAN"},
    seeds=5,
    measures=("modes", "high_quality_share", "kl_to_real", "diversity"),
    published=(
        "Published for ring and grid (PacGAN, Lin et al. 2018, Table 1; means of 10 trials after 400,000 steps on "
        "larger networks, so that what can be compared is the order): GAN 6.3 and 17.3 modes, PacGAN 2 7.9 and 23.8, "
        "PacGAN 4 7.8 and 24.8. Here, after 3,000 steps (4,000 on the grid), few samples lie within 3 standard "
        "deviations of a mode under any method: modes are found long before they are sharp."
    ),
)

if __name__ == "__main__":
    run_as_script(STUDY)
