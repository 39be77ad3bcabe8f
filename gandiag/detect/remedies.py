"""What to do about each kind of failure, the most promising first, with the evidence that it helps."""

import csv
from functools import lru_cache
from importlib import resources
from types import MappingProxyType

from gandiag.detect.finding import Remedy

_R1 = "Add R1 to the discriminator: gandiag.regularizers.r1(discriminator, real), strength 1 to 10"
_TTUR = "Give both players learning rates nearer to each other, and one step each"
_NON_SATURATING = "Train the generator with the non-saturating loss, −log D(G(z)), instead of log(1 − D(G(z)))"
_BATCH_NORM = "Put batch normalisation into the generator"
_PACKING = "Show the discriminator several samples at once (packing)"
_LEAKY = "Use LeakyReLU in the discriminator instead of ReLU"
_CONSTRAIN = "Constrain the critic: gandiag.regularizers.wgan_gp(discriminator, real, fake), strength 1 to 10"

MEASURED = MappingProxyType(
    {
        "R1 10": _R1,
        "R1 1": _R1,
        "relativistic loss, R1 + R2": (
            "Train with the relativistic paired loss and gandiag.regularizers.r1_r2(discriminator, real, fake)"
        ),
        "one step each, equal rates": _TTUR,
        "non-saturating loss": _NON_SATURATING,
        "batch normalisation in G": _BATCH_NORM,
        "PacGAN 2": _PACKING,
        "WGAN-GP 1": _CONSTRAIN,
        "spectral normalisation": (
            "Normalise the discriminator's layers with torch.nn.utils.parametrizations.spectral_norm"
        ),
        "DRAGAN 1": "Add DRAGAN to the discriminator: gandiag.regularizers.dragan(discriminator, real), strength 1",
        "minibatch deviation": (
            "Show the discriminator the batch's standard deviation: gandiag.nets.with_minibatch_std(discriminator)"
        ),
        "least-squares loss": "Train both players with the least-squares loss",
        "hinge loss": "Train both players with the hinge loss",
        "dropout 0.3": "Put dropout of 0.3 into the discriminator",
        "instance noise 0.1": "Add noise with a standard deviation of 0.1 to the discriminator's inputs",
        "weight decay 1e-3": "Give the discriminator's weights a decay of 0.001",
        "β1 0": "Set Adam's β1 to 0 for both players",
        "R2 10": "Add R2 to the discriminator: gandiag.regularizers.r2(discriminator, fake), strength 10",
        "R1 + R2 1": "Add R1 and R2 to the discriminator: gandiag.regularizers.r1_r2(discriminator, real, fake)",
        "weight clipping 0.1": (
            "Clip the discriminator's weights after each of its steps: "
            "gandiag.regularizers.clip_weights(discriminator, 0.1)"
        ),
        "layer normalisation in D": (
            "Put layer normalisation into the discriminator: gandiag.regularizers.layer_normalised(discriminator)"
        ),
        "LeCam 0.1": "Add LeCam to the discriminator's loss: gandiag.regularizers.LeCam(), strength 0.1",
        "consensus optimisation 0.1": "Add gandiag.regularizers.consensus to both players' losses, strength 0.1",
        "label smoothing 0.1": (
            "Smooth the real labels: gandiag.regularizers.label_smoothing(real_logits), strength 0.1"
        ),
        "Wasserstein loss, WGAN-GP 10": (
            "Train with the Wasserstein loss and gandiag.regularizers.wgan_gp(discriminator, real, fake), strength 10"
        ),
        "PacGAN 4": _PACKING,
        "unrolled 5": "Let the generator look 5 steps of the discriminator ahead: gandiag.regularizers.unrolled",
        "one step each, D's rate four times G's": (
            "Give both players one step each, and the discriminator four times the generator's learning rate"
        ),
        "LeakyReLU for ReLU in D": _LEAKY,
        "LeakyReLU for sigmoids in G": "Use LeakyReLU in the generator instead of sigmoid",
    }
)
"""Remedies of the study ``studies/remedies.py`` → what to do."""
LEAST_TRIED, LEAST_MENDED = 3, 0.5
"""Failing runs, and the share of them, that a remedy must have mended to be advised before what the literature has."""

