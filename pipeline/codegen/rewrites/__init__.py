"""Rewrites: each takes a program and returns one that computes the same outputs, to the bit, with less.

Adding one is a module with `rewrite(program) -> program` and its place in `rewrite` below.
"""

from __future__ import annotations

from edgewright.pipeline.codegen.options import DEFAULTS, Options
from edgewright.pipeline.codegen.program import Program
from edgewright.pipeline.codegen.rewrites import (
    activations,
    constants,
    dead_channels,
    identities,
    order,
    pads,
    tables,
)

__all__ = ["rewrite"]


def rewrite(program: Program, options: Options = DEFAULTS) -> Program:
    """Apply every rewrite, again and again while one makes work for another.

    Args:
        program: as it was read.
        options: which ones to leave out; without dead channels removed, most values hold what the graph's tensors hold.

    Returns:
        A program with the same inputs and outputs.
    """
    modules = [constants, tables, activations, identities, pads]
    if options.dead_channels:
        modules.append(dead_channels)
    count = -1
    while len(program.steps) != count:
        count = len(program.steps)
        for module in modules:
            program = module.rewrite(program)
    return order.rewrite(program) if options.reorder else program
