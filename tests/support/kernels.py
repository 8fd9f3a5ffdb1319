"""Running calls of the static engine's kernels in C, on this computer under sanitizers or on an emulated core.

Each call becomes a small program of its own within one file: its constants and facts as the emitted firmware has them,
buffers of exactly the sizes that it may touch (so that a sanitizer sees a byte too many), inputs from standard input,
outputs to standard output.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
from support.objects import build_once, compile_and_link

from edgewright.pipeline.codegen.call import Array, Call, Kernel, Overlap
from edgewright.pipeline.codegen.core import CodegenCore, Feature
from edgewright.pipeline.codegen.operations import Operation
from edgewright.pipeline.codegen.program import Program, Step, Value
from edgewright.pipeline.codegen.rendering import array_definition, facts_initializer
from edgewright.pipeline.emission.templates import Template, environment
from edgewright.pipeline.graph import DType
from edgewright.pipeline.target import FAMILIES
from edgewright.runtime_bench.cores import Build, Core, Count, run

Values = npt.NDArray[Any]

STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wundef", "-pedantic", "-Werror")
SANITIZED = (*STRICT, "-g", "-O1", "-fsanitize=address,undefined,alignment", "-fno-sanitize-recover=all")
TOOL = SimpleNamespace(origin="edgewright, for tests", version="0.0.0")
HOST_TIMEOUT_SECONDS = 120.0
ANY_CORE = CodegenCore(name="any", features=frozenset({Feature.THREE_OPERANDS}))


@dataclass(frozen=True, kw_only=True, eq=False)
class Job:
    """One call and what it works on."""

    call: Call
    inputs: tuple[Values, ...]
    outputs: tuple[Value, ...]
    distance: int | None = None
    """Where the output begins, in bytes from an input's beginning, where they share memory."""
    shared: int = 0
    """Which input that is."""


def one_step(
    operation: Operation, inputs: Sequence[Values], *shapes: tuple[int, ...], dtype: DType = DType.INT8
) -> Program:
    """Return the program of one operation on values of the inputs' shapes; its outputs have the shapes and the type."""
    count = len(inputs)
    given = {
        index: Value(index=index, name=f"in{index}", shape=array.shape, dtype=DType(array.dtype.name))
        for index, array in enumerate(inputs)
    }
    made = {
        index: Value(index=index, name=f"out{index}", shape=shape, dtype=dtype)
        for index, shape in enumerate(shapes, start=count)
    }
    step = Step(operation=operation, inputs=tuple(given), outputs=tuple(made), layers=(0,))
    return Program(values={**given, **made}, steps=(step,), inputs=tuple(given), outputs=tuple(made))


def make_job(kernel: Kernel, program: Program, inputs: Sequence[Values], *, overlapped: bool = False) -> Job:
    """Return the job of a program's only step with a kernel that accepts it.

    Args:
        kernel: which one.
        program: of one step.
        inputs: the arrays of its inputs.
        overlapped: whether the output lies over the first input, as near as the call claims that it may.
    """
    step = program.steps[0]
    assert kernel.accepts(step, program)
    call = kernel.lower(kernel, step, program)
    outputs = tuple(program.values[index] for index in step.outputs)
    distance = overlap_distance(call.overlap, inputs[0], outputs[0]) if overlapped else None
    return Job(call=call, inputs=tuple(inputs), outputs=outputs, distance=distance)


def overlap_distance(overlap: Overlap, source: Values, target: Value) -> int | None:
    """Return where an output may begin that lies over an input as closely as the kernel's facts allow.

    Returns:
        Bytes from the input's beginning: the highest place for a kernel that goes upwards, the lowest for one that goes
        downwards; None where the two may share nothing.
    """
    if overlap.is_in_place:
        return 0
    if overlap.first_needed is None:
        return None
    needed = overlap.first_needed.astype(np.int64)
    written = np.minimum(np.arange(1, len(needed) + 1) * overlap.group_bytes, target.nbytes)
    if overlap.is_descending:
        later = needed[1:] - target.nbytes + written[:-1]
        return max([int(limit) for limit in later[needed[1:] > 0]], default=0)
    later = needed[1:] - written[:-1]
    return min([int(limit) for limit in later[needed[1:] < source.nbytes]], default=source.nbytes)


