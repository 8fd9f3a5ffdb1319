"""Rendering the firmware of one model for one target: from typed facts to a tree of files in memory."""

from __future__ import annotations

from collections.abc import Mapping

from edgewright.pipeline.archive import archive
from edgewright.pipeline.emission.context import EmissionContext, build_context, installed_version
from edgewright.pipeline.emission.filters import arduino_library
from edgewright.pipeline.emission.machine import MACHINE_FOLDER
from edgewright.pipeline.emission.prefix import with_prefix
from edgewright.pipeline.emission.templates import family_templates, library_sources, render_copy, render_template
from edgewright.pipeline.emission.tree import EmittedTree
from edgewright.pipeline.machine import MACHINE_SOURCES
from edgewright.pipeline.publication import labels_text
from edgewright.pipeline.target import Family, Target
from edgewright.pipeline.vocabulary import Arena, EmissionModel


def render(
    model: EmissionModel, arena: Arena, target: Target, family: Family, *, tool_version: str | None = None
) -> Mapping[str, bytes]:
    """Render the firmware of a model; equal arguments give equal bytes, whenever and wherever.

    Args:
        model: the compressed model with its golden vectors.
        arena: the tensor arena for this target.
        target: the board.
        family: one of the target's firmware families.
        tool_version: version of edgewright for banners; the installed one where it is not given.

    Returns:
        Relative POSIX path -> content, sorted by path.

    Raises:
        TfliteError: the model has an operator that the family's TFLM lacks, or an input or output that the
            generated C cannot serve; the sentence names operator and layer, or the tensor, and a way out.
        ValueError: arena, vectors or preprocessing do not fit the model (a defect of the caller).
    """
    kernel_files = model.static.kernel_files if model.static else ()
    context = build_context(
        model,
        arena,
        target,
        family,
        library_sources=library_sources(family, model.prefix, kernel_files),
        tool_version=tool_version or installed_version(),
    )
    tree = EmittedTree()
    if family.files is not None:
        name = context.model.package_name
        tree.write(family.files.place(family.files.model, name), model.tflite)
        tree.write(family.files.place(family.files.labels, name), labels_text(model.labels))
    for template in family_templates(family, model.prefix, kernel_files):
        tree.write(template.path, render_template(template, context))
    if context.machine is not None:
        for name in context.machine.files:
            tree.write(*_machine_file(name, context))
    return tree.files


def _machine_file(name: str, context: EmissionContext) -> tuple[str, bytes]:
    path = f"{MACHINE_FOLDER}/{with_prefix(name, context.family.prefix)}"
    return path, render_copy(path, (MACHINE_SOURCES / name).read_text(encoding="utf-8"), context)


def render_archive(name: str, prefix: str, family: Family, tree: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Return the `.zip` that the family's tool installs a firmware from, or nothing where it has no use for one.

    Args:
        name: of the model.
        prefix: of the library's names.
        family: the firmware family.
        tree: what `render` returned.
    """
    if not family.is_archived:
        return {}
    library = arduino_library(name, prefix)
    return {f"{library}.zip": archive(tree, library)}
