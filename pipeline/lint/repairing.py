"""Repairing a model: every safe fix, and the proof that it computes the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from edgewright.pipeline.errors import InterpreterError, TfliteError
from edgewright.pipeline.golden import extreme_inputs, random_inputs
from edgewright.pipeline.graph import read, require_full_integer, write
from edgewright.pipeline.graph.types import Graph
from edgewright.pipeline.interpreters import Array, Request, run, tflm_engine
from edgewright.pipeline.lint.inspection import inspect
from edgewright.pipeline.lint.rules import RULES
from edgewright.pipeline.lint.vocabulary import Context, Finding, Rule
from edgewright.pipeline.proof import differing_samples

PROOF_INPUTS = 100
"""Random inputs; the two extremes come on top."""
FIRST_SEED = 1


@dataclass(frozen=True, kw_only=True)
class Repaired:
    """A model after every safe fix."""

    context: Context
    """The changed model, on its way to the same place."""
    fixed: tuple[Finding, ...]
    """What was repaired, as it was found before; empty where there was nothing to repair."""
    input_count: int
    """How many inputs were compared, the extremes among them."""


def repair(context: Context, rules: Iterable[Rule] = RULES, *, notes: bool = True) -> Repaired:
    """Apply the fixes of rules, one after the other, and prove that the outputs are equal to the byte.

    Args:
        context: the model and where it goes.
        rules: which ones; those without a fix change nothing.
        notes: whether to repair what is right as the firmware is configured, too.

    Raises:
        TfliteError: a fix did not help, or changed an output; or the model is none that can be compared.
        InterpreterError: TFLM refused the model as it was.
    """
    chosen = tuple(rules)
    wanted = _wanted(context, chosen, notes=notes)
    if not wanted:
        return Repaired(context=context, fixed=(), input_count=0)
    current = context
    for rule in chosen:
        found = _wanted(current, [rule], notes=notes)
        if rule.fix is not None and found:
            changed = rule.fix(current, found)
            tflite = write(changed.graph)
            graph = read(tflite, source="the repaired model")
            current = replace(current, graph=graph, tflite=tflite, layers=changed.layers)
    for left in _wanted(current, chosen, notes=notes):
        raise TfliteError(
            f"The fix of the rule {left.rule} did not repair the layer {left.layer}; this is a defect of edgewright, "
            "and nothing was changed."
        )
    return Repaired(context=current, fixed=wanted, input_count=_prove(context, current))


def _wanted(context: Context, rules: Iterable[Rule], *, notes: bool) -> tuple[Finding, ...]:
    return tuple(one for one in inspect(context, rules) if one.is_fixable and (notes or one.severity.is_serious))


def _prove(before: Context, after: Context) -> int:
    """Compare both models' outputs in TFLM's interpreter, and return on how many inputs."""
    require_full_integer(before.graph, "the model to repair")
    inputs = _inputs(before.graph)
    expected = run(Request(engine=tflm_engine(), tflite=before.tflite, inputs=inputs)).outputs
    try:
        actual = run(Request(engine=tflm_engine(), tflite=after.tflite, inputs=inputs)).outputs
    except InterpreterError as error:
        raise TfliteError(f"The repaired model does not run ({error}); nothing was changed.") from error
    differing = differing_samples(expected, actual)
    if differing:
        raise TfliteError(
            f"The repaired model gives other outputs for {differing} of {len(inputs[0])} inputs; nothing was changed."
        )
    return len(inputs[0])


def _inputs(graph: Graph) -> tuple[Array, ...]:
    pairs = zip(random_inputs(graph, FIRST_SEED, PROOF_INPUTS), extreme_inputs(graph), strict=True)
    return tuple(np.concatenate(pair) for pair in pairs)
