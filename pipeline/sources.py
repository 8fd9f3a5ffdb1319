"""The source model: where it comes from, checked and brought into one form before the first stage."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.code import TRAINING, code_digest
from edgewright.pipeline.data import DataSource, check_data_against_model
from edgewright.pipeline.digest import digest_file, package_versions
from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import VERSIONED_PACKAGES, load_keras
from edgewright.pipeline.models import (
    adopt_model,
    class_count,
    input_shape,
    inspect_model_file,
    load_model,
    save_model,
)
from edgewright.pipeline.progress import Reporter
from edgewright.pipeline.userfile import UserFunction, parse_user_function

MODULES = ("sources.py", *TRAINING)


@dataclass(frozen=True, kw_only=True)
class ModelSource:
    """A model that is known by its digest: a file of the user's, or one that a function of the user's trains."""

    origin: str
    """What the user gave, for messages and reports."""
    path: Path | None
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
        return ModelSource(origin=str(function), path=None, function=function, digest=function.digest, trust=trust)
    path = base / text
    if not path.exists():
        raise ModelError(
            f"model: {path} does not exist; give a .keras, a .h5, a SavedModel folder or file.py:function."
        )
    inspect_model_file(path, trust=trust)
    return ModelSource(origin=str(path), path=path, function=None, digest=digest_file(path), trust=trust)


def ingredients(source: ModelSource, data: DataSource, seed: int) -> dict[str, object]:
    """Return what decides the checked source model, as the cache wants it."""
    trained = {"seed": seed} if source.function else {}
    return {
        "kind": "source",
        "model": source.digest,
        "function": source.function.name if source.function else None,
        "data": data.digest,
        "code": code_digest(MODULES),
        "versions": package_versions(VERSIONED_PACKAGES),
        **trained,
    }


def obtain_source(source: ModelSource, data: DataSource, seed: int, cache: Cache, reporter: Reporter) -> Path:
    """Return the source model as a `.keras`, checked against the data; a function is called to train it.

    Raises:
        ModelError: the model cannot be used.
        DataError: the data does not belong to the model.
    """

    def make(folder: Path) -> None:
        loaded = data.load()
        if source.function is not None:
            load_keras()  # before the user's file imports it, so that it is set up, and quiet
            function = source.function.load(ModelError)
            returned = source.function.call(function, ModelError, loaded, seed, reporter)
            model = adopt_model(returned, str(source.function)).model
        elif source.path is not None:
            model = load_model(source.path, trust=source.trust)
        shape, classes = input_shape(model, source.origin), class_count(model, source.origin)
        check_data_against_model(loaded, shape, classes, data.origin, source.origin)
        save_model(model, folder / "model.keras")

    return cache.obtain(ingredients(source, data, seed), make) / "model.keras"
