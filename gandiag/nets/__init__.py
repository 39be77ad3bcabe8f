"""Networks to train, and the judge that looks at what they make."""

from gandiag.nets.catalogue import MODELS as MODELS
from gandiag.nets.catalogue import Networks as Networks
from gandiag.nets.catalogue import build_networks as build_networks
from gandiag.nets.conditional import ConditionalGenerator as ConditionalGenerator
from gandiag.nets.dcgan import DCGANDiscriminator as DCGANDiscriminator
from gandiag.nets.dcgan import DCGANGenerator as DCGANGenerator
from gandiag.nets.judge import Judge as Judge
from gandiag.nets.judge import judge_card as judge_card
from gandiag.nets.judge import load_judge as load_judge
from gandiag.nets.judge import real_statistics as real_statistics
from gandiag.nets.layers import InstanceNoise as InstanceNoise
from gandiag.nets.layers import layer_normalised as layer_normalised
from gandiag.nets.layers import spectrally_normalised as spectrally_normalised
from gandiag.nets.layers import weight_normalised as weight_normalised
from gandiag.nets.layers import with_dropout as with_dropout
from gandiag.nets.lecture import LectureDiscriminator as LectureDiscriminator
from gandiag.nets.lecture import LectureGenerator as LectureGenerator
from gandiag.nets.mixture_judge import MixtureJudge as MixtureJudge
from gandiag.nets.mlp import PointDiscriminator as PointDiscriminator
from gandiag.nets.mlp import PointGenerator as PointGenerator
from gandiag.nets.variety import MinibatchStd as MinibatchStd
from gandiag.nets.variety import Packed as Packed
from gandiag.nets.variety import with_minibatch_std as with_minibatch_std
