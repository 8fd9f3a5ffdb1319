"""The code around one compiled model, measured: linked for the core of a target, and run once under its emulator."""

from __future__ import annotations

import json
from pathlib import Path

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.codegen.static_model import StaticModel
from edgewright.pipeline.digest import digest_file
from edgewright.pipeline.errors import CompilerError
from edgewright.pipeline.graph import Graph
from edgewright.pipeline.static_code import LinkedCode
from edgewright.pipeline.target import Target
from edgewright.runtime_bench.cores import Core, core_names, load_core, run
from edgewright.runtime_bench.static.measurement import compiler_line
from edgewright.runtime_bench.static.program import HERE, build_bench, build_empty, write_library

SAME_CODE = {"rv32imac": "rv32imc"}
"""Targets' cores for which the compiler emits what it emits for another one."""
RECORD = "code.json"
RUN_TIMEOUT_SECONDS = 60.0


def measure_code(
    graph: Graph, model: StaticModel, layer_names: tuple[str, ...], target: Target, cache: Cache
) -> LinkedCode | None:
    """Link a compiled model for a target's core and run it once.

    Args:
        graph: the model.
        model: compiled from it for that core.
        layer_names: for each operator the source model's layer.
        target: the board.
        cache: keeps what was found.

    Returns:
        None where there is no compiler or emulator of that core, or the program is too large for the emulator's
        memory.
    """
    core = emulated_core(target.core)
    if core is None or core.unavailable_reason() is not None:
        return None
    with cache.scratch() as folder:
        sources = write_library(graph, model, layer_names, folder)
        wanted = {
            "kind": "static-code",
            "core": core.model_dump(mode="json"),
            "compiler": compiler_line(core),
            "files": {path.name: digest_file(path) for path in sorted((*folder.iterdir(), *HERE.glob("*.c")))},
        }
        entry = cache.obtain(wanted, lambda entry: _keep(core, model, sources, folder, entry))
    found = json.loads((entry / RECORD).read_text(encoding="utf-8"))
    return LinkedCode(**found, source=f"linked and run for {core.name}, optimized for speed") if found else None


def emulated_core(name: str) -> Core | None:
    """Return the emulated core that runs the code of a target's core, if there is one."""
    name = SAME_CODE.get(name, name)
    return load_core(name) if name in core_names() else None


def link_model(core: Core, model: StaticModel, sources: tuple[Path, ...], folder: Path) -> dict[str, int]:
    """Link a model and run it; return code and stack in bytes.

    Raises:
        ToolError: compiler or emulator is missing.
        CompilerError: the program does not fit the core's memory.
    """
    program, empty = (make(core, sources, folder) for make in (build_bench, build_empty))
    done = run(program, timeout_seconds=RUN_TIMEOUT_SECONDS)
    code_bytes = program.sizes.flash_bytes - empty.sizes.flash_bytes - model.constant_bytes
    return {"code_bytes": code_bytes, "stack_bytes": int(done.stdout)}


def _keep(core: Core, model: StaticModel, sources: tuple[Path, ...], folder: Path, entry: Path) -> None:
    try:
        found: dict[str, int] | None = link_model(core, model, sources, folder)
    except CompilerError:
        found = None
    (entry / RECORD).write_text(json.dumps(found) + "\n", encoding="utf-8")
