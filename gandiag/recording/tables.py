"""Names of the tables and columns, and the version of their layout on disk."""

SCHEMA_VERSION = 1

STEPS = (
    "iteration",
    "network",
    "grad_norm",
    "update_ratio",
    "gradients_finite",
    "loss_scale",
    "unclipped_norm",
    "real_norm",
    "fake_norm",
    "penalty_norm",
    "leaked_norm",
)
LAYERS = ("iteration", "network", "layer", "grad_norm")
SIGNAL = (
    "iteration",
    "network",
    "grad_norm",
    "head_gradient",
    "input_gradient",
    "logit_real",
    "logit_fake",
    "accuracy",
    "adversarial_share",
)
PROBES = (
    "iteration",
    "network",
    "samples",
    "finite_share",
    "diversity",
    "energy",
    "drift",
    "fid_judge",
    "modes",
    "entropy",
    "kl_to_real",
    "unsure_share",
    "flip_rate",
    "high_quality_share",
    "precision",
    "recall",
    "coverage",
    "duplicate_rate",
    "cluster_coverage",
    "label_fidelity",
    "label_information",
    "identity_distance",
    "content_kept",
    "cycle_error",
    "cycle_error_noised",
    "cycle_amplification",
)
"""``class_0`` … ``class_9`` and ``diversity_class_0`` … follow where a judge names classes, and ``sensitivity_0`` …,
``fidelity_class_0`` …, ``judged_as_class_0`` … where the generator is given labels or several inputs."""

TABLES = {"steps": STEPS, "layers": LAYERS, "signal": SIGNAL, "probes": PROBES}
