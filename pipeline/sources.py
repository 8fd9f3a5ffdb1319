"""The source model: where it comes from, checked and brought into one form before the first stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.code import TRAINING, code_digest
from edgewright.pipeline.data import DataSource, check_samples_against_model
from edgewright.pipeline.digest import digest_file, package_versions
from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import VERSIONED_PACKAGES, load_keras
from edgewright.pipeline.models import (
    ImportedModel,
    adopt_model,
    import_model,
    input_shapes,
    inspect_model_file,
    is_opaque,
    open_opaque,
    output_shapes,
    save_model,
)
from edgewright.pipeline.progress import Reporter
from edgewright.pipeline.settings import Settings
from edgewright.pipeline.tasks import Objective, Shape
from edgewright.pipeline.userfile import UserFunction, parse_user_function

MODULES = ("sources.py", *TRAINING)
MODEL = "model.keras"
RECORD = "source.json"


@dataclass(frozen=True, kw_only=True)
class ModelSource:
    """A model that is known by its digest: a file of the user's, or one that a function of the user's trains."""

    origin: str
    """What the user gave, for messages and reports."""
    path: Path
    """The model, or the file with the function."""
    function: UserFunction | None
    digest: str
    trust: bool


def open_model(text: str, base: Path, *, trust: bool) -> ModelSource:
    """Find a model by its path or by `file.py:function`, and look at its file without loading it.

    Raises:
        ModelError: there is no such file, or it is not a model that can be used.
    """
    function = parse_user_function(text, base, "model")
    if function is not None:
        return ModelSource(
            origin=str(function), path=function.path, function=function, digest=function.digest, trust=trust
        )
    path = base / text
    if not path.exists():
        raise ModelError(
            f"model: {path} does not exist; give a .keras, a .h5, a SavedModel folder or file.py:function."
        )
    inspect_model_file(path, trust=trust)
    return ModelSource(origin=str(path), path=path, function=None, digest=digest_file(path), trust=trust)


def ingredients(source: ModelSource, data: DataSource, objective: Objective, seed: int) -> dict[str, object]:
    """Return what decides the checked source model, as the cache wants it."""
    trained = {"seed": seed} if source.function else {}
    return {
        "kind": "source",
        "model": source.digest,
        "function": source.function.name if source.function else None,
        "data": data.digest,
        **objective.ingredients,
        "code": code_digest(MODULES),
        "versions": package_versions(VERSIONED_PACKAGES),
        **trained,
    }


class SourceRecord(Settings):
    """What is kept beside the checked source model."""

    saved_by: str
    largest_difference: float


def obtain_source(
    source: ModelSource, data: DataSource, objective: Objective, *, seed: int, cache: Cache, reporter: Reporter
) -> Path:
    """Return the source model, checked against the data; a function is called to train it.

    Returns:
        A `.keras` in the cache, or the folder that was given where it is an exported SavedModel.

    Raises:
        ModelError: the model cannot be used.
        DataError: the data does not belong to the model.
    """
    if source.function is None and is_opaque(source.path):
        opaque = open_opaque(source.path, trust=source.trust)
        shapes = [[tensor.shape for tensor in side] for side in (opaque.inputs, opaque.outputs)]
        _check_data(data, objective, shapes[0], shapes[1], source.origin)
        reporter.line("source model: an exported SavedModel, which is converted as it is")
        return source.path

    def make(folder: Path) -> None:
        imported = _import(source, data, seed, reporter)
        model = imported.model
        _check_data(
            data, objective, input_shapes(model, source.origin), output_shapes(model, source.origin), source.origin
        )
        save_model(model, folder / MODEL)
        record = SourceRecord(saved_by=imported.saved_by, largest_difference=imported.largest_difference)
        (folder / RECORD).write_text(record.model_dump_json(indent=1) + "\n", encoding="utf-8")

    folder = cache.obtain(ingredients(source, data, objective, seed), make)
    record = SourceRecord.model_validate_json((folder / RECORD).read_text(encoding="utf-8"))
    made = "made" if source.function else "saved"
    reporter.line(
        f"source model: {made} by {record.saved_by}; largest difference to the original's outputs "
        f"{record.largest_difference:.1e}"
    )
    return folder / MODEL


def _import(source: ModelSource, data: DataSource, seed: int, reporter: Reporter) -> ImportedModel:
    if source.function is not None:
        load_keras()  # before the user's file imports it, so that it is set up, and quiet
        function = source.function.load(ModelError)
        returned = source.function.call(function, ModelError, data.load(), seed, reporter)
        return adopt_model(returned, str(source.function))
    return import_model(source.path, trust=source.trust)


def _check_data(
    data: DataSource, objective: Objective, inputs: Sequence[Shape], outputs: Sequence[Shape], name: str
) -> None:
    loaded = data.load()
    check_samples_against_model(loaded, inputs, data.origin, name)
    prepared = objective.prepare(loaded, outputs, data.origin)
    objective.check_labels(prepared, outputs, data.origin)
