"""From a graph to everything that is emitted of it: steps, kernels, constants and one arena."""

from __future__ import annotations

from edgewright.pipeline.codegen.call import Call
from edgewright.pipeline.codegen.core import CodegenCore
from edgewright.pipeline.codegen.kernels import choose
from edgewright.pipeline.codegen.memory import check, final_calls, plan
from edgewright.pipeline.codegen.options import DEFAULTS, Options
from edgewright.pipeline.codegen.program import Program, Step
from edgewright.pipeline.codegen.reading import read_program
from edgewright.pipeline.codegen.rewrites import rewrite
from edgewright.pipeline.codegen.static_model import StaticModel
from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph import Graph


def compile_static(
    graph: Graph, layer_names: tuple[str, ...], core: CodegenCore, options: Options = DEFAULTS
) -> StaticModel:
    """Compile a model.

    Args:
        graph: a full-integer model with one subgraph.
        layer_names: for each operator the source model's layer, for refusals.
        core: what kernels are chosen for.
        options: which rewrites and kernels may be used.

    Raises:
        TfliteError: an operator, type or shape is not supported; the sentence names the layer and the way out.
    """
    if not graph.main.operators:
        raise TfliteError("The model has no operator, so that there is nothing to compute; give one that has.")
    program = rewrite(read_program(graph, layer_names), options)
    calls: list[Call | None] = []
    for step in program.steps:
        try:
            calls.append(choose(step, program, core, options))
        except LookupError:
            raise _refusal(step, program, graph, layer_names) from None
    memory = plan(program, calls, overlap=options.overlap)
    check(program, calls, memory)
    return StaticModel(program=program, calls=final_calls(calls, memory), plan=memory, core=core)


def _refusal(step: Step, program: Program, graph: Graph, layer_names: tuple[str, ...]) -> TfliteError:
    layer = step.layers[-1]
    shapes = ", ".join(str(list(program.values[index].shape)) for index in (*step.inputs, *step.outputs))
    return TfliteError(
        f'Layer "{layer_names[layer]}": the static engine has no kernel for {graph.main.operators[layer].label} of the '
        f"shapes {shapes}. Use runtime=tflm."
    )
