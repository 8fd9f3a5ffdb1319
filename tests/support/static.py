"""Models of the static engine in tests: emitted, compiled for this computer or an emulated core, and run."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from support.objects import build_once, compile_and_link

from edgewright.pipeline.codegen.compilation import compile_static
from edgewright.pipeline.codegen.core import codegen_core
from edgewright.pipeline.codegen.options import DEFAULTS, Options
from edgewright.pipeline.codegen.static_model import StaticModel
from edgewright.pipeline.graph import Graph, input_tensors, output_tensors, write
from edgewright.pipeline.interpreters import Array, Request, run, tflm_engine
from edgewright.runtime_bench.cores import Build, Core
from edgewright.runtime_bench.cores import run as run_on_core
from edgewright.runtime_bench.static.program import render_library, write_library

PROGRAMS = Path(__file__).parents[1] / "codegen" / "programs"
WARNINGS = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror", "-pedantic")
SANITIZERS = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def compiled(graph: Graph, core: str = "host", options: Options = DEFAULTS) -> StaticModel:
    """Compile a graph for a core."""
    return compile_static(graph, layer_names(graph), codegen_core(core), options)


def layer_names(graph: Graph) -> tuple[str, ...]:
    """Return a name for each operator."""
    return tuple(f"layer_{operator.index}" for operator in graph.main.operators)


def rendered(graph: Graph, model: StaticModel) -> Mapping[str, bytes]:
    """Return the whole tree of a plain CMake project, by path."""
    return render_library(graph, model, layer_names(graph))


def library_sources(graph: Graph, folder: Path, core: str = "host", options: Options = DEFAULTS) -> tuple[Path, ...]:
    """Write the C that computes a graph into a folder, and return the sources."""
    return write_library(graph, compiled(graph, core, options), layer_names(graph), folder)


def run_on_host(
    graph: Graph,
    inputs: tuple[Array, ...],
    folder: Path,
    *,
    core: str = "host",
    options: Options = DEFAULTS,
    flags: tuple[str, ...] = SANITIZERS,
) -> list[Array]:
    """Run samples through a model's C on this computer.

    Args:
        graph: the model.
        inputs: (N, *shape without the batch) for each input.
        folder: where sources and program go.
        core: whose kernels are chosen.
        options: of the compilation.
        flags: of the compiler beside the warnings.

    Returns:
        (N, *shape without the batch) for each output.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler: install one (Debian: apt install gcc)")
    sources = [*library_sources(graph, folder, core, options), PROGRAMS / "static_main.c"]
    program = folder / "model"
    compile_and_link(compiler, (*WARNINGS, *flags, f"-I{folder}"), sources, program)
    done = subprocess.run([program], input=_samples(inputs), capture_output=True, check=False)
    assert (0, b"") == (done.returncode, done.stderr)
    return _outputs(graph, done.stdout)


def run_emulated(
    graph: Graph, inputs: tuple[Array, ...], folder: Path, core: Core, *, options: Options = DEFAULTS
) -> list[Array]:
    """Run samples through a model's C on an emulated core; see `run_on_host`."""
    sources = library_sources(graph, folder, core.name, options)
    what = Build(sources=(*sources, PROGRAMS / "static_main.c"), includes=(folder,))
    done = run_on_core(build_once(core, what, folder), stdin=_samples(inputs), timeout_seconds=600.0)
    assert (0, b"") == (done.exit_status, done.stderr)
    return _outputs(graph, done.stdout)


def expected(graph: Graph, inputs: tuple[Array, ...]) -> list[Array]:
    """Return what TensorFlow Lite Micro's interpreter gives."""
    return list(run(Request(engine=tflm_engine(), tflite=write(graph), inputs=inputs)).outputs)


def draw_inputs(graph: Graph, count: int, seed: int = 0) -> tuple[Array, ...]:
    """Draw samples: the smallest and largest values, smooth ones and random ones.

    Returns:
        (count, *shape without the batch) for each input, int8 or float32.
    """
    draw = np.random.default_rng(seed)
    return tuple(_drawn(draw, (count, *tensor.shape[1:]), tensor.dtype.value) for tensor in input_tensors(graph))


def _drawn(draw: np.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
    if dtype == "float32":
        return draw.normal(size=shape).astype(np.float32)
    limits = np.iinfo(dtype)
    values = draw.integers(limits.min, limits.max, shape, dtype, endpoint=True)
    for position, extreme in enumerate((limits.min, limits.max)):
        if position < len(values):
            values[position] = extreme
    return values


def _samples(inputs: tuple[Array, ...]) -> bytes:
    rows = zip(*inputs, strict=True)
    return b"".join(array.tobytes() for row in rows for array in row)


def _outputs(graph: Graph, content: bytes) -> list[Array]:
    tensors = output_tensors(graph)
    sample_bytes = sum(tensor.nbytes for tensor in tensors)
    count, rest = divmod(len(content), sample_bytes)
    assert rest == 0
    rows = np.frombuffer(content, np.uint8).reshape(count, sample_bytes)
    found: list[Array] = []
    start = 0
    for tensor in tensors:
        part = np.ascontiguousarray(rows[:, start : start + tensor.nbytes])
        found.append(part.view(tensor.dtype.value).reshape(count, *tensor.shape[1:]))
        start += tensor.nbytes
    return found