MOST_MEASURED = 3

REMEDIES = MappingProxyType(
    {
        "saturated_discriminator": (
            Remedy(
                _R1,
                "bounds the discriminator's slope, so that it cannot become certain (Mescheder et al. 2018); mended 10 "
                "of 10 runs with γ = 10, on digits and MNIST (reports/settings)",
            ),
            Remedy(
                _NON_SATURATING,
                "its gradient at a certain discriminator is −1 where the minimax loss has 0 (Goodfellow et al. 2014, "
                "Section 3)",
            ),
            Remedy(
                "Weaken the discriminator: fewer steps for each generator step, or a lower learning rate",
                "the bound on the generator's gradient shrinks with the discriminator's error (Arjovsky and Bottou "
                "2017, Theorem 2.4)",
            ),
        ),
        "dead_discriminator": (
            Remedy(
                _LEAKY,
                "a dead ReLU passes no gradient, a LeakyReLU always does (Radford et al. 2016)",
            ),
            Remedy(
                "Lower the discriminator's weight decay by a factor of 10 or more",
                "decay 0.1 kills every weight and looks like equilibrium: loss 2 ln 2, accuracy ½; 0.01 trains",
            ),
            Remedy(
                "Lower the discriminator's learning rate", "large steps push whole layers of units into their dead zone"
            ),
        ),
        "lost_in_depth": (
            Remedy(
                _BATCH_NORM,
                "keeps deep generators from sending all noise to one point (Radford et al. 2016)",
            ),
            Remedy("Use fewer layers or residual connections in the generator", "the gradient shrinks layer by layer"),
        ),
        "total": (
            Remedy(
                _TTUR,
                "a generator faster than its discriminator runs to the one sample that it likes best",
            ),
            Remedy(
                _BATCH_NORM,
                "ties the samples of a batch to different values (Radford et al. 2016)",
            ),
            Remedy(
                _PACKING,
                "a batch of equal samples is then easily told from real ones (PacGAN, Lin et al. 2018)",
            ),
        ),
        "cycling": (
            Remedy(
                _TTUR,
                "the discriminator must forget each mode before the generator leaves it: a faster one closes the loop",
            ),
            Remedy(
                _PACKING,
                "a batch of equal samples is then easily told from real ones (PacGAN, Lin et al. 2018)",
            ),
        ),
        "partial": (
            Remedy(
                "Train longer before judging, if the number of classes is still rising",
                "classes appear one after another; coverage is a late achievement",
            ),
            Remedy(
                _R1,
                "keeps a slope towards the classes that the generator leaves out (Mescheder et al. 2018)",
            ),
            Remedy(
                _PACKING,
                "stacked MNIST: 79 to 1000 modes (PacGAN, Lin et al. 2018, Table 2)",
            ),
        ),
        "within_class": (
            Remedy(
                "Show the discriminator several samples of the same class at once (packing)",
                "a batch of equal samples is then easily told from real ones (PacGAN, Lin et al. 2018)",
            ),
            Remedy(
                _R1,
                "a smooth discriminator leaves no single sample of a class that it likes best (Mescheder et al. 2018)",
            ),
            Remedy(
                "Give the noise more weight: feed it into later layers too, or lower a pixel loss's weight",
                "a generator to which the condition tells all ignores the noise (Isola et al. 2017, Section 3.2)",
            ),
        ),
        "divergence": (
            Remedy(
                _CONSTRAIN,
                "a Wasserstein critic must be Lipschitz (Gulrajani et al. 2017)",
            ),
            Remedy(_R1, "makes the equilibrium attracting (Mescheder et al. 2018, Theorem 4.1)"),
            Remedy("Lower both learning rates by a factor of 10 and Adam's β1 to 0.5 or 0", "Radford et al. 2016"),
        ),
        "oscillation": (
            Remedy(
                "Raise the discriminator's learning rate to the generator's or above",
                "a discriminator that lags behind lets the generator wander (Heusel et al. 2017)",
            ),
            Remedy(_R1, "damps the rotation around the equilibrium (Mescheder et al. 2018, Section 4)"),
        ),
        "stagnation": (
            Remedy("Raise the generator's learning rate, or train longer", "the samples move, but not far enough"),
            Remedy("Give the discriminator more capacity", "a generator learns only what its discriminator can tell"),
        ),
        "left_over_gradients": (
            Remedy(
                "Zero the discriminator's gradients right before its own backward pass",
                "the generator's backward pass fills them too, with the opposite aim",
            ),
        ),
        "missing_detach": (
            Remedy(
                "Give the discriminator's own loss detached samples: discriminator(fake.detach())",
                "the gradient that flows on into the generator is not wanted there",
            ),
        ),
        "foreign_parameters": (
            Remedy(
                "Give each player's optimizer the parameters of that player alone", "the players have opposite aims"
            ),
        ),
        "without_optimizer": (
            Remedy(
                "Pass these parameters to an optimizer, or freeze them with requires_grad_(False)", "they never move"
            ),
        ),
        "requires_grad_off": (
            Remedy(
                "Switch requires_grad on before the player's own loss, or leave these parameters out of its optimizer",
                "what asks for no gradient does not learn",
            ),
        ),
        "steps_without_gradient": (
            Remedy("Look whether the loss reaches this player before its optimizer steps", "a step without is none"),
        ),
        "trained_copy": (
            Remedy(
                "Give the optimizer the generator's own parameters, and update the copy by averaging under no_grad",
                "an average of the weights is none once it is trained itself",
            ),
        ),
        "joint_batch": (
            Remedy(
                "Call the discriminator on real and on generated samples apart, or use another normalisation in it",
                "batches of one kind each (Radford et al. 2016 and the practice since)",
            ),
        ),
        "n_critic": (
            Remedy("Look at the condition under which the generator steps", "it is not the one that was meant"),
        ),
        "skipped_steps": (
            Remedy(
                "Begin with a lower init_scale, keep the loss in float32, or use bfloat16, which needs no scaling",
                "a step that is left out teaches nothing",
            ),
        ),
        "double_sigmoid": (
            Remedy(
                "Remove the discriminator's sigmoid and keep BCEWithLogitsLoss, or keep it and use BCELoss",
                "the first is the more exact of the two",
            ),
        ),
        "labels_ignored": (
            Remedy(
                "Give the discriminator the label too, with real and with generated samples",
                "what the discriminator does not see, the generator need not heed (Mirza and Osindero 2014)",
            ),
            Remedy(
                "Show the label to the discriminator as a projection or as a class to be told",
                "a label that is only concatenated is easily overlooked (Miyato and Koyama 2018; Odena et al. 2017)",
            ),
        ),
        "labels_confused": (
            Remedy(
                "Look whether real labels and images belong together, and whether both players count the classes alike",
                "a generator shows what the data pairs with a label",
            ),
            Remedy(
                "Train longer, or show the label to the discriminator as a projection",
                "classes that look alike come apart late (Miyato and Koyama 2018)",
            ),
        ),
        "noise_ignored": (
            Remedy(
                "Feed the noise into several layers, or use dropout in the generator for it",
                "beside a strong condition, noise at the input alone is ignored (Isola et al. 2017, Section 3.2)",
            ),
            Remedy(
                "Reward different samples for different noise, as the mode-seeking loss does",
                "keeps the distance of samples in step with that of the noise (Mao et al. 2019)",
            ),
        ),
        "input_ignored": (
            Remedy(
                "Give the discriminator this input beside the sample",
                "what the discriminator does not see, the generator need not heed (Mirza and Osindero 2014)",
            ),
            Remedy("Look whether the input reaches the generator's layers", "nothing that it makes depends on it"),
        ),
        "discriminator_without_say": (
            Remedy(
                "Lower the weight of the other losses, or raise the adversarial one's, until its share is a tenth",
                "a pixel loss alone gives blurred means (Isola et al. 2017, Section 4.1)",
            ),
            Remedy(
                "Look whether the discriminator is saturated: the gradient that it sends may have died",
                "what it sends shrinks as it becomes certain (Arjovsky and Bottou 2017, Theorem 2.4)",
            ),
        ),
        "identity_mapping": (
            Remedy(
                "Lower the weights of the identity and the cycle loss, or begin without the identity loss",
                "both are 0 for a generator that changes nothing (Zhu et al. 2017, Sections 3.3 and 5.2)",
            ),
            Remedy(
                "Strengthen the discriminators, which alone ask for a change",
                "one that cannot tell the domains apart lets everything pass",
            ),
        ),
        "content_lost": (
            Remedy(
                "Lower or leave out the identity loss, where the domains differ in colour or brightness",
                "it asks a translator to leave bright what is bright (Zhu et al. 2017, Section 5.2)",
            ),
            Remedy(
                "Add or strengthen the cycle loss, and keep the generator shallow or give it skip connections",
                "nothing else ties a translation to what it was made of (Zhu et al. 2017, Section 3.2)",
            ),
        ),
        "hidden_information": (
            Remedy(
                "Add a little noise to the translation before it is translated back",
                "noise drowns what is hidden (Chu et al. 2017, Section 4; Bashkirova et al. 2019)",
            ),
            Remedy(
                "Lower the weight of the cycle loss as training goes on",
                "an exact reconstruction of what the other domain cannot show must be hidden in it (Chu et al. 2017)",
            ),
        ),
        "ranges_differ": (
            Remedy(
                "Scale the real samples to the generator's range: for tanh 2 x − 1, and x / 127.5 − 1 from bytes",
                "whatever tells real from generated at a glance, the discriminator uses",
            ),
        ),
    }
)


