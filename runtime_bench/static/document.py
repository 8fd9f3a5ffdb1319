"""The static engine's measurements as a section of `docs/benchmarks.md`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgewright.runtime_bench.static.figures import CoreResult, StaticNetwork, StaticResults
from edgewright.runtime_bench.static.yardsticks import INTERPRETER, TITLES

HEAD = """## The static engine

The same four networks as plain C, each run once under QEMU; instructions are counted exactly, cycles are not.
Made on {date} at commit `{commit}` with `{command}`; compiled with -O2 by {compilers}.

### One inference

Million instructions; behind the slash those that TensorFlow Lite Micro executes there for the same architecture.
They were counted once with the same compiler; "about" is an estimate from single layers.
"""
MEMORY_HEAD = """### Memory on a Cortex-M4

Flash beside the constants is what a linked program has more than one without the model: code and facts of the model,
and what they pull in from libgcc and libc, without start-up, self-test and console.
Constants are weights, biases, multipliers, shifts and tables.
The arena holds all activations and scratch; "tensors" is the most that is alive together in the graph as it is.
"""
LAYERS_HEAD = """### By layer

Instructions, and instructions for one multiply-accumulate, of the steps that take the most.
"""
SHOWN_STEPS = 12


def render_section(results: StaticResults) -> str:
    """Return the section as Markdown."""
    head = HEAD.format(
        date=results.date, commit=results.commit, command=results.command, compilers=" and ".join(results.compilers)
    )
    parts = [head, *_instructions(results.networks), "", MEMORY_HEAD, *_memory(results.networks), "", LAYERS_HEAD]
    for network in results.networks:
        parts += [f"{_title(network)}:", "", *_steps(network), ""]
    return "\n".join(parts).rstrip() + "\n"


def _title(network: StaticNetwork) -> str:
    return f"{network.name.replace('_', ' ')} ({network.title})"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _instructions(networks: Sequence[StaticNetwork]) -> Iterator[str]:
    yield _row(("core", *(network.name.replace("_", " ") for network in networks)))
    yield "|---|" + "---:|" * len(networks)
    yield _row(("MACs", *(f"{network.macs / 1e6:.2f} M" for network in networks)))
    for number, core in enumerate(networks[0].cores):
        cells = []
        for network in networks:
            theirs = INTERPRETER.get((core.core, network.name))
            beside = f" / {theirs}" if theirs else ""
            cells.append(f"{network.cores[number].instructions / 1e6:.2f}{beside}")
        yield _row((TITLES.get(core.core, core.core), *cells))


def _memory(networks: Sequence[StaticNetwork]) -> Iterator[str]:
    yield _row(("", *(network.name.replace("_", " ") for network in networks)))
    yield "|---|" + "---:|" * len(networks)
    found = [next(core for core in network.cores if core.core == "cortex-m4") for network in networks]
    yield _row(("flash beside the constants", *(f"{one.code_bytes:,}" for one in found)))
    yield _row(("constants", *(f"{one.constant_bytes:,}" for one in found)))
    yield _row(("arena", *(f"{one.arena_bytes:,}" for one in found)))
    yield _row(("of it scratch, where most", *(f"{one.scratch_bytes:,}" for one in found)))
    yield _row(("tensors", *(f"{network.tensor_bytes:,}" for network in networks)))
    yield _row(("stack", *(f"{one.stack_bytes:,}" for one in found)))


def _steps(network: StaticNetwork) -> Iterator[str]:
    cores = network.cores
    yield _row(("layer", "kernel", *(TITLES.get(core.core, core.core) for core in cores)))
    yield "|---|---|" + "---:|" * len(cores)
    first = cores[0]
    order = sorted(range(len(first.steps)), key=lambda number: -first.steps[number].instructions)
    for number in sorted(order[:SHOWN_STEPS]):
        step = first.steps[number]
        yield _row((step.layers[0], step.kernel, *(_cost(core, number) for core in cores)))


def _cost(core: CoreResult, number: int) -> str:
    step = core.steps[number]
    each = f" ({step.instructions / step.macs:.2f})" if step.macs else ""
    return f"{step.instructions:,}{each}"
