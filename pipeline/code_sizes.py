"""How much flash the code around a model takes: tables of measured figures, one file each in `facts/code_sizes/`.

A table holds what was linked for one set of kernels on one instruction set at one level of optimization.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import Field

from edgewright.pipeline.errors import TargetError
from edgewright.pipeline.target import Facts
from edgewright.pipeline.tomlfile import read_toml_as
from edgewright.pipeline.vocabulary import Kernels

CODE_SIZES = Path(str(files("edgewright.pipeline"))) / "facts" / "code_sizes"

Bytes = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(gt=0, lt=1)]


class Optimization(str, Enum):
    """What the code around a model is optimized for."""

    SIZE = "size"
    """Everything with `-Os`."""
    SPEED = "speed"
    """As TFLM's own Makefile and Espressif's component build it by default."""


class SharedCode(Facts):
    """A piece of code that is linked once, as soon as one of its operators is registered."""

    code_bytes: Annotated[int, Field(gt=0)]
    operators: Annotated[tuple[str, ...], Field(min_length=2)]


class CodeTable(Facts):
    """What was measured for one set of kernels on one core: a file of `facts/code_sizes/`.

    Bytes of code count constants and the initial values of variables; the model is not among them.
    """

    kernels: Kernels
    optimization: Optimization
    core: str
    """The core that was compiled for."""
    covers: Annotated[tuple[str, ...], Field(min_length=1)]
    """How the names of those cores start for which the compiler emits the same instructions."""
    accuracy: Share
    """The largest error, as a share of what was linked, of the sum of `code_parts`."""
    interpreter_bytes: Bytes
    c_library: str
    c_library_bytes: Bytes
    """With start-up and the compiler's run-time library, as far as the interpreter alone needs them."""
    static_ram_bytes: Bytes
    """Variables of interpreter and C library, without the arena."""
    static_ram_bytes_per_operator: Bytes
    operators: dict[str, Bytes]
    """What an operator adds that no other one needs."""
    shared: tuple[SharedCode, ...] = ()

    @property
    def name(self) -> str:
        """What a person calls the table, and the name of its file."""
        return f"{self.kernels.value}_{self.core}_{self.optimization.value}"

    def alone_bytes(self, operator: str) -> int:
        """Return what one measured operator adds to a program that has no other."""
        shared = (shared.code_bytes for shared in self.shared if operator in shared.operators)
        return self.operators[operator] + sum(shared)

    @property
    def largest_bytes(self) -> int:
        """What the largest operator adds to a program that has no other."""
        return max(map(self.alone_bytes, self.operators))

    def is_for(self, core: str) -> bool:
        """Whether code for a core consists of the instructions that were measured."""
        return core.startswith(self.covers)


@dataclass(frozen=True, kw_only=True)
class CodePart:
    """One part of the code, and where its figure comes from."""

    name: str
    code_bytes: int
    source: str


def code_parts(table: CodeTable, operators: Iterable[str]) -> tuple[CodePart, ...]:
    """Split the code around a model by part.

    Args:
        table: the figures.
        operators: names of the model's operators, each any number of times.

    Returns:
        Interpreter, C library, each operator, and what several of these operators share; the sum is the code.
    """
    names = sorted(set(operators))
    measured = f"linked for {table.core}, optimized for {table.optimization.value}"
    shared = sum(part.code_bytes for part in table.shared if not set(names).isdisjoint(part.operators))
    return (
        CodePart(name="interpreter", code_bytes=table.interpreter_bytes, source=measured),
        CodePart(
            name="C library and start-up",
            code_bytes=table.c_library_bytes,
            source=f"{measured}, {table.c_library}; what a board's own framework adds is not in it",
        ),
        *(_operator_part(table, name, measured) for name in names),
        CodePart(name="code that operators share", code_bytes=shared, source=f"{measured}, each piece counted once"),
    )


@cache
def load_code_tables(folder: Path = CODE_SIZES) -> tuple[CodeTable, ...]:
    """Load all tables of a folder.

    Raises:
        TargetError: a file is broken; the sentence names file, key and accepted values.
    """
    return tuple(_load(path) for path in sorted(folder.glob("*.toml")))


def _load(path: Path) -> CodeTable:
    table = read_toml_as(path, CodeTable, TargetError)
    for name in sorted({name for shared in table.shared for name in shared.operators} - set(table.operators)):
        raise TargetError(f'{path}: shared: "{name}" has no figure of its own; add it to operators.')
    return table


def _operator_part(table: CodeTable, name: str, measured: str) -> CodePart:
    if name in table.operators:
        return CodePart(name=name, code_bytes=table.operators[name], source=measured)
    return CodePart(
        name=name,
        code_bytes=table.largest_bytes,
        source=f"not measured: as much as the largest operator of the {table.kernels.value} kernels",
    )
