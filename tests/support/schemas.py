"""The generated TensorFlow Lite schemas of installed packages, loaded by path so that no package is imported."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

MODULES = {
    "tensorflow": "lite/python/schema_py_generated.py",
    "ai_edge_litert": "schema_py_generated.py",
    "tflite_micro": "tensorflow/lite/micro/python/schema_py_generated.py",
}


def schema_path(package: str) -> Path | None:
    """Find a package's generated schema without importing the package."""
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / MODULES[package]
        if path.is_file():
            return path
    return None


@cache
def load_schema(path: Path) -> ModuleType:
    """Load a generated schema as a module of its own."""
    spec = importlib.util.spec_from_file_location(f"schema_{abs(hash(path))}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def numbered(enum: type) -> list[str]:
    """List the names of a generated enum by their number."""
    values = {name: value for name, value in vars(enum).items() if not name.startswith("_")}
    assert sorted(values.values()) == list(range(len(values)))
    return sorted(values, key=values.__getitem__)


@dataclass(frozen=True, kw_only=True)
class SchemaText:
    """What a generated schema says of its tables, by table name.

    `fields` holds name, slot, wire type and default; the wire type is the builder's name for a scalar, `text`, or
    `[N]` for a vector of N-byte elements. `elements` holds the type of a vector's elements by the field's name.
    """

    fields: dict[str, list[tuple[str, int, str, str]]]
    slot_counts: dict[str, int]
    elements: dict[tuple[str, str], str]


@cache
def parse_schema(path: Path) -> SchemaText:
    """Read a generated schema's text."""
    text = path.read_text()
    starters = r"^def (\w+)Start\(builder\):\n    builder\.StartObject\((\d+)\)$"
    slot_counts = {name: int(count) for name, count in re.findall(starters, text, re.MULTILINE)}
    vectors = dict(
        re.findall(r"^def (\w+Vector)\(builder.*\n    return builder\.StartVector\((\d+),", text, re.MULTILINE)
    )
    elements = {
        (table, _snake(title)): kind
        for table, title, kind in re.findall(
            r"^    # (\w+)\n    def (\w+)\(self, j\):\n(?:        .*\n)*?.*Get\(flatbuffers\.number_types\.(\w+)Flags",
            text,
            re.MULTILINE,
        )
    }
    adder = r"^def (\w+)\(builder, (\w+)\):\n    builder\.Prepend(\w+)Slot\((\d+), .*, ([^,\n]*)\)$"
    fields: dict[str, list[tuple[str, int, str, str]]] = {name: [] for name in slot_counts}
    for function, argument, wire, slot, default in re.findall(adder, text, re.MULTILINE):
        table, title = function[: -len(argument) - 3], function[-len(argument) :]
        kind = wire
        if wire == "UOffsetTRelative":
            width = vectors.get(f"{table}Start{title}Vector")
            kind = f"[{width}]" if width else "text"
        fields[table].append((_snake(argument), int(slot), kind, default))
    return SchemaText(fields=fields, slot_counts=slot_counts, elements=elements)


def _snake(name: str) -> str:
    """Turn the generator's camel case back into the schema's own spelling."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def repack(content: bytes, change: Callable[[Any], object] = lambda model: None) -> bytes:
    """Unpack a model into the official schema's objects, change them, and pack it again.

    Args:
        content: a `.tflite`.
        change: is given the root object, a `ModelT`.

    Returns:
        The bytes of the changed model.
    """
    import flatbuffers

    path = schema_path("tflite_micro")
    assert path is not None
    model = load_schema(path).ModelT.InitFromPackedBuf(content, 0)
    change(model)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