def run_on_host(jobs: Sequence[Job], folder: Path, *, flags: Sequence[str] = SANITIZED) -> list[tuple[Values, ...]]:
    """Run jobs under AddressSanitizer and UndefinedBehaviorSanitizer; return for each job its outputs, flat."""
    sources = write_program(jobs, folder)
    binary = folder / "program"
    compile_and_link("gcc", (*flags, f"-I{folder}"), sources, binary)
    ran = subprocess.run(
        [str(binary)], input=_inputs(jobs), capture_output=True, check=False, timeout=HOST_TIMEOUT_SECONDS
    )
    assert ran.returncode == 0, ran.stderr.decode()
    return _outputs(jobs, ran.stdout)


def run_on_core(
    jobs: Sequence[Job], folder: Path, core: Core, *, optimization: str = "-O2"
) -> list[tuple[Values, ...]]:
    """Run jobs on an emulated core; return for each job its outputs, flat."""
    what = Build(sources=write_program(jobs, folder), includes=(folder,), optimization=optimization)
    return _outputs(jobs, run(build_once(core, what, folder), stdin=_inputs(jobs)).stdout)


def count_on_core(
    jobs: Sequence[Job], folder: Path, core: Core, count: Count, *, optimization: str = "-O2"
) -> list[int]:
    """Return for each job how many instructions its call executes on an emulated core."""
    what = Build(sources=write_program(jobs, folder), includes=(folder,), optimization=optimization)
    marks = tuple(f"job_{number}" for number in range(len(jobs)))
    marked = Count(cache=count.cache, marks=(*marks, "job_done"))
    counted = run(build_once(core, what, folder), stdin=_inputs(jobs), count=marked).counted
    assert counted is not None
    return [counted.between(mark, "job_done")[0] for mark in marks]


def write_program(jobs: Sequence[Job], folder: Path) -> tuple[Path, ...]:
    """Write the C files of a program that runs jobs in turn; return those that are compiled."""
    folder.mkdir(parents=True, exist_ok=True)
    kernels = {job.call.kernel.name: job.call.kernel for job in jobs}
    names = sorted(
        {f"edgewright_{name}" for name in kernels} | {name for one in kernels.values() for name in one.helpers}
    )
    sources = []
    for name in names:
        for ending in (".h", ".c"):
            source = f"static/{name}{ending}.j2"
            template = Template(source=source, path=f"{name}{ending}")
            if not (FAMILIES / source).is_file():
                continue
            text = environment().get_template(source).render(file=template.file, tool=TOOL)
            (folder / template.path).write_text(text, encoding="utf-8")
            sources += [folder / template.path] if ending == ".c" else []
    main = folder / "main.c"
    main.write_text(_main(jobs, sorted(kernels)), encoding="utf-8")
    return (*sources, main)


def _main(jobs: Sequence[Job], kernels: Sequence[str]) -> str:
    includes = "\n".join(f'#include "edgewright_{name}.h"' for name in kernels)
    parts = [_job(number, job) for number, job in enumerate(jobs)]
    calls = "\n".join(f"    serve_{number}();" for number in range(len(jobs)))
    return f"""#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

{includes}

#define NOINLINE __attribute__((noinline))

void job_done(void);
NOINLINE void job_done(void) {{ __asm volatile(""); }}

__attribute__((unused)) static void take(void *data, size_t length) {{
    if (fread(data, 1, length, stdin) != length) {{
        exit(3);
    }}
}}

static void give(const void *data, size_t length) {{ fwrite(data, 1, length, stdout); }}

{"".join(parts)}int main(void) {{
{calls}
    return 0;
}}
"""


