"""Which loss and which regulariser of the discriminator keep the lecture's GAN from failing, and at what strength?

Six losses times every regulariser, most at three strengths, on the lecture's fully connected GAN, with five paired
seeds. Each setting is compared with its loss without a regulariser, seed by seed. All train with Adam as PyTorch sets
it, β1 = 0.9 and a step size of 1e-3, as a first script does: without a regulariser every loss fails there.

    python studies/regularization.py --workers 2                       (digits; can be killed, and goes on where it was)
    python studies/regularization.py --workers 2 --dataset mnist --data-dir DIR --out runs/studies/regularization-mnist
    python studies/regularization.py --smoke
"""

from gandiag.cli.study import run_as_script
from gandiag.study import Grid, Setting, Study, across, named
from gandiag.training import TrainingConfig

LOSSES = ["minimax", "non_saturating", "least_squares", "hinge", "wasserstein", "relativistic_paired"]
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
SMOOTHED = {"label_smoothing": [0.05, 0.1, 0.2]}  # a change of the cross-entropy, for no other loss
WITHOUT_STRENGTH = {
    name: {"regularizer": name, "strength": 0.0} for name in ("none", "spectral_norm", "weight_norm", "layer_norm")
}


def each(strengths: dict[str, list[float]]) -> dict[str, Setting]:
    """A regulariser's name with its strength → the setting."""
    return {
        f"{name} {strength:g}": {"regularizer": name, "strength": strength}
        for name, values in strengths.items()
        for strength in values
    }


def losses(names: list[str]) -> Grid:
    """Losses under their names."""
    return named("objective", {name: {"loss": name} for name in names})


STUDY = Study(
    name="regularization",
    question="Which loss and which regulariser keep the lecture's GAN from failing, and at what strength?",
    base=TrainingConfig(
        dataset="digits",
        model="lecture",
        batch_size=32,
        learning_rate_generator=1e-3,
        learning_rate_discriminator=1e-3,
        beta1=0.9,
        iterations=600,
        probe_every=30,
    ),
    grid=across(losses(LOSSES), named("regularization", WITHOUT_STRENGTH | each(STRENGTHS)))
    + across(losses(["minimax", "non_saturating"]), named("regularization", each(SMOOTHED))),
    baseline={"regularization": "none"},
    matrix=("objective", "regularization"),
    seeds=5,
    measures=("fid_judge", "coverage", "modes", "diversity"),
)

if __name__ == "__main__":
    run_as_script(STUDY)
