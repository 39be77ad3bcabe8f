"""Data sets of the tests' own making, for what trains on them."""

from tests.data.conftest import make_tiny as make_tiny
from tests.data.conftest import make_tiny_cifar as make_tiny_cifar
from tests.data.conftest import own_cache as own_cache
