"""What restrains a discriminator, each usable from any training loop in one line.

Those that are layers of the discriminator are in :mod:`gandiag.nets`: spectral and weight normalisation, dropout,
instance noise.
"""

from gandiag.regularizers.game import consensus as consensus
from gandiag.regularizers.game import unrolled as unrolled
from gandiag.regularizers.gradients import dragan as dragan
from gandiag.regularizers.gradients import input_gradient as input_gradient
from gandiag.regularizers.gradients import r1 as r1
from gandiag.regularizers.gradients import r1_r2 as r1_r2
from gandiag.regularizers.gradients import r2 as r2
from gandiag.regularizers.gradients import wgan_gp as wgan_gp
from gandiag.regularizers.logits import LeCam as LeCam
from gandiag.regularizers.logits import label_smoothing as label_smoothing
from gandiag.regularizers.weights import clip_weights as clip_weights
