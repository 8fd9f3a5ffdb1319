"""Reading TOML that people write: syntax errors and validation errors as one sentence."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar, get_args

from pydantic import BaseModel, ValidationError

from edgewright.pipeline.errors import EdgewrightError, nearest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

AnyModel = TypeVar("AnyModel", bound=BaseModel)


def read_toml(path: Path, error_class: type[EdgewrightError]) -> dict[str, object]:
    """Read a TOML file.

    Raises:
        EdgewrightError: of the given class, where the file cannot be read or is not TOML.
    """
    try:
        content: dict[str, object] = tomllib.loads(path.read_text(encoding="utf-8"))
        return content
    except OSError as error:
        raise error_class(f"{path}: cannot be read ({error.strerror}); give the path of a TOML file.") from None
    except UnicodeDecodeError:
        raise error_class(f"{path}: is not UTF-8 text; give a TOML file.") from None
    except tomllib.TOMLDecodeError as error:
        raise error_class(f"{path}: is not valid TOML: {error}.") from None


def read_toml_as(path: Path, model: type[AnyModel], error_class: type[EdgewrightError], **given: object) -> AnyModel:
    """Read a TOML file as a pydantic model.

    Args:
        path: the file.
        model: what it must hold.
        error_class: what is raised.
        given: keys that are known without the file.

    Raises:
        EdgewrightError: of the given class; the sentence names file, key and accepted values.
    """
    try:
        return model.model_validate({**read_toml(path, error_class), **given})
    except ValidationError as error:
        raise error_class(f"{path}: {describe_validation_error(error, model)}") from None


def describe_validation_error(error: ValidationError, model: type[BaseModel]) -> str:
    """Say the first finding of pydantic as `key: what is wrong, the value, what is accepted`."""
    finding = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in finding["loc"])
    if finding["type"] == "extra_forbidden":
        parent = error_owner(model, finding["loc"][:-1])
        key = str(finding["loc"][-1])
        accepted = [name for name in parent.model_fields if name != "name"] if parent else []
        return f"{place}: unknown key; {nearest(key, accepted)}." if accepted else f"{place}: unknown key."
    if finding["type"] == "missing":
        return f"{place}: is missing; add it."
    start = f"{place}: " if place else ""
    if finding["type"] == "value_error":  # a sentence of our own, which says what was given
        return f"{start}{finding['ctx']['error']}."
    return f"{start}{finding['msg']} (got {finding['input']!r})."


def error_owner(model: type[BaseModel], path: tuple[int | str, ...]) -> type[BaseModel] | None:
    """Return the pydantic model that holds the key at the end of a path through nested models."""
    owner: type[BaseModel] | None = model
    for part in path:  # names of fields, and between them positions in lists and members of unions
        field = owner.model_fields.get(str(part)) if owner else None
        if field is not None:
            owner = next(_models_of(field.annotation), None)
    return owner


def _models_of(annotation: object) -> Iterator[type[BaseModel]]:
    arguments = get_args(annotation)
    for argument in arguments:
        yield from _models_of(argument)
    if not arguments and isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
