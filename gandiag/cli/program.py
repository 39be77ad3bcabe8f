"""A Python program, to be run as python itself would run it."""

import builtins
import importlib.util
import sys
import warnings
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType

from gandiag.errors import GandiagError

PLAIN_WARNINGS = warnings.showwarning


@dataclass(frozen=True)
class Program:
    """A script, or a module as ``python -m`` runs it.

    Attributes:
        given: What the user called it, which becomes ``sys.argv[0]`` of a script.
        file: Where it lies.
        folder: What stands first on the import path while it runs.
        spec: How a module was found; ``None`` for a script.
    """

    given: str
    file: Path
    folder: Path
    spec: ModuleSpec | None = None

    @classmethod
    def from_file(cls, script: Path) -> "Program":
        """A script.

        Raises:
            GandiagError: If there is none.
        """
        if not script.is_file():
            raise GandiagError(f"There is no script {script}; give the Python file that trains the GAN.")
        return cls(str(script), script.absolute(), script.absolute().parent)

    @property
    def name(self) -> str:
        """A short name for it."""
        return self.file.stem if self.spec is None else self.spec.name.removesuffix(".__main__")

    def code(self) -> CodeType:
        """The compiled program; a script's own syntax errors come out of here."""
        return compile(self.file.read_bytes(), str(self.file), "exec", dont_inherit=True)

    def run_as_main(self, arguments: list[str], main: ModuleType) -> None:
        """Execute it as the module ``main``, under the name and on the path that python gives it."""
        argv, path, show, former = sys.argv, sys.path[:], warnings.showwarning, sys.modules["__main__"]
        package = None if self.spec is None else self.spec.parent
        vars(main).update(
            __file__=str(self.file), __builtins__=builtins, __cached__=None, __spec__=self.spec, __package__=package
        )
        name = self.given if self.spec is None else str(self.file)
        sys.argv, sys.path[0], sys.modules["__main__"] = [name, *arguments], str(self.folder), main
        warnings.showwarning = PLAIN_WARNINGS
        try:
            exec(self.code(), vars(main))
        finally:
            sys.argv, sys.path[:], warnings.showwarning, sys.modules["__main__"] = argv, path, show, former


def find_module(name: str) -> Program:
    """The module that ``python -m name`` would run from here.

    Raises:
        GandiagError: If there is none, or it is not written in Python.
    """
    folder = Path.cwd()
    sys.path.insert(0, str(folder))
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(f"{name}.__main__")
    except (ImportError, ValueError) as error:
        raise GandiagError(f"The module {name} cannot be found: {error}.") from error
    finally:
        sys.path.remove(str(folder))
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise GandiagError(f"There is no module {name} that can be run; give its name as python -m takes it.")
    return Program(name, Path(spec.origin), folder, spec)
