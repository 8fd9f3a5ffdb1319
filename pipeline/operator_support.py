"""Whether a family's TensorFlow Lite Micro computes what a model needs: operators, their types and their versions.

The interpreter looks at no version, and some kernels take a type or a scale for another without a word: what they
cannot compute is found here, before anything is emitted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from edgewright.pipeline.codegen.reading import read_program
from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph.types import ABSENT, DType, Graph, Operator, Subgraph, Tensor
from edgewright.pipeline.operator_tables import (
    PAIR,
    OperatorFacts,
    OperatorTable,
    family_table,
    load_additions,
)
from edgewright.pipeline.target import Family, Target, family_names, load_family
from edgewright.pipeline.vocabulary import Runtime

OFTEN_USED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "MUL")
LISTED = 5
USER = "user"


@dataclass(frozen=True, kw_only=True)
class Use:
    """One operator of a model and the layer that it comes from."""

    layer: str
    operator: Operator
    subgraph: Subgraph

    @property
    def place(self) -> str:
        """How a sentence begins that is about this operator."""
        kind = "" if self.operator.custom_name is None else "custom "
        return f'Operator {self.operator.index} ({kind}{self.operator.label}) of layer "{self.layer}"'

    def input(self, position: int) -> Tensor | None:
        """The tensor that is read at a position, or None where there is none."""
        inputs = self.operator.inputs
        found = position < len(inputs) and inputs[position] != ABSENT
        return self.subgraph.tensors[inputs[position]] if found else None


class Lack(Enum):
    """What of an operator a table lacks."""

    KERNEL = "kernel"
    TYPES = "types"
    CHANNELS = "channels"
    VERSION = "version"


@dataclass(frozen=True, kw_only=True)
class Shortcoming:
    """What a table lacks for an operator, and what to change in the model."""

    kind: Lack
    lack: str
    repair: str


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """One operator that a family does not compute, for people: two parts of one sentence."""

    use: Use
    kind: Lack
    reason: str
    """What is lacking where."""
    way_out: str
    """What to change in the model, and which other family computes it as it is."""

    @property
    def sentence(self) -> str:
        """Both parts, with the operator and its layer in front."""
        return f"{self.use.place} {self.reason}; {self.way_out}."


def uses(graph: Graph, layers: Sequence[str]) -> tuple[Use, ...]:
    """Return every operator of a model, those of called subgraphs too.

    Args:
        graph: the model.
        layers: one name for each operator of the main subgraph.
    """
    main = zip(layers, graph.main.operators, strict=True)
    called = (
        (f"{subgraph.name} (operator {operator.index})", operator, subgraph)
        for subgraph in graph.subgraphs[1:]
        for operator in subgraph.operators
    )
    found = [*((layer, operator, graph.main) for layer, operator in main), *called]
    return tuple(Use(layer=layer, operator=operator, subgraph=subgraph) for layer, operator, subgraph in found)


def require_operators(graph: Graph, layers: Sequence[str], target: Target, family: Family) -> None:
    """Refuse a model that a family's TFLM, or the static runtime, cannot compute.

    Args:
        graph: the model.
        layers: one name for each operator of the main subgraph.
        target: its other families are looked at for a way out.
        family: which firmware is emitted; one over LiteRT takes everything.

    Raises:
        TfliteError: an operator is missing, too new, or lacks the types; the sentence says which, and a way out.
        TargetError: a table is broken.
    """
    if family.runtime is Runtime.STATIC:
        read_program(graph, tuple(layers))
        return
    for complaint in complaints(graph, layers, target, family):
        raise TfliteError(complaint.sentence)


def complaints(graph: Graph, layers: Sequence[str], target: Target, family: Family) -> Iterator[Complaint]:
    """Yield all that the TFLM of a family lacks for a model; the arguments are those of `require_operators`.

    Raises:
        TargetError: a table is broken.
    """
    table = family_table(family)
    if table is None:
        return
    for use in uses(graph, layers):
        for found in _shortcomings(use, table):
            yield _complaint(use, found, table, target, family)


def supports(graph: Graph, layers: Sequence[str], target: Target, family: Family) -> bool:
    """Return whether a family computes all of a model; the arguments are those of `require_operators`."""
    try:
        require_operators(graph, layers, target, family)
    except TfliteError:
        return False
    return True


def require_kernel(use: Use, table: OperatorTable, target: Target, family: Family) -> OperatorFacts:
    """Return what a family's table knows of an operator.

    Raises:
        TfliteError: there is no such operator; the sentence names it, its layer and a way out.
    """
    facts = _find(use, table)
    if facts is None:
        raise TfliteError(_complaint(use, _missing(use, table), table, target, family).sentence)
    return facts


def _find(use: Use, table: OperatorTable) -> OperatorFacts | None:
    return table.find(use.operator.label, is_custom=use.operator.custom_name is not None)


def _shortcomings(use: Use, table: OperatorTable) -> tuple[Shortcoming, ...]:
    facts = _find(use, table)
    if facts is None:
        return (_missing(use, table),)
    checks: tuple[Callable[[Use, OperatorFacts], Shortcoming | None], ...] = (_of_types, _of_channels, _of_version)
    return tuple(found for check in checks if (found := check(use, facts)) is not None)


def _missing(use: Use, table: OperatorTable) -> Shortcoming:
    advice = f"build that layer from operators that have one ({_related(use.operator.label, table)})"
    return Shortcoming(kind=Lack.KERNEL, lack="has no kernel in", repair=f"{advice} and convert again")


def _of_types(use: Use, facts: OperatorFacts) -> Shortcoming | None:
    pair = types_of(use, facts)
    if facts.types is None or pair is None or pair in facts.types:
        return None
    data, _, weights = pair.partition(PAIR)
    said = f"{data} with {weights} weights" if weights else data
    accepted = ", ".join(facts.types)
    return Shortcoming(
        kind=Lack.TYPES,
        lack=f"computes {said}, and there are kernels for {accepted} only in",
        repair=_retype(pair, facts),
    )


def _retype(pair: str, facts: OperatorFacts) -> str:
    data, _, weights = pair.partition(PAIR)
    types = [one.partition(PAIR)[0] for one in facts.types or ()]
    if data == DType.INT16.value and DType.INT8.value in types:
        return 'set activations = "int8" in the stage convert, or convert the model with int8 activations'
    if DType(data).is_float and weights and not DType(weights).is_float:
        return "quantize the activations as well: convert with representative samples to a full-integer model"
    if data in types and weights:
        return "convert the model with int8 weights"
    return f"build that layer so that it computes {' or '.join(dict.fromkeys(types))}"


def _of_channels(use: Use, facts: OperatorFacts) -> Shortcoming | None:
    weights = None if facts.weights_input is None else use.input(facts.weights_input)
    is_per_channel = weights is not None and weights.quantization is not None and weights.quantization.is_per_channel
    pair = types_of(use, facts)
    if facts.per_channel is None or not is_per_channel or pair is None or pair in facts.per_channel:
        return None
    return Shortcoming(
        kind=Lack.CHANNELS,
        lack=f"has weights with a scale for each channel ({pair}), which is not computed by",
        repair='set per_channel_dense = false and scales = "fixed" in the stage convert, or convert the model with a '
        "scale for each tensor",
    )


def _of_version(use: Use, facts: OperatorFacts) -> Shortcoming | None:
    version = use.operator.version
    if version <= facts.version:
        return None
    added = load_additions().get(use.operator.label, {}).get(version)
    what = f" ({added})" if added else ""
    without = f"without {added}" if added else f"so that it needs no more than version {facts.version}"
    return Shortcoming(
        kind=Lack.VERSION,
        lack=f"has version {version}{what}, and only versions up to {facts.version} are computed by",
        repair=f"build that layer {without} and convert again",
    )


def types_of(use: Use, facts: OperatorFacts) -> str | None:
    """Return the types as a table writes them, or None where the operator lacks the inputs that tell them."""
    positions = [facts.data_input] if facts.weights_input is None else [facts.data_input, facts.weights_input]
    tensors = [use.input(position) for position in positions]
    return None if None in tensors else PAIR.join(tensor.dtype.value for tensor in tensors if tensor is not None)


def _complaint(use: Use, found: Shortcoming, table: OperatorTable, target: Target, family: Family) -> Complaint:
    able = [name for name in family_names() if _has(use, family_table(load_family(name)))]
    where, way_out = "TensorFlow Lite Micro", found.repair
    if able:
        near = [name for name in target.families if name in able]
        other = f"family={near[0]}" if near else f"on other targets {', '.join(able)}"
        where, way_out = _described(table, family), f"{found.repair}, or choose another family: {other}"
    return Complaint(use=use, kind=found.kind, reason=f"{found.lack} {where}", way_out=way_out)


def _has(use: Use, table: OperatorTable | None) -> bool:
    """Return whether a family's TFLM computes an operator; one without TFLM is no way out of firmware."""
    return table is not None and not _shortcomings(use, table)


def _described(table: OperatorTable, family: Family) -> str:
    if family.tflm_revision == USER:
        return (
            f"the TensorFlow Lite Micro that {family.name} is held to, since the copy is yours ({table.revision} of "
            f"{table.date})"
        )
    return f"the TensorFlow Lite Micro of {family.name} ({table.revision} of {table.date})"


def _related(label: str, table: OperatorTable) -> str:
    words = {word for word in label.upper().split("_") if len(word) > 2}
    related = [name for name in table.operators if words & set(name.split("_"))]
    return ", ".join(related[:LISTED] or OFTEN_USED)
