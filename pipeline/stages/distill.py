"""Distillation: a student learns from the targets and from the outputs of the source model.

Source: Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015; for regression and reconstruction
the outputs themselves are what is learned from.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import field_validator, model_validator

from edgewright.pipeline.code import TRAINING
from edgewright.pipeline.errors import ModelError, RecipeError
from edgewright.pipeline.frameworks import KerasModel, load_keras, seed_everything
from edgewright.pipeline.models import adopt_model, input_shapes, load_model, output_shapes, save_model
from edgewright.pipeline.stages.stage import ArtefactKind, Stage, StageSettings, StageWork
from edgewright.pipeline.teacher import check_student
from edgewright.pipeline.training import SoftTargetSettings, TrainingSettings, fit
from edgewright.pipeline.userfile import UserFunction, parse_user_function

TRIAL_WIDTHS = (1.0, 0.75, 0.625, 0.5, 0.4375, 0.375, 0.3125, 0.25, 0.2, 0.175, 0.15, 0.125, 0.1)
"""What `amount = "auto"` chooses from."""
WIDTH = "width:"
CURRENT = "current"


class DistillSettings(StageSettings):
    """Who the student is and how it learns."""

    stage: Literal["distill"] = "distill"
    student: str = CURRENT
    """`current` is the model as the earlier stages left it, `width:0.5` a new one with half the source's filters and
    units, and `file.py:function` one that the user builds; the function is given the source model."""
    amount: Literal["auto"] | None = None
    """The narrowest width of the source that the budget bears."""
    soft_targets: SoftTargetSettings = SoftTargetSettings()
    training: TrainingSettings = TrainingSettings(epochs=60, learning_rate=4e-3)

    @field_validator("student")
    @classmethod
    def _is_student(cls, value: str) -> str:
        if value == CURRENT or ".py:" in value:
            return value
        if not value.startswith(WIDTH):
            raise ValueError(f'student = "{value}" is not one; give "current", "width:0.5" or "file.py:function"')
        try:
            width = float(value.removeprefix(WIDTH))
        except ValueError:
            width = 0.0
        if not 0 < width <= 1:
            raise ValueError(f'student = "{value}" has no width above 0 and at most 1; give "width:0.5" for instance')
        return value

    @model_validator(mode="after")
    def _one_student(self) -> DistillSettings:
        if self.amount and self.student != CURRENT:
            raise ValueError('amount = "auto" looks for a width itself; leave student out')
        return self

    @property
    def width(self) -> float | None:
        """Share of the source's filters and units; None for any other student."""
        return float(self.student.removeprefix(WIDTH)) if self.student.startswith(WIDTH) else None

    @property
    def trials(self) -> Sequence[DistillSettings]:
        """One for each width."""
        if self.amount is None:
            return ()
        return [self.model_copy(update={"amount": None, "student": f"{WIDTH}{width}"}) for width in TRIAL_WIDTHS]

    def shortened(self) -> DistillSettings:
        """Train for a third of the epochs."""
        return self.model_copy(update={"training": self.training.shortened()})

    def function(self, folder: Path) -> UserFunction | None:
        """Return the user's function that builds the student, if that is what was given."""
        return parse_user_function(self.student, folder, "student")


def check(settings: DistillSettings, model: KerasModel, folder: Path) -> None:
    """Refuse a width that the source model cannot have, and a student of the user's that cannot learn from it.

    Raises:
        ModelError: a layer fixes a width that no longer fits, or the student has other inputs or outputs.
        RecipeError: the user's function fails.
    """
    if settings.width is not None:
        narrow(model, settings.width)
    elif settings.student != CURRENT:
        _own_student(settings, model, folder)