def _job(number: int, job: Job) -> str:
    arrays: list[tuple[str, Array]] = []

    def name_of(array: Array) -> str:
        arrays.append((f"constant_{number}_{len(arrays)}", array))
        return arrays[-1][0]

    facts = "\n".join(f"    {row}" for row in facts_initializer(job.call, name_of))
    blocks, sources, targets = _blocks(number, job)
    passed = job.call.inputs or range(len(sources))
    read = [name_of(one) if isinstance(one, Array) else sources[one] for one in passed]
    arguments = [*read, *targets]
    if job.call.kernel.has_arrays:
        blocks.append(f"static const int8_t *const inputs_{number}[] = {{{', '.join(read)}}};")
        blocks.append(f"static int8_t *const outputs_{number}[] = {{{', '.join(targets)}}};")
        arguments = [f"inputs_{number}", f"outputs_{number}"]
    constants = "\n".join(
        f"static __attribute__((aligned({array.alignment_bytes}))) {array_definition(name, array)}"
        for name, array in arrays
    )
    if job.call.kernel.has_scratch:
        if job.call.scratch_bytes:
            blocks.append(f"static uint32_t scratch_{number}[{-(-job.call.scratch_bytes // 4)}];")
        arguments.append(f"scratch_{number}" if job.call.scratch_bytes else "NULL")
    takes = [f"take({name}, {array.nbytes}u);" for name, array in zip(sources, job.inputs, strict=True) if array.nbytes]
    gives = [f"give({name}, {value.nbytes}u);" for name, value in zip(targets, job.outputs, strict=True)]
    kernel = f"edgewright_{job.call.kernel.name}"
    lines = "\n".join(blocks)
    body = "\n".join(f"    {line}" for line in (*takes, f"job_{number}();", "job_done();", *gives))
    return f"""{constants}
static const {kernel}_facts facts_{number} = {{
{facts}
}};
{lines}
void job_{number}(void);
NOINLINE void job_{number}(void) {{ {kernel}({", ".join((f"&facts_{number}", *arguments))}); }}
static void serve_{number}(void) {{
{body}
}}

"""


def _blocks(number: int, job: Job) -> tuple[list[str], list[str], list[str]]:
    """Return definitions of buffers, and pointers to inputs and to outputs."""
    blocks: list[str] = []

    def element_of(dtype: str) -> str:
        return "float" if dtype == "float32" else "int8_t"

    def block(name: str, nbytes: int, dtype: str) -> str:
        element = element_of(dtype)
        width = np.dtype(dtype).itemsize
        blocks.append(f"static {element} {name}[{max(1, nbytes // width)}];")
        return name

    if job.distance is not None:
        source, target = job.inputs[job.shared], job.outputs[0]
        begin, end = min(0, job.distance), max(source.nbytes, job.distance + target.nbytes)
        shared = block(f"shared_{number}", end - begin, "int8")
        blocks[-1] = f"static __attribute__((aligned(4))) {blocks[-1].removeprefix('static ')}"
        sources = [
            block(f"in_{number}_{i}", a.nbytes, a.dtype.name) if i != job.shared else ""
            for i, a in enumerate(job.inputs)
        ]
        sources[job.shared] = f"(({element_of(source.dtype.name)} *)(void *)&{shared}[{-begin}])"
        written = f"(({element_of(target.dtype.value)} *)(void *)&{shared}[{job.distance - begin}])"
        return blocks, sources, [written]
    sources = [block(f"in_{number}_{i}", array.nbytes, array.dtype.name) for i, array in enumerate(job.inputs)]
    targets = [block(f"out_{number}_{i}", value.nbytes, value.dtype.value) for i, value in enumerate(job.outputs)]
    return blocks, sources, targets


def _inputs(jobs: Sequence[Job]) -> bytes:
    return b"".join(array.tobytes() for job in jobs for array in job.inputs)


def _outputs(jobs: Sequence[Job], printed: bytes) -> list[tuple[Values, ...]]:
    assert sum(value.nbytes for job in jobs for value in job.outputs) == len(printed)
    found, start = [], 0
    for job in jobs:
        arrays = []
        for value in job.outputs:
            arrays.append(np.frombuffer(printed, np.dtype(value.dtype.value), value.element_count, start))
            start += value.nbytes
        found.append(tuple(arrays))
    return found
