"""What to do about each kind of failure, the most promising first, with the evidence that it helps."""

from types import MappingProxyType

from gandiag.detect.finding import Remedy

_R1 = "Add R1 to the discriminator: gandiag.regularizers.r1(discriminator, real), strength 1 to 10"
_TTUR = "Give both players learning rates nearer to each other, and one step each"

REMEDIES = MappingProxyType(
    {
        "saturated_discriminator": (
            Remedy(
                _R1,
                "bounds the discriminator's slope, so that it cannot become certain (Mescheder et al. 2018); mended 10 "
                "of 10 runs with γ = 10, on digits and MNIST (reports/settings)",
            ),
            Remedy(
                "Train the generator with the non-saturating loss, −log D(G(z)), instead of log(1 − D(G(z)))",
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
                "Use LeakyReLU in the discriminator instead of ReLU",
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
                "Put batch normalisation into the generator, but not at its output",
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
                "Put batch normalisation into the generator",
                "ties the samples of a batch to different values (Radford et al. 2016)",
            ),
            Remedy(
                "Show the discriminator several samples at once (packing)",
                "a batch of equal samples is then easily told from real ones (PacGAN, Lin et al. 2018)",
            ),
        ),
        "cycling": (
            Remedy(
                _TTUR,
                "the discriminator must forget each mode before the generator leaves it: a faster one closes the loop",
            ),
            Remedy(
                "Show the discriminator several samples at once (packing)",
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
                "Show the discriminator several samples at once (packing)",
                "stacked MNIST: 79 to 1000 modes (PacGAN, Lin et al. 2018, Table 2)",
            ),
        ),
        "divergence": (
            Remedy(
                "Constrain the critic: gandiag.regularizers.wgan_gp(discriminator, real, fake), strength 10",
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
    }
)


def remedies_for(kind: str) -> tuple[Remedy, ...]:
    """The remedies of one kind of failure, the most promising first."""
    return REMEDIES[kind]
