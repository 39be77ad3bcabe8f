"""What watching remembers of a run, as plain tensors, numbers and text that a checkpoint can hold.

A class says in ``REMEMBERED`` which of its attributes a run needs to go on being watched as if it had never stopped.
"""

from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import torch
from torch import Tensor

from gandiag.monitor.provenance import Kind, Origin
from gandiag.monitor.replay import Call
from gandiag.monitor.wiring import Frozen, RangeNote

NOTES = {note.__name__: note for note in (set, frozenset, slice, Kind, Origin, Call, Frozen, RangeNote)}
NOTE, PARTS = "<note>", "<parts>"  # no argument of anybody's is called that


def remembered(value: Any) -> Any:
    """A value in dictionaries, lists, tuples, tensors on the CPU, numbers and text alone.

    Raises:
        TypeError: If there is something in it that cannot be kept, as an object that a loop gives its generator.

    Examples:
        >>> remembered([{1}, 0.5])
        [{'<note>': 'set', '<parts>': [1]}, 0.5]
    """
    kind = type(value)
    if names := _names(value):
        return {name: remembered(getattr(value, name)) for name in names}
    if isinstance(value, Tensor):
        return value.detach().cpu()
    if value is None or kind in (bool, int, str):
        return value
    if isinstance(value, float):
        return float(value)  # NumPy's, too
    if kind in (list, tuple):
        return kind(remembered(item) for item in value)
    if kind is dict:
        return {key: remembered(item) for key, item in value.items()}
    if NOTES.get(kind.__name__) is kind:
        return {NOTE: kind.__name__, PARTS: [remembered(part) for part in _parts(value)]}
    raise TypeError(f"{kind.__name__} cannot be kept in a checkpoint")


def take_up(value: Any, state: Any, device: torch.device) -> Any:
    """What :func:`remembered` gave of a value's like; things with a memory take it up and stay who they are.

    Args:
        value: What is there now.
        state: What was remembered.
        device: Where tensors are to be.

    Examples:
        >>> take_up(None, remembered([{1}, 0.5]), torch.device("cpu"))
        [{1}, 0.5]
    """
    if names := _names(value):
        for name in names:
            if name in state:
                setattr(value, name, take_up(getattr(value, name), state[name], device))
        return value
    if isinstance(value, list) and any(map(_names, value)):
        return [take_up(item, of_item, device) for item, of_item in zip(value, state, strict=True)]
    if isinstance(value, dict) and any(map(_names, value.values())):
        return {key: take_up(item, state[key], device) for key, item in value.items()}
    return _revived(state, device)


def _names(value: Any) -> tuple[str, ...]:
    return getattr(type(value), "REMEMBERED", ())


def _parts(note: Any) -> list[Any]:
    if isinstance(note, Enum):
        return [note.value]
    if isinstance(note, slice):
        return [note.start, note.stop]
    return [getattr(note, field.name) for field in fields(note)] if is_dataclass(note) else list(note)


def _revived(state: Any, device: torch.device) -> Any:
    if isinstance(state, Tensor):
        return state.to(device)
    if isinstance(state, list | tuple):
        return type(state)(_revived(item, device) for item in state)
    if not isinstance(state, dict):
        return state
    if NOTE not in state:
        return {key: _revived(item, device) for key, item in state.items()}
    kind, parts = NOTES[state[NOTE]], [_revived(part, device) for part in state[PARTS]]
    return kind(parts) if kind in (set, frozenset) else kind(*parts)
