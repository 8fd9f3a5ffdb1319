"""Finding the templates of a firmware family and rendering one.

A firmware's tree is put together from three folders of `firmware_templates/`: `common/` (what needs no runtime) and
`tflm/` or `static/` (the model over that runtime; of the latter those kernels that the model needs), which both go to
the family's library folder, and the family's own, which mirrors the tree. A family over LiteRT has its own folder only.
A name that starts with `_` is a part of other templates and not emitted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePosixPath

from jinja2 import Environment, FunctionLoader, StrictUndefined

from edgewright.pipeline.emission.context import EmissionContext
from edgewright.pipeline.emission.filters import FILTERS
from edgewright.pipeline.emission.prefix import with_prefix
from edgewright.pipeline.target import FAMILIES, Family
from edgewright.pipeline.vocabulary import DEFAULT_PREFIX, Runtime

KERNEL_FOLDER = "static"
"""Of the static runtime; of its kernels only those go into a library that the model needs."""
MODEL_FILES = ("edgewright_model", "edgewright_weights")
"""What every library of the static runtime has."""
LIBRARY_FOLDERS: dict[Runtime, tuple[str, ...]] = {
    Runtime.TFLM: ("common", "tflm"),
    Runtime.LITERT: (),
    Runtime.STATIC: ("common", KERNEL_FOLDER),
}
"""For each runtime the folders that every family over it shares."""
COPY = "common/_copy.c.j2"
"""What stands around a source that is emitted as it is."""
SUFFIX = ".j2"
SOURCE_SUFFIXES = (".c", ".cc", ".cpp")


@dataclass(frozen=True, kw_only=True)
class FileContext:
    """The file that a template becomes, as the template sees it."""

    name: str
    """Without its folder."""
    guard: str
    """Macro of the include guard."""


@dataclass(frozen=True, kw_only=True)
class Template:
    """One template and where its output goes."""

    source: str
    """Path below `firmware_templates/`."""
    path: str
    """Path in the emitted tree."""

    @property
    def file(self) -> FileContext:
        """What the template is told about its own output."""
        name = PurePosixPath(self.path).name
        guard = "".join(character if character.isalnum() else "_" for character in name.upper())
        return FileContext(name=name, guard=f"{guard}_")


def family_templates(
    family: Family, prefix: str = DEFAULT_PREFIX, kernel_files: tuple[str, ...] = ()
) -> tuple[Template, ...]:
    """Return all templates of a family, sorted by the path of what they emit.

    Args:
        family: the firmware family, with the runtime that is wanted.
        prefix: what the generated names begin with.
        kernel_files: names without ending of those files of the static runtime that the model needs.
    """
    library = [
        Template(source=f"{folder}/{name}", path=f"{family.library_folder}/{_library_name(name, family)}")
        for folder in LIBRARY_FOLDERS[family.runtime]
        for name in _names(FAMILIES / folder)
        if folder != KERNEL_FOLDER or name.partition(".")[0] in (*MODEL_FILES, *kernel_files)
    ]
    own = [
        Template(source=f"{family.name}/{name}", path=name.removesuffix(SUFFIX))
        for name in _names(FAMILIES / family.name)
    ]
    found = (replace(template, path=with_prefix(template.path, prefix)) for template in library + own)
    return tuple(sorted(found, key=lambda template: template.path))


def library_sources(
    family: Family, prefix: str = DEFAULT_PREFIX, kernel_files: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Return the names of the C and C++ sources in the family's library folder, sorted."""
    folder = with_prefix(family.library_folder, prefix)
    paths = [PurePosixPath(template.path) for template in family_templates(family, prefix, kernel_files)]
    return tuple(sorted(path.name for path in paths if str(path.parent) == folder and path.suffix in SOURCE_SUFFIXES))


def render_template(template: Template, context: EmissionContext) -> bytes:
    """Render one template to UTF-8.

    Raises:
        jinja2.UndefinedError: the template uses a name that the context does not have (a defect of edgewright).
    """
    rendered = (
        environment(context.family.prefix)
        .get_template(template.source)
        .render(
            file=template.file,
            model=context.model,
            arena=context.arena,
            selftest=context.selftest,
            trace=context.trace,
            board=context.board,
            family=context.family,
            machine=context.machine,
            tool=context.tool,
            static=context.static,
        )
    )
    return rendered.encode("utf-8")


def render_copy(path: str, text: str, context: EmissionContext) -> bytes:
    """Return a C source that is no template, with a banner above it and the prefix in its names."""
    copied = Template(source=COPY, path=path)
    text = with_prefix(text, context.family.prefix)
    rendered = environment(context.family.prefix).get_template(COPY)
    return rendered.render(file=copied.file, tool=context.tool, text=text).encode("utf-8")


@cache
def environment(prefix: str = DEFAULT_PREFIX) -> Environment:
    """Return the environment that every template is rendered in."""

    def source_of(name: str) -> str:
        return with_prefix((FAMILIES / name).read_text(encoding="utf-8"), prefix)

    found = Environment(
        loader=FunctionLoader(source_of),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - the output is C, CMake and YAML, escaped by the filters
    )
    found.filters.update(FILTERS)
    return found


def _library_name(name: str, family: Family) -> str:
    path = PurePosixPath(name.removesuffix(SUFFIX))
    return str(path.with_suffix(family.cpp_suffix) if path.suffix == ".cc" else path)


def _names(folder: Path) -> list[str]:
    return [
        path.relative_to(folder).as_posix()
        for path in folder.rglob(f"*{SUFFIX}")
        if path.is_file() and not path.name.startswith("_")
    ]
