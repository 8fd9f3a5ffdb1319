"""Other orders of execution: where a graph has branches, which operator runs first decides what is alive together.

A state is the set of operators that have run; what is alive follows from it. The search goes through the states by the
most bytes that were needed on the way, so the first complete order that it meets needs the least. Where the steps run
out, a beam of the best states of each length looks for a better order than the graph's own.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from edgewright.pipeline.arena.buffers import Scratch, tensor_buffers
from edgewright.pipeline.graph.types import ABSENT, DType, Graph, Operator
from edgewright.pipeline.rounding import round_up

ALIGNMENT = 16
STATES = 20_000
BEAM = 64

_FIXED = frozenset({
    "CUSTOM", "IF", "WHILE", "CALL", "CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE", "RANDOM_UNIFORM",
    "RANDOM_STANDARD_NORMAL", "MULTINOMIAL", "SVDF", "LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM", "DELAY",
})  # fmt: skip
_STATEFUL = frozenset({DType.RESOURCE, DType.VARIANT})


def reorder_operators(graph: Graph, scratch: Scratch, states: int = STATES) -> tuple[int, ...] | None:
    """Look for an order of the main subgraph's operators that needs fewer bytes at its worst moment.

    Operators with a state keep the order among themselves.

    Args:
        graph: the model; one that calls subgraphs stays as it is.
        scratch: what the operators' kernels request.
        states: that are looked at; the same ones on every computer.

    Returns:
        For each place in the new order the operator's index in the old one, or None where no better one was found.
    """
    if len(graph.subgraphs) > 1 or len(graph.main.operators) < 2:
        return None
    return find_order(_network(graph, scratch), states)


@dataclass(frozen=True, kw_only=True)
class Network:
    """What the search looks at; sets of operators are bits."""

    before: tuple[int, ...]
    """Operators that must have run before each one."""
    reads: tuple[tuple[int, ...], ...]
    writes: tuple[tuple[int, ...], ...]
    """Tensors that the planner places."""
    scratch_bytes: tuple[int, ...]
    tensor_bytes: Mapping[int, int]
    readers: Mapping[int, int]
    """Operators that read each tensor."""
    lasting: frozenset[int]
    """Tensors that live to the end."""
    given: frozenset[int]
    """Tensors that live from the start."""


def find_order(network: Network, states: int = STATES, beam: int = BEAM) -> tuple[int, ...] | None:
    """Look for an order that needs fewer bytes at its worst moment than the order as it is.

    Args:
        network: operators, and what they read and write.
        states: that are looked at.
        beam: states of each length that are kept after that.

    Returns:
        For each place in the new order the operator's index, or None where no better one was found.
    """
    search = _Search(network)
    own_bytes = search.peak_of(range(len(network.before)))
    if own_bytes == search.least_bytes:
        return None
    return search.best_first(own_bytes, states, beam)


def _network(graph: Graph, scratch: Scratch) -> Network:
    main = graph.main
    writer = {index: operator.index for operator in main.operators for index in operator.outputs if index != ABSENT}
    nbytes = {
        index: buffer.nbytes
        for index, buffer in enumerate(tensor_buffers(graph))
        if buffer is not None and (index in writer or index in main.inputs)
    }
    readers: dict[int, int] = dict.fromkeys(nbytes, 0)
    for operator in main.operators:
        for index in operator.inputs:
            if index in readers:
                readers[index] |= 1 << operator.index
    before, fixed = [], 0
    for operator in main.operators:
        needed = 0
        for index in operator.inputs:
            needed |= 1 << writer[index] if index in writer else 0
        if _keeps_its_turn(graph, operator):
            needed, fixed = needed | fixed, fixed | 1 << operator.index
        before.append(needed)
    return Network(
        before=tuple(before),
        reads=tuple(tuple(sorted(set(one.inputs) & nbytes.keys())) for one in main.operators),
        writes=tuple(tuple(sorted(set(one.outputs) & nbytes.keys())) for one in main.operators),
        scratch_bytes=tuple(
            sum(round_up(request, ALIGNMENT) for request in scratch.get((0, one.index), ())) for one in main.operators
        ),
        tensor_bytes=nbytes,
        readers=readers,
        lasting=frozenset(main.outputs),
        given=frozenset(index for index in main.inputs if readers.get(index) or index in main.outputs),
    )


def _keeps_its_turn(graph: Graph, operator: Operator) -> bool:
    if operator.op in _FIXED or any(operator.mutating_variable_inputs):
        return True
    tensors = [graph.main.tensors[index] for index in (*operator.inputs, *operator.outputs) if index >= 0]
    return any(tensor.is_variable or tensor.dtype in _STATEFUL for tensor in tensors)


@dataclass(frozen=True, kw_only=True)
class _State:
    """Operators that have run, and how it came to that."""

    done: int
    alive_bytes: int
    peak_bytes: int
    order: tuple[int, ...] = field(compare=False)


class _Search:
    """Steps from state to state."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._all = (1 << len(network.before)) - 1
        self.least_bytes = max(
            sum(network.tensor_bytes[index] for index in {*reads, *writes}) + scratch_bytes
            for reads, writes, scratch_bytes in zip(network.reads, network.writes, network.scratch_bytes, strict=True)
        )

    def peak_of(self, order: range) -> int:
        """Return what an order needs at its worst moment."""
        state = self._start()
        for operator in order:
            state = self._run(state, operator)
        return state.peak_bytes

    def best_first(self, limit_bytes: int, states: int, beam: int) -> tuple[int, ...] | None:
        """Return the order that needs least, or None where none needs less than a limit."""
        heap = [(0, 0, 0, self._start())]
        seen: set[int] = set()
        number = 0
        while heap and len(seen) < states:
            state = heapq.heappop(heap)[-1]
            if state.done == self._all:
                return state.order
            if state.done in seen:
                continue
            seen.add(state.done)
            for after in self._steps(state, limit_bytes):
                number += 1
                heapq.heappush(heap, (after.peak_bytes, -len(after.order), number, after))
        return self._beam(limit_bytes, beam) if heap else None

    def _beam(self, limit_bytes: int, beam: int) -> tuple[int, ...] | None:
        states = [self._start()]
        while states and states[0].done != self._all:
            found: dict[int, _State] = {}
            for state in states:
                for after in self._steps(state, limit_bytes):
                    other = found.get(after.done)
                    if other is None or after.peak_bytes < other.peak_bytes:
                        found[after.done] = after
            states = sorted(found.values(), key=lambda one: (one.peak_bytes, one.alive_bytes, one.order))[:beam]
        return states[0].order if states else None

    def _start(self) -> _State:
        nbytes = sum(self._network.tensor_bytes[index] for index in self._network.given)
        return _State(done=0, alive_bytes=nbytes, peak_bytes=nbytes, order=())

    def _steps(self, state: _State, limit_bytes: int) -> Iterator[_State]:
        """Give the states that follow below a limit; only one where an operator costs nothing, for it may go first."""
        following = []
        for operator, before in enumerate(self._network.before):
            if not state.done >> operator & 1 and before & ~state.done == 0:
                after = self._run(state, operator)
                if after.alive_bytes <= state.alive_bytes and after.peak_bytes == state.peak_bytes:
                    yield after
                    return
                following.append(after)
        yield from (after for after in following if after.peak_bytes < limit_bytes)

    def _run(self, state: _State, operator: int) -> _State:
        network = self._network
        done = state.done | 1 << operator
        written = sum(network.tensor_bytes[index] for index in network.writes[operator])
        dead = [
            index
            for index in {*network.reads[operator], *network.writes[operator]}
            if network.readers[index] & ~done == 0 and index not in network.lasting
        ]
        during = state.alive_bytes + written + network.scratch_bytes[operator]
        return _State(
            done=done,
            alive_bytes=state.alive_bytes + written - sum(network.tensor_bytes[index] for index in dead),
            peak_bytes=max(state.peak_bytes, during),
            order=(*state.order, operator),
        )
