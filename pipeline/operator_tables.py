"""Which operators a revision of TensorFlow Lite Micro has, in which versions and types: one table a revision.

A table is a file of `facts/tflm/`; it may name another one as its base and say only what differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import Field, RootModel, field_validator

from edgewright.pipeline.errors import TargetError, nearest
from edgewright.pipeline.graph.types import DType
from edgewright.pipeline.target import Facts, Family
from edgewright.pipeline.tomlfile import read_toml_as
from edgewright.pipeline.vocabulary import Kernels

TABLES = Path(str(files("edgewright.pipeline"))) / "facts" / "tflm"
ADDITIONS = "versions.toml"
PAIR = " x "
"""Between the type of the activations and that of the weights."""

Version = Annotated[int, Field(ge=1)]
Position = Annotated[int, Field(ge=0)]
Method = Annotated[str, Field(pattern=r"^Add[A-Z]\w*$")]
Types = tuple[str, ...]


class OperatorChange(Facts):
    """What a file says of one operator; what it leaves out is as in the base, or as `OperatorFacts` says."""

    method: Method | None = None
    version: Version = 1
    types: Types | None = None
    data_input: Position = 0
    weights_input: Position | None = None
    per_channel: Types | None = None

    @field_validator("types", "per_channel")
    @classmethod
    def _known_types(cls, value: Types | None) -> Types | None:
        accepted = [dtype.value for dtype in DType]
        for name in (part for pair in value or () for part in pair.split(PAIR)):
            if name not in accepted:
                raise ValueError(f'unknown type "{name}"; {nearest(name, accepted)}')
        return value


class TableFile(Facts):
    """A file of `facts/tflm/`."""

    revision: str
    """Commit of tensorflow/tflite-micro, or the library's own name and version: the name of the file."""
    date: str
    """Year and month."""
    base: str | None = None
    """The revision that this file differs from."""
    left_out: tuple[Method, ...] = ()
    """Registrations of the resolver that no emitted firmware makes."""
    lacks: tuple[Method, ...] = ()
    """Registrations of the base that this revision does not have."""
    operators: Mapping[str, OperatorChange] = {}
    custom_operators: Mapping[str, OperatorChange] = {}
    kernels: Mapping[Kernels, Mapping[str, OperatorChange]] = {}
    """What is different where kernels replace those of the reference."""


class OperatorFacts(Facts):
    """One operator of a revision with its kernels."""

    method: Method
    """The method of `MicroMutableOpResolver` that registers it."""
    version: Version = 1
    """The highest version whose additions the kernel has."""
    types: Types | None = None
    """What may be computed: `int8`, or `int16 x int8` where weights have a type of their own; None is not checked."""
    data_input: Position = 0
    """Which input tells the type."""
    weights_input: Position | None = None
    """Which input is the weights, if the types name them."""
    per_channel: Types | None = None
    """Those of the types whose weights may have a scale for each channel; None means all."""


class OperatorTable(Facts):
    """All operators of one revision with one set of kernels."""

    revision: str
    date: str
    left_out: tuple[Method, ...] = ()
    operators: Mapping[str, OperatorFacts]
    """By the builtin's name."""
    custom_operators: Mapping[str, OperatorFacts]
    """By the custom operator's name."""

    def find(self, label: str, *, is_custom: bool = False) -> OperatorFacts | None:
        """Return what is known of an operator, or None where the revision lacks it."""
        return (self.custom_operators if is_custom else self.operators).get(label)

    @property
    def methods(self) -> frozenset[str]:
        """All registrations that the revision's resolver has."""
        facts = (*self.operators.values(), *self.custom_operators.values())
        return frozenset({*(one.method for one in facts), *self.left_out})


class Additions(RootModel[dict[str, dict[Version, str]]]):
    """What versions of operators add, by operator and version: `facts/tflm/versions.toml`."""


