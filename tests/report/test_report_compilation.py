"""The report's section about a compiled model."""

from __future__ import annotations

import numpy as np
from support.graphs import Draft, tiny_graph

from edgewright.pipeline.codegen.compilation import compile_static
from edgewright.pipeline.codegen.core import codegen_core
from edgewright.pipeline.codegen.options import KernelChoice, Options
from edgewright.pipeline.graph import DType, Graph, total_macs
from edgewright.pipeline.report import static_section
from edgewright.pipeline.report.schema import StaticSection

NAMES = ("convolution", "flatten", "dense", "softmax")


def section_of(graph: Graph, names: tuple[str, ...], options: Options = Options()) -> StaticSection:  # noqa: B008
    """Return the section for a Cortex-M4."""
    model = compile_static(graph, names, codegen_core("cortex-m4"), options)
    return static_section(graph, names, model, options)


def two_layers(dead: int) -> Graph:
    """Return two fully-connected layers of 8 units; the first so many units of the first one are always the same."""
    draft = Draft()
    draw = np.random.default_rng(3)
    weights = draw.integers(-127, 128, (8, 8))
    weights[:dead] = 0
    hidden = draft.input((1, 8), scale=0.1)
    for values in (weights, draw.integers(-127, 128, (8, 8))):
        bias = draft.constant(np.zeros(8), DType.INT32)
        hidden = draft.operator(
            "FULLY_CONNECTED", (hidden, draft.constant(values, scale=0.01), bias), (1, 8), scale=1.0,
            options_type="FullyConnectedOptions", version=4,
        )  # fmt: skip
    return draft.graph(hidden)


def test_every_step_has_its_kernel_and_why() -> None:
    """Each layer is listed once, with what it costs and why its kernel was taken."""
    graph = tiny_graph()
    section = section_of(graph, NAMES)
    assert NAMES == tuple(layer for kernel in section.kernels for layer in kernel.layers)
    assert total_macs(graph) == sum(kernel.macs for kernel in section.kernels)
    view = section.kernels[1]
    assert (None, 0, 0) == (view.kernel, view.macs, view.constant_bytes)
    assert "nothing to do" in view.reason
    assert all(kernel.instructions > 0 for kernel in section.kernels if kernel.kernel)
    assert all(kernel.reason for kernel in section.kernels)


def test_plain_kernels_say_that_they_were_wanted() -> None:
    """With the plain kernels asked for, that is the reason."""
    section = section_of(tiny_graph(), NAMES, Options(kernels=KernelChoice.REFERENCE))
    assert "only plain kernels were wanted" == section.kernels[0].reason


def test_dead_channels_are_told() -> None:
    """Units that are always the same leave the layer and the next one's columns; without them nothing is saved."""
    dead = section_of(two_layers(3), ("one", "two")).dead_channels
    assert (128, 2 * 5 * 8) == (dead.macs_before, dead.macs)
    assert dead.constant_bytes < dead.constant_bytes_before
    none = section_of(two_layers(0), ("one", "two")).dead_channels
    assert (none.macs_before, none.constant_bytes_before) == (none.macs, none.constant_bytes)
    kept = section_of(two_layers(3), ("one", "two"), Options(dead_channels=False)).dead_channels
    assert (128, 128) == (kept.macs_before, kept.macs)


def test_arena_stays_within_its_bounds() -> None:
    """What the plan takes lies between what no plan goes below and what is alive together, and scratch."""
    section = section_of(tiny_graph(), NAMES)
    assert section.least_bytes <= section.arena_bytes <= section.liveness_bytes + section.scratch_bytes
