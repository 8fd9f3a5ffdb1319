"""All the ways in which one layer can be written as two, and what each costs."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from edgewright.pipeline.surgery.decompositions import Decomposition, decompositions_of, retained_energies
from edgewright.pipeline.surgery.layer_costs import calls, layer_macs, layer_parameters
from edgewright.pipeline.surgery.ranks import Candidate, Choice
from edgewright.pipeline.surgery.rebuild import KerasLayer


def choice_of(layer: KerasLayer, decompositions: Collection[Decomposition]) -> Choice:
    """Return every rank of every decomposition of a layer.

    Args:
        layer: a Dense layer, or a Conv2D without groups, of a functional model with fixed shapes.
        decompositions: the forms that may be used.
    """
    shape = tuple(layer.kernel.shape)
    usable = [decomposition for decomposition in decompositions_of(shape) if decomposition in decompositions]
    return Choice(
        layer=layer.name,
        macs=layer_macs(layer),
        parameters=layer_parameters(layer),
        candidates=tuple(candidate for decomposition in usable for candidate in _candidates(layer, decomposition)),
    )


def _candidates(layer: KerasLayer, decomposition: Decomposition) -> Iterator[Candidate]:
    first_macs, second_macs, parameters = _costs_of_one_rank(layer, decomposition)
    bias_count = layer.units if type(layer).__name__ == "Dense" else layer.filters
    bias_count = bias_count if layer.use_bias else 0
    for rank, retained in enumerate(retained_energies(layer.kernel.numpy(), decomposition), start=1):
        yield Candidate(
            decomposition=decomposition,
            rank=rank,
            macs=rank * (first_macs + second_macs),
            parameters=rank * parameters + bias_count,
            retained_energy=float(retained),
        )


def _costs_of_one_rank(layer: KerasLayer, decomposition: Decomposition) -> tuple[int, int, int]:
    """Return the multiply-accumulates of both layers, over all calls, and the parameters of both, at rank 1."""
    *window, inputs, outputs = layer.kernel.shape
    shapes = calls(layer)
    if decomposition is Decomposition.SPATIAL:
        height, width = window
        # The first layer has the height of the output and still the width of the input.
        between = sum(result[0] * given[1] for given, result in shapes)
        after = sum(result[0] * result[1] for _, result in shapes)
        return between * height * inputs, after * width * outputs, height * inputs + width * outputs
    elements = int(layer.kernel.numpy().size) // outputs
    positions = layer_macs(layer) // (elements * outputs)
    return positions * elements, positions * outputs, elements + outputs
