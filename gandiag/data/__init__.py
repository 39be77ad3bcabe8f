"""Real data to train and judge on, embedded or through torchvision; what is made of it; and known mixtures."""

from gandiag.data.catalogue import CLASS_NAMES as CLASS_NAMES
from gandiag.data.catalogue import DATASETS as DATASETS
from gandiag.data.catalogue import load_dataset as load_dataset
from gandiag.data.cifar import load_cifar10 as load_cifar10
from gandiag.data.dataset import Dataset as Dataset
from gandiag.data.dataset import check_samples as check_samples
from gandiag.data.dataset import mixture_dataset as mixture_dataset
from gandiag.data.digits import load_digits as load_digits
from gandiag.data.domains import Domains as Domains
from gandiag.data.domains import unpaired_domains as unpaired_domains
from gandiag.data.grey import greyed as greyed
from gandiag.data.grey import luma as luma
from gandiag.data.idx_archives import load_idx_dataset as load_idx_dataset
from gandiag.data.mixtures import Mixture as Mixture
from gandiag.data.mixtures import grid as grid
from gandiag.data.mixtures import ring as ring
from gandiag.data.stacked import labelled as labelled
from gandiag.data.stacked import stacked as stacked
from gandiag.data.tinted import tinted as tinted
