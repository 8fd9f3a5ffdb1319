"""The grid of stages and chains: what is run on each network, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import tomli_w
from support.networks import Network, write_network

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.chain import Chain, run_chain
from edgewright.pipeline.errors import EdgewrightError
from edgewright.pipeline.frameworks import load_keras
from edgewright.pipeline.inputs import InputRequest, open_inputs
from edgewright.pipeline.interpreters import tflm_engine
from edgewright.pipeline.progress import SilentReporter
from edgewright.pipeline.sources import obtain_source
from edgewright.pipeline.workshop import Workshop

StageTable = Mapping[str, Any]

TRAINING = {"epochs": 2, "batch_size": 16, "learning_rate": 2e-3}
FACTORIZE: StageTable = {"stage": "factorize", "energy": 0.5, "training": TRAINING}
CHANNEL: StageTable = {"stage": "prune", "structure": "channel", "amount": 0.3, "step_epochs": 1, "training": TRAINING}
UNSTRUCTURED: StageTable = {"stage": "prune", "structure": "unstructured", "amount": 0.8, "training": TRAINING}
TWO_OF_FOUR: StageTable = {"stage": "prune", "structure": "2:4", "training": TRAINING}
WIDTH: StageTable = {"stage": "distill", "student": "width:0.5", "training": TRAINING}
CURRENT: StageTable = {"stage": "distill", "student": "current", "training": TRAINING}
QAT: StageTable = {"stage": "qat", "when": "always", "calibration_count": 64, "training": TRAINING}
INT8: StageTable = {"stage": "convert", "representative_count": 64}
PER_CHANNEL: StageTable = {**INT8, "per_channel_dense": True}
CHOSEN: StageTable = {**INT8, "scales": "auto"}
INT16: StageTable = {**INT8, "activations": "int16"}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A row of the grid: the stages of one recipe."""

    title: str
    stages: tuple[StageTable, ...]
    saves: str | None = None
    """The figure that must be smaller at the end than at the start."""


def _case(title: str, *stages: StageTable, saves: str | None = None) -> Case:
    return Case(title=title, stages=(*stages, INT8), saves=saves)


CASES: Mapping[str, Case] = {
    "convert": Case(title="convert: int8, Dense per tensor", stages=(INT8,)),
    "convert-per-channel": Case(title="convert: int8, Dense per channel", stages=(PER_CHANNEL,)),
    "convert-scales": Case(title="convert: int8, scales chosen layer by layer", stages=(CHOSEN,)),
    "convert-int16": Case(title="convert: int16 activations, int8 weights", stages=(INT16,)),
    "factorize": _case("factorize", FACTORIZE, saves="mac_count"),
    "prune-channel": _case("prune: channel", CHANNEL, saves="mac_count"),
    "prune-unstructured": _case("prune: unstructured", UNSTRUCTURED, saves="nonzero_parameter_count"),
    "prune-2:4": _case("prune: 2:4", TWO_OF_FOUR, saves="nonzero_parameter_count"),
    "distill-width": _case("distill: width:0.5", WIDTH, saves="mac_count"),
    "distill-current": _case("distill: current", CURRENT),
    "qat": _case("qat", QAT),
    "factorize-distill": _case("factorize, distill", FACTORIZE, CURRENT, saves="mac_count"),
    "channel-distill": _case("prune (channel), distill", CHANNEL, CURRENT, saves="mac_count"),
    "channel-distill-qat": _case("prune (channel), distill, qat", CHANNEL, CURRENT, QAT, saves="mac_count"),
    "channel-qat": _case("prune (channel), qat", CHANNEL, QAT, saves="mac_count"),
    "unstructured-qat": _case("prune (unstructured), qat", UNSTRUCTURED, QAT, saves="nonzero_parameter_count"),
}
"""Every stage alone, in each of its kinds, and the chains that people use; all end in a conversion."""

REFUSED: tuple[tuple[str, str], ...] = (
    ("factorize", "depthwise_alone"),
    ("factorize", "recurrent"),
    ("prune-channel", "output_alone"),
    ("prune-channel", "depthwise_alone"),
    ("prune-unstructured", "depthwise_alone"),
    ("prune-2:4", "recurrent"),
    ("distill-width", "reshaped"),
    ("qat", "recurrent"),
    ("convert", "volumetric"),
    ("convert", "gelu"),
    ("convert", "softplus"),
    ("convert-int16", "recurrent"),
)
"""Cases and the peculiar networks that they refuse."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a case: a chain, or the sentence with which it was refused."""

    workshop: Workshop
    chain: Chain | None
    error: EdgewrightError | None
    training_count: int
    """How often Keras was asked to train."""

    @property
    def refusal(self) -> str | None:
        """The sentence with which it was refused, without the interpreter's version."""
        return None if self.error is None else str(self.error).replace(f" {tflm_engine().version}", "")


def prepare_network(network: Network, folder: Path, *, is_trained: bool = True) -> Path:
    """Write a user's model and data into a folder that is made, and return it."""
    folder.mkdir()
    write_network(network, folder, is_trained=is_trained)
    return folder


def run_case(case: Case, network: Network, folder: Path) -> Outcome:
    """Run a case as a user does, by a recipe beside model and data.

    Args:
        case: the stages.
        network: whose model and data were written into the folder.
        folder: also takes the recipe and the cache, which all cases of a network share.
    """
    recipe = {
        "seed": 3,
        "source": {"model": "model.keras", "data": "data.npz"},
        "task": {"kind": network.task},
        "stages": [dict(stage) for stage in case.stages],
    }
    (folder / "recipe.toml").write_text(tomli_w.dumps(recipe))
    workshop = _open_workshop(folder)
    keras = load_keras()
    chain: Chain | None = None
    refused: EdgewrightError | None = None
    with mock.patch.object(keras.Model, "fit", autospec=True, side_effect=keras.Model.fit) as fit:
        try:
            chain = run_chain(workshop)
        except EdgewrightError as error:
            refused = error
    return Outcome(workshop=workshop, chain=chain, error=refused, training_count=fit.call_count)


def _open_workshop(folder: Path) -> Workshop:
    cache, reporter = Cache(root=folder / "cache"), SilentReporter()
    inputs = open_inputs(InputRequest(recipe=folder / "recipe.toml"), cache)
    source = obtain_source(
        inputs.source, inputs.data, inputs.objective, seed=inputs.seed, cache=cache, reporter=reporter
    )
    return Workshop(
        recipe=inputs.recipe,
        objective=inputs.objective,
        seed=inputs.seed,
        source_path=source,
        data=inputs.data,
        cache=cache,
        reporter=reporter,
    )
