"""Every stage alone and the chains that people use, on five kinds of networks: done right, or refused at once.

What is done and what is refused is written in `docs/support.md`, which the complete grid holds to the last character
(`--golden-update` writes it), and the reduced one cell by cell.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.grid import CASES, REFUSED, Case, Outcome, prepare_network, run_case
from support.networks import NETWORKS, PECULIAR, build_model
from support.quantized import steps_apart
from support.recount import recount
from support.support_page import PAGE, read_page, render_page

from edgewright.pipeline.chain import Chain, Step
from edgewright.pipeline.feeding import model_inputs, real_outputs
from edgewright.pipeline.graph import read
from edgewright.pipeline.interpreters import Request, run, tflm_engine
from edgewright.pipeline.measurement import artefact_output_shapes, predict_artefact
from edgewright.pipeline.stages import STAGES
from edgewright.pipeline.stages.convert import convert_artefact

MOST_STEPS_APART = 12
"""Mean distance of a network's outputs in TFLM and in float, in 255ths of their range."""
REDUCED = {
    ("convert-int16", "depthwise"),
    ("factorize", "1-D"),
    ("channel-distill", "residual"),
    ("qat", "autoencoder"),
}
"""What `make test` runs: each stage once."""

Run = Callable[[str, str], Outcome]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A function that runs a case on a network, once; what cases of a network have in common is made once, too."""
    folders: dict[str, Path] = {}
    outcomes: dict[tuple[str, str], Outcome] = {}

    def obtain(case: str, name: str) -> Outcome:
        network = {**NETWORKS, **PECULIAR}[name]
        if name not in folders:
            folder = tmp_path_factory.mktemp("grid") / name
            folders[name] = prepare_network(network, folder, is_trained=name in NETWORKS)
        if (case, name) not in outcomes:
            outcomes[case, name] = run_case(CASES[case], network, folders[name])
        return outcomes[case, name]

    return obtain


def _cell(case: str, network: str) -> object:
    mark = pytest.mark.slow if (case, network) in REDUCED else pytest.mark.full
    return pytest.param(case, network, marks=mark, id=f"{case}-{network}")


def test_every_stage_is_in_the_grid() -> None:
    """Each registered stage stands alone in some row."""
    alone = {case.stages[0]["stage"] for case in CASES.values() if len(case.stages) <= 2}
    assert {stage.name for stage in STAGES} == alone


def test_a_page_reads_as_it_was_written() -> None:
    """A page with a cell that was refused, too, is read as what it was written from."""
    cells = [(case, network) for case in CASES for network in NETWORKS]
    found = {**dict.fromkeys(cells), cells[3]: 'prune: no layer ("a").', cells[7]: "Other.", cells[9]: "Other."}
    refused = {cell: f"Sentence {number}." for number, cell in enumerate(REFUSED)}
    assert {**found, **refused} == read_page(render_page(found, refused))


@pytest.mark.slow
@pytest.mark.parametrize(("case", "network"), REFUSED)
def test_a_refusal_comes_first_and_says_why(
    case: str, network: str, outcome: Run, request: pytest.FixtureRequest
) -> None:
    """A stage that has nothing to work on says so before any training, with a layer's name and the page's sentence."""
    result = outcome(case, network)
    _assert_refused(result, network)
    if not request.config.getoption("--golden-update"):
        assert read_page(PAGE.read_text(encoding="utf-8"))[case, network] == result.refusal


@pytest.mark.parametrize(("case", "network"), [_cell(case, network) for case in CASES for network in NETWORKS])
def test_a_cell_is_as_the_page_says(case: str, network: str, outcome: Run, request: pytest.FixtureRequest) -> None:
    """It is done, and figures and outputs are right; or it is refused before any training: as the page says."""
    result = outcome(case, network)
    if result.chain is None:
        _assert_refused(result, network)
    else:
        _assert_done(result, result.chain, CASES[case])
    if not request.config.getoption("--golden-update"):
        assert read_page(PAGE.read_text(encoding="utf-8"))[case, network] == result.refusal


@pytest.mark.full
def test_the_page_is_what_the_grid_finds(outcome: Run, request: pytest.FixtureRequest) -> None:
    """The page is, to the last character, what comes of running every cell."""
    found = {(case, network): outcome(case, network).refusal for case in CASES for network in NETWORKS}
    refused = {(case, network): outcome(case, network).refusal for case, network in REFUSED}
    page = render_page(found, refused)
    if request.config.getoption("--golden-update"):
        PAGE.write_text(page, encoding="utf-8")
    assert page == PAGE.read_text(encoding="utf-8")


def test_the_page_has_every_cell() -> None:
    """The page speaks of each case on each network and of every refusal, and is written as the grid writes it."""
    page = PAGE.read_text(encoding="utf-8")
    said = read_page(page)
    cells = [(case, network) for case in CASES for network in NETWORKS]
    assert {*cells, *REFUSED} == said.keys()
    assert page == render_page({cell: said[cell] for cell in cells}, {cell: said[cell] for cell in REFUSED})


def _assert_refused(result: Outcome, network: str) -> None:
    """Hold a refusal to its promise: status 2, nothing trained, one sentence with a layer's name."""
    assert result.error is not None
    assert 2 == result.error.exit_status
    assert 0 == result.training_count
    names = [layer.name for layer in build_model({**NETWORKS, **PECULIAR}[network]).layers[1:]]
    assert any(re.search(rf"\b{name}\b", str(result.error)) for name in names), str(result.error)
    assert str(result.error).endswith(".") and "\n" not in str(result.error)


def _assert_done(result: Outcome, chain: Chain, case: Case) -> None:
    """Hold a chain to its promise: its models load and run, and its figures are those of the `.tflite`."""
    assert ["source", *(stage["stage"] for stage in case.stages)] == [step.name for step in chain.steps]
    assert [None] * len(chain.steps) == [step.rolled_back for step in chain.steps]
    trained = [step for step in chain.steps[1:-1] if not step.is_cached]
    assert result.training_count >= len(trained)
    for step in chain.steps:
        counted = recount(_tflite_of(step, result))
        assert counted == step.metrics.model_dump(include=set(counted)), step.name
    if case.stages[-1].get("scales") != "auto":  # else the file is another one than what earlier steps are measured as
        float_figures = {"float_scores": {}, "float_bytes": None}
        assert chain.artefact.metrics.model_copy(update=float_figures) == chain.converted.metrics
    if case.saves is not None:
        before, after = (getattr(step.metrics, case.saves) for step in (chain.source, chain.converted))
        assert before > after > 0
    _assert_runs(result, chain)


def _tflite_of(step: Step, result: Outcome) -> bytes:
    """Return what a step converts to; for the last one, what it is."""
    workshop = result.workshop
    if step.path.suffix == ".tflite":
        return step.path.read_bytes()
    path = convert_artefact(step.path, workshop.conversion, workshop.data, workshop.seed, workshop.cache)
    return path.read_bytes()


def _assert_runs(result: Outcome, chain: Chain) -> None:
    """Compute real samples in TFLM and in float: what comes out is finite, and nearly the same."""
    tflite, samples = chain.converted.path.read_bytes(), result.workshop.data.load().test
    graph = read(tflite)
    computed = run(Request(engine=tflm_engine(), tflite=tflite, inputs=model_inputs(graph, samples.x)))
    outputs = real_outputs(graph, computed.outputs, artefact_output_shapes(chain.artefact.path))
    expected = predict_artefact(chain.artefact.path, samples)
    assert all(np.isfinite(array).all() for array in (*outputs, *expected))
    assert steps_apart(outputs, expected) <= MOST_STEPS_APART
