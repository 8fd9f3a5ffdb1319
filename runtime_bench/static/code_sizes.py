"""Writes `pipeline/facts/static_code/`: what kernels take in flash, and how well that adds up to linked programs.

`python -m edgewright.runtime_bench.static.code_sizes [model.tflite ...]`: MLPerf Tiny's four networks tell what a step
takes; the accuracy is the largest error over these and the given models.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.codegen.compilation import compile_static
from edgewright.pipeline.codegen.core import codegen_core
from edgewright.pipeline.codegen.kernels import KERNELS
from edgewright.pipeline.codegen.static_model import StaticModel
from edgewright.pipeline.emission.context import ToolContext, installed_version
from edgewright.pipeline.emission.templates import environment, family_templates
from edgewright.pipeline.graph import Graph, read
from edgewright.pipeline.layers import layers_path, read_layers
from edgewright.pipeline.static_code import STATIC_CODE, StaticCodeTable, facts_bytes
from edgewright.pipeline.target import load_family
from edgewright.pipeline.vocabulary import Runtime
from edgewright.runtime_bench.cores import Core, load_core
from edgewright.runtime_bench.cores.building import compile_object
from edgewright.runtime_bench.cores.elf import read_image
from edgewright.runtime_bench.networks import MLPERF, obtain_network
from edgewright.runtime_bench.static.code import link_model
from edgewright.runtime_bench.static.program import write_library

MEASURED = {
    "cortex-m0plus": ("cortex-m0",),
    "cortex-m4": ("cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55"),
    "rv32imc": ("rv32",),
}
"""The cores that are measured, and how the names of those start that theirs stand for."""


@dataclass(frozen=True, kw_only=True)
class Linked:
    """One model on one core."""

    model: StaticModel
    code_bytes: int
    stack_bytes: int

    def known_bytes(self, files: dict[str, int]) -> int:
        """Return what is known of its code before anything is linked: kernels and facts."""
        return sum(files[name] for name in self.model.kernel_files) + facts_bytes(self.model)

    @property
    def step_count(self) -> int:
        """How many kernels it calls."""
        return sum(call is not None for call in self.model.calls)


def main(
    others: Annotated[
        list[Path] | None, typer.Argument(help="Further models, which the sum is only held against.")
    ] = None,
    cache: Annotated[Path, typer.Option(help="Where networks are kept.")] = Path("build/cache"),
) -> None:
    """Measure every core and write its file."""
    fitted = [obtain_network(name, Cache(root=cache)).tflite_path for name in MLPERF]
    for name, covers in MEASURED.items():
        table = measure(load_core(name), covers, fitted, others or [])
        (STATIC_CODE / f"{name}.toml").write_text(document(table), encoding="utf-8")
        typer.echo(f"{name}: {len(table.files)} files, accuracy {table.accuracy:.1%}")


def measure(core: Core, covers: tuple[str, ...], fitted: Sequence[Path], others: Sequence[Path]) -> StaticCodeTable:
    """Measure one core.

    Args:
        core: the emulated core.
        covers: how the names of those start that it stands for.
        fitted: models that tell what a step and the rest take; at least one.
        others: models that the sum is held against besides.

    Raises:
        ToolError: compiler or emulator is missing.
        CompilerError: a source or a program was refused.
        TfliteError: the static runtime does not compute a model.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = dict(kernel_bytes(core, folder))
        linked = [_link(core, path, folder / str(number)) for number, path in enumerate((*fitted, *others))]
    step_bytes = _step_bytes(linked[: len(fitted)], files)
    rests = [one.code_bytes - one.known_bytes(files) - step_bytes * one.step_count for one in linked]
    model_bytes = (max(rests[: len(fitted)]) + min(rests[: len(fitted)])) // 2
    errors = (abs(rest - model_bytes) / one.code_bytes for rest, one in zip(rests, linked, strict=True))
    return StaticCodeTable(
        core=core.name,
        covers=covers,
        accuracy=math.ceil(max(errors) * 1000) / 1000,
        model_bytes=model_bytes,
        step_bytes=step_bytes,
        stack_bytes=max(one.stack_bytes for one in linked),
        files=files,
    )


def kernel_bytes(core: Core, folder: Path) -> Iterator[tuple[str, int]]:
    """Yield the name of each kernel's file and of each helper, and what its object takes; of a header alone nothing."""
    names = tuple(sorted({name for kernel in KERNELS for name in (f"edgewright_{kernel.name}", *kernel.helpers)}))
    family = load_family("cmake").over(Runtime.STATIC)
    tool = ToolContext(version=installed_version(), configuration_digest="", origin="edgewright")
    sources: dict[str, Path] = {}
    for template in family_templates(family, kernel_files=names):
        path = folder / Path(template.path).name
        if path.stem in names or path.name == "edgewright_compiler.h":
            text = environment().get_template(template.source).render(file=template.file, tool=tool)
            path.write_text(text, encoding="utf-8")
            if path.suffix == ".c":
                sources[path.stem] = path
    for name in names:
        yield name, _object_bytes(core, sources[name], folder) if name in sources else 0


def document(table: StaticCodeTable) -> str:
    """Return a table as the TOML file that it is kept in."""
    rows = "\n".join(f"{name} = {nbytes}" for name, nbytes in sorted(table.files.items()))
    covers = ", ".join(f'"{name}"' for name in table.covers)
    return (
        "# Made by python -m edgewright.runtime_bench.static.code_sizes, with -O2.\n"
        f'core = "{table.core}"\ncovers = [{covers}]\naccuracy = {table.accuracy}\nmodel_bytes = {table.model_bytes}\n'
        f"step_bytes = {table.step_bytes}\nstack_bytes = {table.stack_bytes}\n\n[files]\n{rows}\n"
    )


def _object_bytes(core: Core, source: Path, folder: Path) -> int:
    sizes = read_image(compile_object(core, source, folder)).sizes
    return sizes.text_bytes + sizes.rodata_bytes


def _link(core: Core, path: Path, folder: Path) -> Linked:
    graph = read(path.read_bytes(), source=str(path))
    layers = _layers(path, graph)
    model = compile_static(graph, layers, codegen_core(core.name))
    sources = write_library(graph, model, layers, folder)
    return Linked(model=model, **link_model(core, model, sources, folder))


def _layers(path: Path, graph: Graph) -> tuple[str, ...]:
    if layers_path(path).is_file():
        return read_layers(layers_path(path), graph)
    return tuple(f"layer {operator.index}" for operator in graph.main.operators)


def _step_bytes(linked: list[Linked], files: dict[str, int]) -> int:
    """Return what one more step takes: between the models with the fewest and the most steps."""
    few, many = (choose(linked, key=lambda one: one.step_count) for choose in (min, max))
    if few.step_count == many.step_count:
        return 0
    rest = (many.code_bytes - many.known_bytes(files)) - (few.code_bytes - few.known_bytes(files))
    return max(0, rest // (many.step_count - few.step_count))


if __name__ == "__main__":
    typer.run(main)
