"""What every stage that a recipe may name has to keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from support.stages import BUILDERS, quick_settings, run_stage

from edgewright.pipeline.code import PIPELINE
from edgewright.pipeline.graph import read, require_full_integer
from edgewright.pipeline.layers import layers_path
from edgewright.pipeline.stages import STAGES, ArtefactKind, Stage

EVERY_STAGE = pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)


def test_names_are_unique() -> None:
    """A name means one stage."""
    names = [stage.name for stage in STAGES]
    assert sorted(set(names)) == sorted(names)


@EVERY_STAGE
def test_a_stage_declares_its_code_and_its_settings(stage: Stage) -> None:
    """Its modules are there (itself among them), and its settings have defaults and know their stage."""
    assert [] == [name for name in stage.modules if not (PIPELINE / name).exists()]
    assert f"stages/{stage.name}.py" in stage.modules
    assert stage.name == stage.settings(stage=stage.name).stage
    assert ArtefactKind.KERAS is stage.accepts


@EVERY_STAGE
def test_settings_survive_their_record(stage: Stage) -> None:
    """What is written down for the cache and the report reads back as the same settings."""
    settings = stage.settings.model_validate(quick_settings(stage))
    assert settings == stage.settings.model_validate(settings.model_dump(mode="json"))


@EVERY_STAGE
def test_a_stage_that_looks_for_its_own_amount_has_trials(stage: Stage) -> None:
    """There are no trials unless they are asked for; each is a valid setting of its own, and trains no longer."""
    assert () == tuple(stage.settings(stage=stage.name).trials)
    if "amount" not in stage.settings.model_fields:
        return
    auto = stage.settings.model_validate({"stage": stage.name, "amount": "auto"})
    assert len(auto.trials) > 1
    assert len(auto.trials) == len({trial.model_dump_json() for trial in auto.trials})
    for trial in auto.trials:
        assert () == tuple(trial.trials)
        assert trial == stage.settings.model_validate(trial.model_dump(mode="json"))
        whole, short = (one.model_dump() for one in (trial, trial.shortened()))
        assert short["training"]["epochs"] < whole["training"]["epochs"]
        assert {key: value for key, value in whole.items() if key not in ("training", "step_epochs")} == {
            key: value for key, value in short.items() if key not in ("training", "step_epochs")
        }


@EVERY_STAGE
def test_a_stage_says_why_it_may_save_nothing(stage: Stage) -> None:
    """There is a sentence for a stage that saved nothing; the conversion alone needs none."""
    reason = stage.why_not_smaller(stage.settings(stage=stage.name))
    assert (stage.produces is ArtefactKind.KERAS) == bool(reason)


@pytest.mark.slow
@EVERY_STAGE
@pytest.mark.parametrize("model", BUILDERS)
def test_a_stage_accepts_what_it_can_work_on(stage: Stage, model: str, small_models: Mapping[str, Path]) -> None:
    """The check before any training refuses none of the small models, and leaves them as they are."""
    from edgewright.pipeline.models import load_model

    loaded = load_model(small_models[model])
    before = (loaded.to_json(), [weight.tobytes() for weight in loaded.get_weights()])
    stage.check(stage.settings.model_validate(quick_settings(stage)), loaded, Path())
    assert before == (loaded.to_json(), [weight.tobytes() for weight in loaded.get_weights()])


@pytest.mark.slow
@EVERY_STAGE
@pytest.mark.parametrize("model", BUILDERS)
def test_a_stage_leaves_a_whole_artefact(
    stage: Stage, model: str, small_models: Mapping[str, Path], artefact: Callable[[str, str], Path]
) -> None:
    """The artefact is of the declared kind, takes and gives the same shapes, and the input file is as it was."""
    from edgewright.pipeline.models import load_model

    before = small_models[model].read_bytes()
    source = load_model(small_models[model])
    output = artefact(stage.name, model)
    assert before == small_models[model].read_bytes()
    beside = {layers_path(output)} if stage.produces is ArtefactKind.TFLITE else set()
    assert {output, *beside} == set(output.parent.iterdir())
    shapes = [tuple(source.inputs[0].shape[1:]), tuple(source.outputs[0].shape[1:])]
    if stage.produces is ArtefactKind.KERAS:
        result = load_model(output)
        assert shapes == [tuple(result.inputs[0].shape[1:]), tuple(result.outputs[0].shape[1:])]
    else:
        graph = read(output.read_bytes())
        require_full_integer(graph, "result")
        tensors = [graph.main.tensors[index] for index in (*graph.main.inputs, *graph.main.outputs)]
        assert [(1, *shape) for shape in shapes] == [tensor.shape for tensor in tensors]


@pytest.mark.slow
@EVERY_STAGE
def test_a_stage_is_repeatable(
    stage: Stage,
    small_models: Mapping[str, Path],
    small_data: Path,
    artefact: Callable[[str, str], Path],
    tmp_path: Path,
) -> None:
    """The same seed gives the same bytes, whatever the process did in between; training with another gives others."""
    first = artefact(stage.name, "depthwise").read_bytes()
    again = run_stage(stage, small_models["depthwise"], small_data, tmp_path / "again")
    assert first == again.read_bytes()
    if stage.produces is ArtefactKind.KERAS:
        other = run_stage(stage, small_models["depthwise"], small_data, tmp_path / "other", seed=2)
        assert first != other.read_bytes()
