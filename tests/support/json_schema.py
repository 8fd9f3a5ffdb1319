"""As much of JSON Schema as pydantic writes for a report; a keyword that is not known here is an error, not a pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

SILENT = frozenset({"title", "description", "default", "$defs"})
TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}


def violations(value: Any, schema: dict[str, Any], root: dict[str, Any] | None = None, place: str = "$") -> list[str]:
    """List where a value breaks a schema.

    Raises:
        KeyError: the schema uses a keyword that this validator does not know.
    """
    root = schema if root is None else root
    found: list[str] = []
    for keyword, wanted in schema.items():
        if keyword not in SILENT:
            found += CHECKS[keyword](value, wanted, schema, root, place)
    return found


def _type(value: Any, wanted: Any, _: Any, __: Any, place: str) -> list[str]:
    return [] if TYPES[wanted](value) else [f"{place}: {value!r} is no {wanted}"]


def _reference(value: Any, wanted: Any, _: Any, root: Any, place: str) -> list[str]:
    return violations(value, root["$defs"][wanted.removeprefix("#/$defs/")], root, place)


def _any(value: Any, wanted: Any, _: Any, root: Any, place: str) -> list[str]:
    tried = [violations(value, choice, root, place) for choice in wanted]
    return [] if [] in tried else [f"{place}: fits none of {len(wanted)} choices: {tried}"]


def _enum(value: Any, wanted: Any, _: Any, __: Any, place: str) -> list[str]:
    return [] if value in wanted else [f"{place}: {value!r} is none of {wanted}"]


def _constant(value: Any, wanted: Any, _: Any, __: Any, place: str) -> list[str]:
    return [] if value == wanted else [f"{place}: {value!r} is not {wanted!r}"]


def _required(value: Any, wanted: Any, _: Any, __: Any, place: str) -> list[str]:
    return [f"{place}: lacks {name}" for name in wanted if isinstance(value, dict) and name not in value]


def _properties(value: Any, wanted: Any, _: Any, root: Any, place: str) -> list[str]:
    known = {name: item for name, item in value.items() if name in wanted} if isinstance(value, dict) else {}
    return [line for name, item in known.items() for line in violations(item, wanted[name], root, f"{place}.{name}")]


def _further(value: Any, wanted: Any, schema: Any, root: Any, place: str) -> list[str]:
    known = schema.get("properties", {})
    further = {name: item for name, item in value.items() if name not in known} if isinstance(value, dict) else {}
    if isinstance(wanted, dict):
        return [line for name, item in further.items() for line in violations(item, wanted, root, f"{place}.{name}")]
    return [] if wanted else [f"{place}: has {name}" for name in further]


def _items(value: Any, wanted: Any, _: Any, root: Any, place: str) -> list[str]:
    items = value if isinstance(value, list) else []
    return [line for index, item in enumerate(items) for line in violations(item, wanted, root, f"{place}[{index}]")]


def _least(value: Any, wanted: Any, _: Any, __: Any, place: str) -> list[str]:
    below = isinstance(value, int | float) and not isinstance(value, bool) and value < wanted
    return [f"{place}: {value} is below {wanted}"] if below else []


def _most(value: Any, wanted: Any, _: Any, __: Any, place: str) -> list[str]:
    above = isinstance(value, int | float) and not isinstance(value, bool) and value > wanted
    return [f"{place}: {value} is above {wanted}"] if above else []


def _least_items(value: Any, wanted: Any, _: Any, __: Any, place: str) -> list[str]:
    return [f"{place}: is too short"] if isinstance(value, list) and len(value) < wanted else []


CHECKS: dict[str, Callable[[Any, Any, Any, Any, str], list[str]]] = {
    "type": _type,
    "$ref": _reference,
    "anyOf": _any,
    "enum": _enum,
    "const": _constant,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _further,
    "items": _items,
    "maximum": _most,
    "minimum": _least,
    "minItems": _least_items,
}
