"""What restrains a discriminator, each usable from any training loop in one line.

Terms to add to the discriminator's loss, times a strength:

- weight decay: ``weight_decay(discriminator)``
- R1: ``r1(discriminator, real)``
- R2: ``r2(discriminator, fake)``
- R1 + R2: ``r1_r2(discriminator, real, fake)``
- WGAN-GP: ``wgan_gp(discriminator, real, fake)``
- DRAGAN: ``dragan(discriminator, real)``
- LeCam: ``lecam = LeCam()`` once, then ``lecam(real_logits, fake_logits)``
- label smoothing: ``label_smoothing(real_logits)``
- consensus optimisation: ``consensus(generator_loss, discriminator_loss, generator, discriminator)``, for both players

After each step of the discriminator:

- weight clipping: ``clip_weights(discriminator, 0.01)``

Around or inside the discriminator, once before its optimizer is made:

- spectral normalisation: ``spectrally_normalised(discriminator)``
- weight normalisation: ``weight_normalised(discriminator)``
- layer normalisation: ``layer_normalised(discriminator)``
- dropout: ``with_dropout(discriminator, 0.3)``
- instance noise: ``nn.Sequential(InstanceNoise(0.1), discriminator)``
- the same, annealed: ``discriminator[0].anneal(iteration / iterations)`` in each iteration
- minibatch standard deviation: ``with_minibatch_std(discriminator)``
- PacGAN: ``Packed(discriminator, 2, real.shape[1:])``

In place of the discriminator, in the generator's step:

- unrolled: ``unrolled(discriminator, discriminator_loss, real, fake, 5, discriminator_optimizer)(fake)``

Examples:
    >>> import torch
    >>> discriminator = spectrally_normalised(torch.nn.Linear(2, 1))
    >>> real = torch.randn(8, 2)
    >>> penalty = r1(discriminator, real)  # half the squared norm of the only weight, 1
    >>> round(penalty.item(), 3)
    0.5
"""

from gandiag.regularizers.game import consensus as consensus
from gandiag.regularizers.game import unrolled as unrolled
from gandiag.regularizers.gradients import dragan as dragan
from gandiag.regularizers.gradients import input_gradient as input_gradient
from gandiag.regularizers.gradients import r1 as r1
from gandiag.regularizers.gradients import r1_r2 as r1_r2
from gandiag.regularizers.gradients import r2 as r2
from gandiag.regularizers.gradients import wgan_gp as wgan_gp
from gandiag.regularizers.layers import InstanceNoise as InstanceNoise
from gandiag.regularizers.layers import layer_normalised as layer_normalised
from gandiag.regularizers.layers import spectrally_normalised as spectrally_normalised
from gandiag.regularizers.layers import weight_normalised as weight_normalised
from gandiag.regularizers.layers import with_dropout as with_dropout
from gandiag.regularizers.logits import LeCam as LeCam
from gandiag.regularizers.logits import label_smoothing as label_smoothing
from gandiag.regularizers.variety import MinibatchStd as MinibatchStd
from gandiag.regularizers.variety import Packed as Packed
from gandiag.regularizers.variety import with_minibatch_std as with_minibatch_std
from gandiag.regularizers.weights import clip_weights as clip_weights
from gandiag.regularizers.weights import weight_decay as weight_decay
