"""A model as a target's runtime takes it, compiled where there is no interpreter, and what it needs of the board."""

from __future__ import annotations

from dataclasses import dataclass

from edgewright.pipeline.codegen.options import DEFAULTS, Options
from edgewright.pipeline.codegen.static_model import StaticModel
from edgewright.pipeline.footprint import Footprint, footprint
from edgewright.pipeline.planning import PlannableModel
from edgewright.pipeline.static_code import MeasureCode
from edgewright.pipeline.static_runtime import compile_for
from edgewright.pipeline.target import Family, Target
from edgewright.pipeline.vocabulary import GoldenVectors


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """What is emitted, and what it needs."""

    static: StaticModel | None
    """None for a family over another runtime."""
    needs: Footprint


def compile_model(
    model: PlannableModel,
    vectors: GoldenVectors,
    target: Target,
    family: Family,
    *,
    options: Options = DEFAULTS,
    measure_code: MeasureCode | None = None,
) -> Compiled:
    """Compile a model where its runtime wants that, and say what it needs.

    Args:
        model: as it goes to the target.
        vectors: of its self-test.
        target: the board.
        family: tells the runtime.
        options: of the static runtime.
        measure_code: links a compiled model and runs it; None estimates what its code takes.

    Raises:
        TfliteError: the static runtime does not compute the model.
    """
    static = compile_for(model.graph, model.layer_names, target, family, options)
    linked = measure_code(model.graph, static, model.layer_names, target) if measure_code and static else None
    needs = footprint(
        model.graph,
        tflite_bytes=len(model.tflite),
        host_arena_bytes=model.host_arena_bytes,
        target=target,
        family=family,
        selftest_bytes=vectors.nbytes,
        static=static,
        linked=linked,
    )
    return Compiled(static=static, needs=needs)
