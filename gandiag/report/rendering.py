"""Templates and style sheet, found inside the package."""

from functools import lru_cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


@lru_cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("gandiag.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = resources.files("gandiag.report").joinpath("templates", "style.css").read_text(encoding="utf-8")
    environment.globals["style"] = Markup(style)
    return environment


def render(template: str, **context: Any) -> bytes:
    """A template, filled; names and texts in the context are escaped."""
    text = _environment().get_template(template).render(**context)
    # Lone surrogates, as from undecodable file names, have no UTF-8.
    return text.encode("utf-8", errors="replace")