def run(settings: DistillSettings, work: StageWork) -> None:
    """Train a student on the targets and on the source model's outputs.

    Raises:
        ModelError: the student cannot be built, or has other inputs or outputs than the source model.
        RecipeError: the user's function fails.
        DivergedError: training became NaN.
    """
    student = _student(settings, work)
    training_set = work.training_set(student)
    fit(
        student, training_set, settings.training, work.reporter, title="distill",
        teacher=work.teacher(training_set, settings.soft_targets), log_folder=work.log_folder,
    )  # fmt: skip
    save_model(student, work.output_path)


def _student(settings: DistillSettings, work: StageWork) -> KerasModel:
    if settings.student == CURRENT:
        return load_model(work.input_path, trust=True)
    source = load_model(work.source_path, trust=True)
    seed_everything(work.seed)
    if settings.width is not None:
        return narrow(source, settings.width)
    return _own_student(settings, source, work.recipe_folder)


def _own_student(settings: DistillSettings, source: KerasModel, folder: Path) -> KerasModel:
    function = settings.function(folder)
    if function is None:
        raise RecipeError(f'student: "{settings.student}" is not a function; name one as file.py:function.')
    student = adopt_model(function.call(function.load(RecipeError), RecipeError, source), str(function)).model
    check_student(output_shapes(student), output_shapes(source))
    if input_shapes(student) != input_shapes(source):
        raise ModelError(
            f"distill: the student's inputs have the shapes {list(input_shapes(student))}, the source model's "
            f"{list(input_shapes(source))}; give a student with the same inputs."
        )
    return student


def narrow(model: KerasModel, width: float) -> KerasModel:
    """Build a freshly initialized model like the given one with a share of its filters and units.

    Layers keep their names. The layers that compute the outputs keep their width, since it is what the task needs.

    Args:
        model: a tf_keras Sequential or functional model.
        width: share to keep, in (0, 1]; at least one filter or unit stays in each layer.

    Raises:
        ModelError: a layer fixes a width that no longer fits (a Reshape to a fixed shape, for instance).
    """
    keras = load_keras()
    heads = _output_layer_names(model)

    def clone_layer(layer: Any) -> Any:
        config = layer.get_config()
        if layer.name not in heads:
            for key in ("filters", "units"):
                if isinstance(config.get(key), int):
                    config[key] = max(1, round(width * config[key]))
        return layer.__class__.from_config(config)

    try:
        narrowed = keras.models.clone_model(model, clone_function=clone_layer)
    except (ValueError, TypeError) as error:
        raise ModelError(
            f"distill: a student of width {width} cannot be built from this model ({_reason(error)}); give "
            'student = "width:1.0", student = "current" or a student of your own.'
        ) from error
    check_student(output_shapes(narrowed), output_shapes(model))
    return narrowed


def _reason(error: Exception) -> str:
    """Return what Keras says of a layer that cannot be built: which one and why, without what it was called with."""
    said = str(error).partition("Call arguments received")[0]
    return " ".join(said.split()).rstrip(".")


def _output_layer_names(model: KerasModel) -> frozenset[str]:
    """Return the weighted layers between which and the outputs no other weighted layer stands."""
    names: set[str] = set()
    pending = [tensor.node for tensor in model.outputs]
    while pending:
        node = pending.pop()
        layer = node.layer
        if any(key in layer.get_config() for key in ("filters", "units")):
            names.add(layer.name)
        else:
            pending.extend(node.parent_nodes)
    return frozenset(names)


def _files(settings: DistillSettings, folder: Path) -> tuple[Path, ...]:
    function = settings.function(folder)
    return (function.path,) if function else ()


def why_not_smaller(settings: DistillSettings) -> str:
    """Say why distillation need not save anything."""
    if settings.student == CURRENT:
        return "distillation of the model as it stands is for accuracy, and changes no shape"
    return "the student is no smaller than the model before it; give a narrower one"


STAGE = Stage(
    name="distill",
    settings=DistillSettings,
    accepts=ArtefactKind.KERAS,
    produces=ArtefactKind.KERAS,
    run=run,
    check=check,
    why_not_smaller=why_not_smaller,
    files=_files,
    modules=("stages/distill.py", "teacher.py", *TRAINING),
)
