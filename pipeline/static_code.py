"""How much flash the code around a compiled model takes: linked where a cross compiler is there, else estimated.

An estimate is the sum of what the kernels' objects take, of one call for each step, and of their facts; the figures
are one file for each core in `facts/static_code/`, made by `python -m edgewright.runtime_bench.static.code_sizes`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import Field

from edgewright.pipeline.code_sizes import CodePart
from edgewright.pipeline.codegen.emission import observed_places
from edgewright.pipeline.codegen.static_model import StaticModel
from edgewright.pipeline.errors import TargetError
from edgewright.pipeline.graph import Graph
from edgewright.pipeline.target import Facts, Target
from edgewright.pipeline.tomlfile import read_toml_as

STATIC_CODE = Path(str(files("edgewright.pipeline"))) / "facts" / "static_code"
USUAL_CORE = "cortex-m4"
"""Whose figures stand in for those of a core that was not measured."""
OTHER_CORE_ACCURACY = 0.50
FACT_BYTES = 4
OBSERVATION_BYTES = 20

Bytes = Annotated[int, Field(ge=0)]


class StaticCodeTable(Facts):
    """What was measured on one core: a file of `facts/static_code/`."""

    core: str
    covers: Annotated[tuple[str, ...], Field(min_length=1)]
    """How the names of those cores start for which the compiler emits about the same."""
    accuracy: Annotated[float, Field(ge=0, lt=1)]
    """The largest error of the sum, as a share of what was linked, over the models that were measured."""
    model_bytes: int
    """What every model has, and what its kernels need of the compiler's and the C library."""
    step_bytes: Bytes
    """The function that calls a kernel, and its place in the table."""
    stack_bytes: Bytes
    """The deepest stack of an inference that was measured."""
    files: dict[str, Bytes]
    """Code and constants of each kernel's and helper's object."""

    def is_for(self, core: str) -> bool:
        """Whether it was measured on such a core."""
        return core.startswith(self.covers)


@dataclass(frozen=True, kw_only=True)
class LinkedCode:
    """What a linked program takes around a model's constants."""

    code_bytes: int
    stack_bytes: int
    """The deepest stack while it ran."""
    source: str
    """Where both come from, for people."""


MeasureCode = Callable[[Graph, StaticModel, tuple[str, ...], Target], LinkedCode | None]
"""Links a program for the target's core and runs it; None where no compiler or emulator is there. It is another
package's business."""


@dataclass(frozen=True, kw_only=True)
class StaticCode:
    """The code around a compiled model."""

    parts: tuple[CodePart, ...]
    accuracy: float
    stack_bytes: int


def static_code(model: StaticModel, core: str, linked: LinkedCode | None = None) -> StaticCode:
    """Say what the code around a model takes.

    Args:
        model: compiled for the core.
        core: the target's name of it.
        linked: what was measured of this very model, if anything.

    Raises:
        TargetError: a table is broken.
    """
    if linked is not None:
        part = CodePart(name="kernels and steps", code_bytes=linked.code_bytes, source=linked.source)
        return StaticCode(parts=(part,), accuracy=0.0, stack_bytes=linked.stack_bytes)
    table = choose_static_table(core)
    source = f"linked for {table.core}"
    return StaticCode(
        parts=(
            *(_file_part(table, name, source) for name in model.kernel_files),
            CodePart(name="steps", code_bytes=max(0, table.model_bytes + steps_bytes(model, table)), source=source),
        ),
        accuracy=table.accuracy if table.is_for(core) else OTHER_CORE_ACCURACY,
        stack_bytes=table.stack_bytes,
    )


def steps_bytes(model: StaticModel, table: StaticCodeTable) -> int:
    """Return what the calls of the kernels take: functions, facts, and the list of what can be looked at."""
    return table.step_bytes * sum(call is not None for call in model.calls) + facts_bytes(model)


def facts_bytes(model: StaticModel) -> int:
    """Return what facts, and the list of what can be looked at, take."""
    calls = [call for call in model.calls if call is not None]
    fields = sum(len(call.fields) for call in calls)
    pointers = sum(
        len(step.inputs) + len(step.outputs)
        for step, call in zip(model.program.steps, model.calls, strict=True)
        if call is not None and call.kernel.has_arrays
    )
    seen = len(observed_places(model)) + 1
    return FACT_BYTES * (fields + pointers) + OBSERVATION_BYTES * seen


def choose_static_table(core: str) -> StaticCodeTable:
    """Return the figures of a core, or those of the usual one."""
    tables = load_static_tables()
    own = [table for table in tables if table.is_for(core)]
    return own[0] if own else next(table for table in tables if table.core == USUAL_CORE)


@cache
def load_static_tables(folder: Path = STATIC_CODE) -> tuple[StaticCodeTable, ...]:
    """Load all tables of a folder.

    Raises:
        TargetError: a file is broken; the sentence names file, key and accepted values.
    """
    return tuple(read_toml_as(path, StaticCodeTable, TargetError) for path in sorted(folder.glob("*.toml")))


def _file_part(table: StaticCodeTable, name: str, source: str) -> CodePart:
    shown = name.removeprefix("edgewright_")
    if name in table.files:
        return CodePart(name=shown, code_bytes=table.files[name], source=source)
    largest = max(table.files.values())
    return CodePart(name=shown, code_bytes=largest, source="not measured: as much as the largest kernel")
