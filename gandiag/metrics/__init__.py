"""Numbers from tensors: pure functions that know nothing of training."""

from gandiag.metrics.diversity import intra_class_distances as intra_class_distances
from gandiag.metrics.diversity import mean_pairwise_distance as mean_pairwise_distance
from gandiag.metrics.diversity import vendi_score as vendi_score
from gandiag.metrics.duplicates import Duplicates as Duplicates
from gandiag.metrics.duplicates import SupportEstimate as SupportEstimate
from gandiag.metrics.duplicates import duplicate_threshold as duplicate_threshold
from gandiag.metrics.duplicates import duplicates as duplicates
from gandiag.metrics.duplicates import support_size as support_size
from gandiag.metrics.frechet import ExtrapolatedDistance as ExtrapolatedDistance
from gandiag.metrics.frechet import FeatureMoments as FeatureMoments
from gandiag.metrics.frechet import FeatureStatistics as FeatureStatistics
from gandiag.metrics.frechet import feature_statistics as feature_statistics
from gandiag.metrics.frechet import frechet_distance as frechet_distance
from gandiag.metrics.frechet import frechet_distance_at_infinity as frechet_distance_at_infinity
from gandiag.metrics.frechet import frechet_standard_error as frechet_standard_error
from gandiag.metrics.kernel import KernelDistance as KernelDistance
from gandiag.metrics.kernel import KernelReference as KernelReference
from gandiag.metrics.kernel import gaussian_reference as gaussian_reference
from gandiag.metrics.kernel import kernel_inception_distance as kernel_inception_distance
from gandiag.metrics.kernel import maximum_mean_discrepancy as maximum_mean_discrepancy
from gandiag.metrics.kernel import polynomial_reference as polynomial_reference
from gandiag.metrics.memorisation import DiscriminatorGap as DiscriminatorGap
from gandiag.metrics.memorisation import Memorisation as Memorisation
from gandiag.metrics.memorisation import data_copying_score as data_copying_score
from gandiag.metrics.memorisation import discriminator_gap as discriminator_gap
from gandiag.metrics.memorisation import memorisation as memorisation
from gandiag.metrics.memorisation import memorisation_distance as memorisation_distance
from gandiag.metrics.memorisation import (
    memorisation_informed_frechet_distance as memorisation_informed_frechet_distance,
)
from gandiag.metrics.modes import class_shares as class_shares
from gandiag.metrics.modes import entropy as entropy
from gandiag.metrics.modes import kl_divergence as kl_divergence
from gandiag.metrics.modes import modes_present as modes_present
from gandiag.metrics.modes import unsure_share as unsure_share
from gandiag.metrics.neighbours import Neighbours as Neighbours
from gandiag.metrics.neighbours import nearest_neighbours as nearest_neighbours
from gandiag.metrics.null import Null as Null
from gandiag.metrics.null import split_null as split_null
from gandiag.metrics.prdc import PRDC as PRDC
from gandiag.metrics.prdc import RealManifold as RealManifold
from gandiag.metrics.prdc import expected_coverage as expected_coverage
from gandiag.metrics.prdc import prdc as prdc
from gandiag.metrics.prdc import real_manifold as real_manifold
