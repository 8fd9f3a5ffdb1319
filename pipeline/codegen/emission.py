"""What the templates of the static runtime see: arrays, steps, and where everything lies in the arena."""

from __future__ import annotations

from dataclasses import dataclass

from edgewright.pipeline.codegen.call import Array, Call
from edgewright.pipeline.codegen.operations import Reinterpretation
from edgewright.pipeline.codegen.program import Step
from edgewright.pipeline.codegen.rendering import array_c_type, array_definition, facts_initializer
from edgewright.pipeline.codegen.static_model import StaticModel
from edgewright.pipeline.graph import DType
from edgewright.pipeline.vocabulary import DEFAULT_PREFIX


@dataclass(frozen=True, kw_only=True)
class ArrayContext:
    """One constant array."""

    declaration: str
    """Without the semicolon: `const int8_t edgewright_weights_0[64]`."""
    definition: str
    """The whole of it."""


@dataclass(frozen=True, kw_only=True)
class StepContext:
    """One call of a kernel."""

    number: int
    """In the order of execution, from 0."""
    title: str
    """What it computes, for a comment."""
    kernel: str
    facts: tuple[str, ...]
    """Rows of the initializer of the kernel's facts."""
    inputs: tuple[str, ...]
    """What the kernel is given as an array; empty for a kernel of single pointers."""
    outputs: tuple[str, ...]
    arguments: tuple[str, ...]
    """Behind the facts."""


@dataclass(frozen=True, kw_only=True)
class ObservationContext:
    """One output of a layer that can be looked at, and when."""

    step_count: int
    """How many steps have run by then."""
    layer: int
    output: int
    offset: int
    nbytes: int


@dataclass(frozen=True, kw_only=True)
class BoundaryContext:
    """Where an input or output of the model lies."""

    offset: int
    nbytes: int


@dataclass(frozen=True, kw_only=True)
class StaticContext:
    """Everything that only this runtime's templates use."""

    kernels: tuple[str, ...]
    """Names of the kernels that are called, sorted."""
    arrays: tuple[ArrayContext, ...]
    steps: tuple[StepContext, ...]
    observations: tuple[ObservationContext, ...]
    inputs: tuple[BoundaryContext, ...]
    outputs: tuple[BoundaryContext, ...]


def static_context(model: StaticModel, layer_titles: tuple[str, ...], prefix: str = DEFAULT_PREFIX) -> StaticContext:
    """Compute what the templates need.

    Args:
        model: the compiled model.
        layer_titles: for each operator of the graph what a comment calls it; safe inside a comment.
        prefix: what the names of arrays begin with.
    """
    return StaticContext(
        kernels=tuple(sorted({call.kernel.name for call in model.calls if call is not None})),
        arrays=tuple(_arrays(model, prefix)),
        steps=tuple(_steps(model, layer_titles, prefix)),
        observations=tuple(_observations(model)),
        inputs=tuple(_place(model, index) for index in model.program.inputs),
        outputs=tuple(_place(model, index) for index in model.program.outputs),
    )


def _name(array: Array, model: StaticModel, prefix: str) -> str:
    """Return the C name of an array; equal ones share it."""
    return f"{prefix}_{'weights' if array.is_weights else 'table'}_{model.constant_numbers[array.identity]}"


def _arrays(model: StaticModel, prefix: str) -> list[ArrayContext]:
    return [
        ArrayContext(
            declaration=f"const {array_c_type(array)} {_name(array, model, prefix)}[{array.values.size}]",
            definition=array_definition(_name(array, model, prefix), array),
        )
        for array in model.constants
    ]


def _steps(model: StaticModel, titles: tuple[str, ...], prefix: str) -> list[StepContext]:
    found: list[StepContext] = []
    for position, (step, call) in enumerate(zip(model.program.steps, model.calls, strict=True)):
        if call is None:
            continue
        inputs, outputs = _inputs(model, step, call, prefix), _outputs(model, step)
        is_many = call.kernel.has_arrays
        pointers = ("inputs", "outputs") if is_many else (*inputs, *outputs)
        found.append(
            StepContext(
                number=len(found),
                title=", ".join(titles[layer] for layer in step.layers),
                kernel=call.kernel.name,
                facts=facts_initializer(call, lambda array: _name(array, model, prefix)),
                inputs=inputs if is_many else (),
                outputs=outputs if is_many else (),
                arguments=(*pointers, *_scratch(model, call, position)),
            )
        )
    return found


def _inputs(model: StaticModel, step: Step, call: Call, prefix: str) -> tuple[str, ...]:
    given = range(len(step.inputs)) if call.inputs is None else call.inputs
    return tuple(
        _name(one, model, prefix) if isinstance(one, Array) else _pointer(model, step.inputs[one], is_read=True)
        for one in given
    )


def _outputs(model: StaticModel, step: Step) -> tuple[str, ...]:
    return tuple(_pointer(model, index, is_read=False) for index in step.outputs)


def _scratch(model: StaticModel, call: Call, position: int) -> tuple[str, ...]:
    if not call.kernel.has_scratch:
        return ()
    offset = model.plan.scratch_offsets.get(position)
    return ("NULL" if offset is None else f"arena.bytes + {offset}",)


def _pointer(model: StaticModel, index: int, *, is_read: bool) -> str:
    """Return a pointer as kernels take it: bytes are int8_t to them, whatever they mean."""
    c_type = "float" if model.program.values[index].dtype is DType.FLOAT32 else "int8_t"
    return f"({'const ' if is_read else ''}{c_type} *)(arena.bytes + {model.plan.offsets[index]})"


def observed_places(model: StaticModel) -> tuple[tuple[int, int], ...]:
    """Return what an observer is shown, in order: for each output its operator and which of its outputs it is."""
    return tuple((seen.layer, seen.output) for seen in _observations(model))


def _observations(model: StaticModel) -> list[ObservationContext]:
    """Return what an observer sees: the outputs of each step whose values are those of the graph."""
    found: list[ObservationContext] = []
    step_count = 0
    for step in model.program.steps:
        step_count += not isinstance(step.operation, Reinterpretation)
        for output, index in enumerate(step.outputs):
            value = model.program.values[index]
            if value.is_exact and step.layers and step.inputs:
                found.append(
                    ObservationContext(
                        step_count=step_count,
                        layer=step.layers[-1],
                        output=output,
                        offset=model.plan.offsets[index],
                        nbytes=value.nbytes,
                    )
                )
    return found


def _place(model: StaticModel, index: int) -> BoundaryContext:
    return BoundaryContext(offset=model.plan.offsets[index], nbytes=model.program.values[index].nbytes)
