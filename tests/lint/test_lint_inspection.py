"""All rules on any model: what they find is sound, and what they cannot look at is refused with a sentence."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from support.graph_strategies import graphs
from support.hazards import ASSEMBLY, context
from support.models import reference_models

from edgewright.pipeline.errors import BadInputError, TfliteError
from edgewright.pipeline.graph import Graph, read
from edgewright.pipeline.layers import name_layers
from edgewright.pipeline.lint import RULES, Context, Severity, choose_rules, inspect
from edgewright.pipeline.target import load_family, load_target, target_names

PLACES = [(name, family) for name in target_names() for family in load_target(name).families]


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(graph=graphs())
def test_any_model_is_looked_at(graph: Graph) -> None:
    """Whatever the reader accepts, the rules find something or nothing, or one sentence says what is missing."""
    for board, sdkconfig in (("esp32s3", ASSEMBLY), ("nrf52840dk", None), ("android", None)):
        try:
            findings = inspect(context(graph, board, sdkconfig=sdkconfig))
        except TfliteError as error:
            assert str(error).endswith(".")
            continue
        assert {rule.name for rule in RULES} >= {finding.rule for finding in findings}


@pytest.mark.parametrize(("board", "family"), PLACES)
def test_the_models_of_others_raise_no_false_alarm(board: str, family: str) -> None:
    """MLPerf Tiny's models and a dozen others run everywhere, but one whose scales a library for Arduino ignores."""
    for path in sorted(reference_models().rglob("*.tflite")):
        tflite = path.read_bytes()
        graph = read(tflite)
        going = Context(
            graph=graph, tflite=tflite, layers=name_layers(graph), target=load_target(board), family=load_family(family)
        )
        found = {(finding.severity, finding.rule) for finding in inspect(going) if finding.severity.is_serious}
        accepted = {(Severity.WARNING, "unaligned-buffer")}
        if family == "arduino" and path.stem == "mnist_cnn_perchannel_dense":
            accepted.add((Severity.ERROR, "per-channel-weights"))
        assert found <= accepted, path


def test_rules_are_chosen_by_name() -> None:
    """Names choose rules, in the order of all of them; no name chooses all, and a wrong one is refused."""
    names = ["unaligned-buffer", "operator-types"]

    assert ["operator-types", "unaligned-buffer"] == [rule.name for rule in choose_rules(names)]
    assert RULES == choose_rules([])
    with pytest.raises(BadInputError, match='Unknown rule "hybrid": did you mean "hybrid-operator"'):
        choose_rules(["hybrid"])
