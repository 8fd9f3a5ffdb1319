"""Which methods of TFLM's `MicroMutableOpResolver` register the operators that a model needs."""

from __future__ import annotations

from dataclasses import dataclass

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.operator_support import require_kernel, uses
from edgewright.pipeline.operator_tables import family_table
from edgewright.pipeline.target import Family, Target
from edgewright.pipeline.vocabulary import EmissionModel

SHOWN_LAYERS = 3


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One operator that the resolver has to know, and the layers that need it."""

    method: str
    operator: str
    layers: str
    """Names of the first few layers, for people."""


def registrations(model: EmissionModel, target: Target, family: Family) -> tuple[Registration, ...]:
    """Return the registrations that a model needs, each once, sorted by method; none for a family without TFLM.

    Raises:
        TfliteError: the model has no operator, or one that the family's TFLM lacks.
    """
    if not model.graph.main.operators:
        raise TfliteError("The model has no operator; give a .tflite that computes something.")
    table = family_table(family)
    if table is None:
        return ()
    needed: dict[str, tuple[str, list[str]]] = {}
    for use in uses(model.graph, model.layer_names):
        facts = require_kernel(use, table, target, family)
        needed.setdefault(facts.method, (use.operator.label, []))[1].append(use.layer)
    return tuple(
        Registration(method=method, operator=label, layers=_enumerate(names))
        for method, (label, names) in sorted(needed.items())
    )


def _enumerate(names: list[str]) -> str:
    unique = list(dict.fromkeys(names))
    shown = ", ".join(unique[:SHOWN_LAYERS])
    return shown if len(unique) <= SHOWN_LAYERS else f"{shown} and {len(unique) - SHOWN_LAYERS} more"
