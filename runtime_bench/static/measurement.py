"""Measuring one model on one core: compiled, linked, run once under the emulator, every instruction counted."""

from __future__ import annotations

import subprocess
from pathlib import Path

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.codegen.compilation import compile_static
from edgewright.pipeline.codegen.core import codegen_core
from edgewright.pipeline.codegen.options import DEFAULTS, Options
from edgewright.pipeline.codegen.static_model import StaticModel
from edgewright.pipeline.errors import EmulatorError
from edgewright.pipeline.graph import Graph, operator_macs
from edgewright.runtime_bench.cores import Core, Count, Counted, Program, run
from edgewright.runtime_bench.static.figures import CoreResult, StepResult
from edgewright.runtime_bench.static.program import build_bench, build_empty, write_library

BEGIN, END, STEP = "bench_begin", "bench_end", "edgewright_step_"
RUN_TIMEOUT_SECONDS = 600.0


def measure_on_core(
    graph: Graph, layer_names: tuple[str, ...], core: Core, folder: Path, cache: Cache, *, options: Options = DEFAULTS
) -> CoreResult:
    """Measure one model on one emulated core.

    Args:
        graph: the model.
        layer_names: for each operator the source model's layer.
        core: what it is compiled for and runs on.
        folder: takes sources and programs.
        cache: keeps the plugin that counts.
        options: of the static engine.

    Raises:
        TfliteError: the engine does not compute the model.
        ToolError: compiler or emulator is missing.
        EmulatorError: the program did not run to its end.
    """
    model = compile_static(graph, layer_names, codegen_core(core.name), options)
    sources = write_library(graph, model, layer_names, folder)
    program = build_bench(core, sources, folder)
    marks = (BEGIN, *(f"{STEP}{number}" for number in range(_call_count(model))), END)
    done = run(program, count=Count(cache=cache, marks=marks), timeout_seconds=RUN_TIMEOUT_SECONDS)
    if done.counted is None or done.exit_status != 0:
        raise EmulatorError(f"The model did not run on {core.name}: it ended with status {done.exit_status}.")
    return CoreResult(
        core=core.name,
        instructions=done.counted.between(BEGIN, END)[0],
        steps=_steps(graph, layer_names, model, done.counted),
        code_bytes=_code_bytes(model, program, build_empty(core, sources, folder)),
        constant_bytes=model.constant_bytes,
        arena_bytes=model.plan.arena_bytes,
        scratch_bytes=model.scratch_bytes,
        stack_bytes=int(done.stdout),
    )


def compiler_line(core: Core) -> str:
    """Return what a core's compiler says that it is."""
    done = subprocess.run([core.compiler.command, "--version"], capture_output=True, text=True, check=False)
    return done.stdout.partition("\n")[0]


def _call_count(model: StaticModel) -> int:
    return sum(call is not None for call in model.calls)


def _steps(graph: Graph, layer_names: tuple[str, ...], model: StaticModel, counted: Counted) -> tuple[StepResult, ...]:
    """Return each step's instructions: from its entry to that of the next one."""
    entries = [passage.instructions for passage in counted.passages if passage.mark != BEGIN]
    called = [(step, call) for step, call in zip(model.program.steps, model.calls, strict=True) if call is not None]
    operators = graph.main.operators
    return tuple(
        StepResult(
            layers=tuple(f"{operators[layer].label} {layer_names[layer]}" for layer in step.layers),
            kernel=call.kernel.name,
            macs=sum(operator_macs(graph, operators[layer]) for layer in step.layers),
            instructions=after - before,
        )
        for (step, call), before, after in zip(called, entries[:-1], entries[1:], strict=True)
    )


def _code_bytes(model: StaticModel, program: Program, empty: Program) -> int:
    """Return the flash that the model takes beside its constants: what the program has more than one without it."""
    return program.sizes.flash_bytes - empty.sizes.flash_bytes - model.constant_bytes
