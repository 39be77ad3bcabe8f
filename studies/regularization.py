"""Which loss and which regulariser of the discriminator keep the lecture's GAN from failing, and at what strength?

Six losses times every regulariser, most at three strengths, on the lecture's fully connected GAN, with five paired
seeds. Each setting is compared with its loss without a regulariser, seed by seed.

    python studies/regularization.py --workers 2                       (digits; can be killed, and goes on where it was)
    python studies/regularization.py --workers 2 --dataset mnist --data-dir DIR --out runs/studies/regularization-mnist
    python studies/regularization.py --smoke
"""

from gandiag.cli.study import run_as_script
from gandiag.study import Study, across, listed, product
from gandiag.training import TrainingConfig

LOSSES = product(
    loss=["minimax", "non_saturating", "least_squares", "hinge", "wasserstein", "relativistic_paired"],
)
NONE = {"regularizer": "none", "strength": 0.0}
STRENGTHS = {
    "weight_decay": [1e-4, 1e-3, 1e-2],
    "weight_clipping": [0.01, 0.03, 0.1],
    "r1": [0.1, 1.0, 10.0],
    "r2": [0.1, 1.0, 10.0],
    "r1_r2": [0.1, 1.0, 10.0],
    "wgan_gp": [0.1, 1.0, 10.0],
    "dragan": [0.1, 1.0, 10.0],
    "lecam": [0.01, 0.1, 0.3],
    "dropout": [0.1, 0.3, 0.5],
    "instance_noise": [0.05, 0.1, 0.3],
    "instance_noise_annealed": [0.1, 0.3, 1.0],
    "consensus": [0.01, 0.1, 1.0],
}
REGULARIZERS = listed(
    NONE,
    {"regularizer": "spectral_norm", "strength": 0.0},
    {"regularizer": "weight_norm", "strength": 0.0},
    *({"regularizer": name, "strength": strength} for name, strengths in STRENGTHS.items() for strength in strengths),
)
SMOOTHED = across(  # smoothed labels are a change of the cross-entropy
    product(loss=["minimax", "non_saturating"]),
    product(regularizer=["label_smoothing"], strength=[0.05, 0.1, 0.2]),
)

STUDY = Study(
    name="regularization",
    question="Which loss and which regulariser keep the lecture's GAN from failing, and at what strength?",
    base=TrainingConfig(
        dataset="digits",
        model="lecture",
        batch_size=32,
        learning_rate_generator=1e-3,
        learning_rate_discriminator=1e-3,
        iterations=1000,
        probe_every=50,
    ),
    grid=across(LOSSES, REGULARIZERS) + SMOOTHED,
    baseline=NONE,
    seeds=5,
    measures=("fid_judge", "coverage", "modes", "diversity"),
)

if __name__ == "__main__":
    run_as_script(STUDY)
