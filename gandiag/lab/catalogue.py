"""All scenarios by name."""

from types import MappingProxyType

from gandiag.errors import GandiagError
from gandiag.lab.dirac import DIRAC
from gandiag.lab.images import IMAGES
from gandiag.lab.points import POINTS
from gandiag.lab.scenario import Scenario

SCENARIOS = MappingProxyType({scenario.name: scenario for scenario in (*POINTS, *IMAGES, *DIRAC)})
SEEDS = 5


def get_scenario(name: str) -> Scenario:
    """A scenario by name.

    Raises:
        GandiagError: If there is none.
    """
    if name not in SCENARIOS:
        raise GandiagError(f"Unknown scenario '{name}'; `gandiag lab list` names all of them.")
    return SCENARIOS[name]
