"""Nested metadata as flat rows for a page, and as JSON that any reader takes."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from gandiag.report.wording import number, shorten

MAX_ROWS = 300
MAX_LENGTH = 600
SHOWN_ELSEWHERE = ("abstentions", "configuration", "versions")


def rows(values: object) -> list[tuple[str, str]]:
    """Name and value of every leaf of nested data; names of nested leaves are joined by dots.

    Examples:
        >>> rows({"loss": "hinge", "adam": {"lr": 0.0002, "betas": [0.5, 0.999]}})
        [('loss', 'hinge'), ('adam.lr', '0.0002'), ('adam.betas', '0.5, 0.999')]
    """
    found = [(shorten(name, 120), shorten(text, MAX_LENGTH)) for name, text in _leaves("", values)]
    if len(found) > MAX_ROWS:
        return [*found[:MAX_ROWS], ("…", f"{len(found) - MAX_ROWS} more are left out here.")]
    return found


def _leaves(prefix: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(f"{prefix}.{key}" if prefix else str(key), inner)
    elif isinstance(value, list | tuple) and not any(isinstance(inner, Mapping | list | tuple) for inner in value):
        yield prefix, ", ".join(map(_text, value))
    elif isinstance(value, list | tuple):
        yield prefix, json.dumps(plain_data(value), ensure_ascii=False)
    elif prefix:
        yield prefix, _text(value)


def _text(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    # Settings are shown as they were given; rounding is for measurements.
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def policy_rows(policy: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Name, value and source of every threshold, whichever way the policy holds its sources.

    A threshold is a number, or a mapping with ``value`` and ``source``; sources may also stand together under
    ``sources`` by the thresholds' names.
    """
    sources = policy.get("sources")
    sources = sources if isinstance(sources, Mapping) else {}
    found = []
    for name, value in policy.items():
        if name == "sources" and sources:
            continue
        if isinstance(value, Mapping) and "value" in value:
            rest = ", ".join(text for key, text in rows({k: v for k, v in value.items() if k != "value"}))
            found.append((str(name), _threshold(value["value"]), rest))
        else:
            inner = rows({name: value})
            found += [(leaf, text, shorten(str(sources.get(leaf, "")), MAX_LENGTH)) for leaf, text in inner]
    return [(shorten(name, 120), value, source) for name, value, source in found[:MAX_ROWS]]


def _threshold(value: object) -> str:
    return number(value) if isinstance(value, float) else shorten(_text(value), MAX_LENGTH)


def abstention_rows(abstentions: object) -> list[tuple[str, str]]:
    """Signal and reason of what could not be measured."""
    if isinstance(abstentions, Mapping):
        found = [
            (shorten(str(signal), 120), shorten(str(reason), MAX_LENGTH)) for signal, reason in abstentions.items()
        ]
        return found[:MAX_ROWS]
    if isinstance(abstentions, list | tuple):
        return [(shorten(str(one), 120), "") for one in abstentions[:MAX_ROWS]]
    return []


def meta_tables(meta: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Configuration, versions and all other metadata, as titled tables; empty ones are left out."""
    other = {key: value for key, value in meta.items() if key not in SHOWN_ELSEWHERE}
    tables = [
        ("Configuration", rows(meta.get("configuration", {}))),
        ("Versions", rows(meta.get("versions", {}))),
        ("Run", rows(other)),
    ]
    return [(title, content) for title, content in tables if content]


def plain_data(value: Any) -> Any:
    """Data that JSON can hold: NaN and infinity become ``None``, what is unknown becomes its text."""
    if isinstance(value, Mapping):
        return {str(key): plain_data(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain_data(inner) for inner in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)


def pretty_json(value: Any) -> str:
    """Indented JSON."""
    return json.dumps(plain_data(value), indent=2, ensure_ascii=False)
