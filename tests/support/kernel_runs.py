"""Graphs of one operator through every kernel that accepts them, against TensorFlow Lite Micro."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from support.kernels import Job, Values, make_job, overlap_distance, run_on_core, run_on_host
from support.static_operators import draw_samples
from support.static_tflm import tflm_outputs

from edgewright.pipeline.codegen.evaluation import compute
from edgewright.pipeline.codegen.kernels import KERNELS
from edgewright.pipeline.codegen.operations import Operation
from edgewright.pipeline.codegen.program import Program
from edgewright.pipeline.codegen.reading import read_program
from edgewright.pipeline.graph import Graph
from edgewright.pipeline.layers import name_layers
from edgewright.runtime_bench.cores import Core

Run = Callable[[Sequence[Job], Path], list[tuple[Values, ...]]]

SAMPLES = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Trial:
    """A job and what it must give."""

    job: Job
    expected: tuple[Values, ...]

    @property
    def title(self) -> str:
        """What it is, for a failure."""
        shared = "" if self.job.distance is None else f", output at {self.job.distance} of input {self.job.shared}"
        return f"{self.job.call.kernel.name}{shared}"


def trials_of_graph(graph: Graph, *, count: int = SAMPLES) -> list[Trial]:
    """Return what TFLM's outputs are for the smallest, the largest and random inputs, for every kernel of a graph."""
    program = read_program(graph, name_layers(graph))
    samples = draw_samples(graph, count)
    return [
        trial
        for sample, expected in zip(samples, tflm_outputs(graph, samples), strict=True)
        for trial in trials(program, [sample[program.inputs.index(i)] for i in program.steps[0].inputs], expected)
    ]


def trials_of_operation(program: Program, inputs: Sequence[Values]) -> list[Trial]:
    """Return the same of a program of one step, against the evaluator."""
    return trials(program, inputs, compute(program.steps[0].operation, inputs))


def trials(program: Program, inputs: Sequence[Values], expected: Sequence[Values]) -> list[Trial]:
    """Return trials of every kernel that accepts the only step, with output over input too where that may be."""
    found = []
    for kernel in KERNELS:
        if isinstance(program.steps[0].operation, kernel.operation) and kernel.accepts(program.steps[0], program):
            plain = make_job(kernel, program, inputs)
            found += [Trial(job=job, expected=tuple(expected)) for job in (plain, *_overlapped(plain))]
    return found


def assert_exact(tried: Sequence[Trial], folder: Path, run: Run = run_on_host) -> None:
    """Run all trials in one program and compare every element."""
    assert tried
    for trial, outputs in zip(tried, run([trial.job for trial in tried], folder), strict=True):
        for found, expected in zip(outputs, trial.expected, strict=True):
            np.testing.assert_array_equal(found, expected.reshape(-1), err_msg=trial.title)


def assert_graphs_exact(graphs: Mapping[str, Callable[[], Graph]], folder: Path, run: Run = run_on_host) -> None:
    """Run graphs of one operator each and compare every element with TFLM's."""
    assert_exact([trial for make in graphs.values() for trial in trials_of_graph(make())], folder, run)


def on_core(core: Core) -> Run:
    """Return what runs jobs on an emulated core, as many at a time as half of its memory holds."""

    def run(jobs: Sequence[Job], folder: Path) -> list[tuple[Values, ...]]:
        found: list[tuple[Values, ...]] = []
        for number, part in enumerate(_parts(jobs, core.memory.ram_bytes // 2)):
            found += run_on_core(part, folder / str(number), core)
        return found

    return run


def kernel_names(tried: Sequence[Trial]) -> set[str]:
    """Return the names of the kernels that are tried."""
    return {trial.job.call.kernel.name for trial in tried}


def names_for(operation: Operation, program: Program) -> set[str]:
    """Return the names of the kernels that accept an operation."""
    step = program.steps[0]
    return {one.name for one in KERNELS if isinstance(operation, one.operation) and one.accepts(step, program)}


def _overlapped(plain: Job) -> Iterator[Job]:
    overlap = plain.call.overlap
    if plain.inputs:
        distance = overlap_distance(overlap, plain.inputs[0], plain.outputs[0])
        if distance is not None:
            yield replace(plain, distance=distance)
    if overlap.is_second_in_place:
        yield replace(plain, distance=0, shared=1)


def _parts(jobs: Sequence[Job], most_bytes: int) -> Iterator[list[Job]]:
    part: list[Job] = []
    taken = 0
    for job in jobs:
        nbytes = sum(one.nbytes for one in (*job.inputs, *job.outputs)) + job.call.scratch_bytes
        if part and taken + nbytes > most_bytes:
            yield part
            part, taken = [], 0
        part.append(job)
        taken += nbytes
    yield part