def table_names(folder: Path = TABLES) -> tuple[str, ...]:
    """Return the revisions that there are tables of, sorted."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml") if path.name != ADDITIONS))


def family_table(family: Family) -> OperatorTable | None:
    """Return the table that a family's models are held to, or None for a family without TFLM.

    Raises:
        TargetError: there is no such table, or its file is broken.
    """
    name = family.operator_table or family.tflm_revision
    return load_table(name, family.kernels) if name else None


@cache
def load_table(revision: str, kernels: Kernels = Kernels.REFERENCE, folder: Path = TABLES) -> OperatorTable:
    """Load the table of a revision.

    Args:
        revision: the name of a file without `.toml`.
        kernels: which kernels are linked.
        folder: where the files lie.

    Raises:
        TargetError: there is no such file or it is broken; the sentence names file, key and accepted values.
    """
    if revision not in table_names(folder):
        accepted = nearest(revision, table_names(folder))
        raise TargetError(f'{folder}: has no table of operators of TFLM "{revision}": {accepted}.')
    path = folder / f"{revision}.toml"
    content = read_toml_as(path, TableFile, TargetError)
    if content.revision != revision:
        raise TargetError(f'{path}: revision: is "{content.revision}"; it must be "{revision}", the name of the file.')
    base = load_table(content.base, kernels, folder) if content.base else None
    known = base.methods if base else frozenset()
    for method in content.lacks:
        if method not in known:
            raise TargetError(f'{path}: lacks: the base has no "{method}": {nearest(method, known)}.')
    replaced = content.kernels.get(kernels, {})
    return OperatorTable(
        revision=revision,
        date=content.date,
        left_out=(*_kept(base, content), *content.left_out),
        operators=_merge(base.operators if base else {}, content.operators, replaced, path=path, lacks=content.lacks),
        custom_operators=_merge(
            base.custom_operators if base else {}, content.custom_operators, path=path, lacks=content.lacks
        ),
    )


@cache
def load_additions(folder: Path = TABLES) -> dict[str, dict[int, str]]:
    """Load what versions of operators add, by operator and version.

    Raises:
        TargetError: the file is broken.
    """
    return read_toml_as(folder / ADDITIONS, Additions, TargetError).root


def _kept(base: OperatorTable | None, content: TableFile) -> tuple[str, ...]:
    return tuple(method for method in base.left_out if method not in content.lacks) if base else ()


def _merge(
    base: Mapping[str, OperatorFacts], *changes: Mapping[str, OperatorChange], path: Path, lacks: tuple[str, ...]
) -> dict[str, OperatorFacts]:
    merged = {name: facts for name, facts in base.items() if facts.method not in lacks}
    for name, change in (item for layer in changes for item in layer.items()):
        old = merged[name].model_dump() if name in merged else {}
        new = {**old, **change.model_dump(exclude_unset=True)}
        if not new.get("method"):
            raise TargetError(f"{path}: operators.{name}.method: is missing; add it.")
        merged[name] = _consistent(OperatorFacts.model_validate(new), f"{path}: operators.{name}")
    return dict(sorted(merged.items()))


def _consistent(facts: OperatorFacts, place: str) -> OperatorFacts:
    """Refuse types that do not tell what they should of an operator with weights, or without."""
    parts = 1 if facts.weights_input is None else 2
    for pair in facts.types or ():
        if len(pair.split(PAIR)) != parts:
            accepted = '"int8"' if parts == 1 else '"int8 x int8"'
            raise TargetError(
                f'{place}.types: "{pair}" names {len(pair.split(PAIR))} types; accepted: {parts}, as in {accepted}'
                f"{' (no weights_input is given)' if parts == 1 else ''}."
            )
    for pair in facts.per_channel or ():
        if pair not in (facts.types or ()):
            raise TargetError(
                f'{place}.per_channel: "{pair}" is not among the types: {nearest(pair, facts.types or ())}.'
            )
    return facts