@lru_cache
def remedies_for(kind: str) -> tuple[Remedy, ...]:
    """The remedies of one kind of failure, the most promising first.

    Those that were measured to mend at least half of three or more failing runs come first, by the least share that the
    measurement leaves likely (the lower end of its interval: 9 of 10 before 3 of 3) and then by their cost. What the
    literature advises besides comes after, with what was measured of it, little as that may be.
    """
    measured, advised = _measured(kind), {remedy.action: remedy.reason for remedy in REMEDIES[kind]}
    first = [action for action, row in measured.items() if _helps(row)][:MOST_MEASURED]
    return tuple(
        Remedy(action, "; ".join(_reasons(action, advised, measured))) for action in dict.fromkeys([*first, *advised])
    )


def _measured(kind: str) -> dict[str, dict[str, str]]:
    """What to do → the best that was measured of it; the best first."""
    known = {remedy.action for remedy in REMEDIES[kind]}  # between equals, what the literature advises too
    rows = sorted(
        (row for row in _advice() if row["kind"] == kind),
        key=lambda row: (
            -float(row["share_low"]),
            MEASURED[row["remedy"]] not in known,
            float(row["cost"] or "inf"),
        ),
    )
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        found.setdefault(MEASURED[row["remedy"]], row)
    return found


def _helps(row: dict[str, str]) -> bool:
    tried, mended = int(row["tried"]), int(row["mended"])
    return tried >= LEAST_TRIED and mended >= LEAST_MENDED * tried


def _reasons(action: str, advised: dict[str, str], measured: dict[str, dict[str, str]]) -> list[str]:
    """Why to do it: what the literature says, and what was measured."""
    reasons = [advised[action]] if action in advised else []
    if action in measured:
        row = measured[action]
        cost = f" at {float(row['cost']):.1f} times the time" if row["cost"] else ""
        reasons.append(f"mended {row['mended']} of {row['tried']} such runs{cost} (reports/remedies)")
    return reasons


@lru_cache
def _advice() -> tuple[dict[str, str], ...]:
    """The table that ``studies/advice.py`` makes of the study of remedies."""
    text = resources.files("gandiag.detect").joinpath("advice.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))
