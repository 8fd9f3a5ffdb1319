"""The C of a compiled model in a folder, and programs around it for an emulated core."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from edgewright.pipeline.codegen.static_model import StaticModel
from edgewright.pipeline.emission.firmware import render
from edgewright.pipeline.graph import Graph, input_tensors, output_tensors, write
from edgewright.pipeline.static_runtime import planned_arena
from edgewright.pipeline.target import choose_family, load_target
from edgewright.pipeline.vocabulary import EmissionModel, GoldenVectors, Runtime
from edgewright.runtime_bench.cores import Build, Core, Program, build

HERE = Path(__file__).parent
MODEL_SOURCES = ("edgewright_model.c", "edgewright_weights.c", "edgewright_metadata.c")
LIBRARY_FOLDER = "edgewright"


def write_library(graph: Graph, model: StaticModel, layer_names: tuple[str, ...], folder: Path) -> tuple[Path, ...]:
    """Write the C that computes a model, without self-test and application.

    Args:
        graph: the model.
        model: compiled from it.
        layer_names: for each operator the source model's layer.
        folder: where headers and sources go; made where it is missing.

    Returns:
        The sources.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in render_library(graph, model, layer_names).items():
        if name.startswith(f"{LIBRARY_FOLDER}/"):
            (folder / Path(name).name).write_bytes(content)
    files = (*MODEL_SOURCES, *(f"{name}.c" for name in model.kernel_files))
    return tuple(folder / name for name in files if (folder / name).is_file())


def render_library(graph: Graph, model: StaticModel, layer_names: tuple[str, ...]) -> Mapping[str, bytes]:
    """Return the tree of a plain CMake project around a model, by path; see `write_library`."""
    target = load_target("host")
    family = choose_family(target, "cmake", Runtime.STATIC)
    return render(_emission(graph, model, layer_names), planned_arena(model, target), target, family)


def build_bench(core: Core, sources: tuple[Path, ...], folder: Path, *, optimization: str = "-O2") -> Program:
    """Build the program that runs a model once between two marks.

    Raises:
        ToolError: the compiler is not installed.
        CompilerError: the program does not fit the core's memory.
    """
    what = Build(sources=(*sources, HERE / "bench_main.c"), includes=(folder,), optimization=optimization)
    return build(core, what, folder / core.name, name="bench")


def build_empty(core: Core, sources: tuple[Path, ...], folder: Path, *, optimization: str = "-O2") -> Program:
    """Build the same program around a model that computes nothing: what is left is not the model's.

    Raises:
        ToolError: the compiler is not installed.
        CompilerError: it refused a source.
    """
    metadata = tuple(source for source in sources if source.name == "edgewright_metadata.c")
    what = Build(
        sources=(*metadata, HERE / "empty_model.c", HERE / "bench_main.c"),
        includes=(folder,),
        optimization=optimization,
    )
    return build(core, what, folder / core.name, name="empty")


def _emission(graph: Graph, model: StaticModel, layer_names: tuple[str, ...]) -> EmissionModel:
    zeros = [
        tuple(np.zeros(tensor.shape, tensor.dtype.value) for tensor in tensors)
        for tensors in (input_tensors(graph), output_tensors(graph))
    ]
    return EmissionModel(
        name="static",
        tflite=write(graph),
        graph=graph,
        labels=(),
        layer_names=layer_names,
        vectors=GoldenVectors(inputs=(zeros[0],), outputs=(zeros[1],), origin="zeros"),
        host_arena_bytes=model.plan.arena_bytes,
        tflm_revision="0",
        configuration_digest="0" * 64,
        static=model,
    )
