"""Putting a result together: every file of an output folder, from what was found out about the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from edgewright.pipeline.advice import Place, suggest
from edgewright.pipeline.arena import kernels_of
from edgewright.pipeline.codegen.emission import observed_places
from edgewright.pipeline.codegen.static_model import StaticModel
from edgewright.pipeline.contributors import find_contributors
from edgewright.pipeline.emission.firmware import render, render_archive
from edgewright.pipeline.findings import Findings
from edgewright.pipeline.fit import Fit, SelftestParts, SelftestSizes, affordable_selftest, find_fit
from edgewright.pipeline.footprint import Footprint, footprint
from edgewright.pipeline.layers import layers_document
from edgewright.pipeline.manifest import make_manifest
from edgewright.pipeline.operator_support import supports
from edgewright.pipeline.output import MANIFEST
from edgewright.pipeline.publication import labels_text, publish
from edgewright.pipeline.report import FitSection, Report, complain, fit_section
from edgewright.pipeline.reporting import make_report
from edgewright.pipeline.static_runtime import compile_for
from edgewright.pipeline.target import Family, Target
from edgewright.pipeline.trace import hash_bytes, table_bytes, traced_outputs, value_bytes
from edgewright.pipeline.vocabulary import (
    Arena,
    EmissionModel,
    LayerTrace,
    Placement,
    Runtime,
    SelfTest,
)


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """The files of an output folder."""

    files: Mapping[str, bytes]
    report: Report
    complaint: str | None
    """Why the model does not fit the target, or None where it does."""


def assemble(
    findings: Findings,
    arena: Arena,
    target: Target,
    family: Family,
    *,
    prefix: str,
    selftest: SelfTest = SelfTest.USUAL,
    tool_version: str,
    force: bool,
    render_report: Callable[[Report], Mapping[str, bytes]],
) -> Assembly:
    """Return every file of the output folder.

    Args:
        findings: the model and what was measured.
        arena: what the firmware reserves.
        target: the board.
        family: which firmware.
        prefix: what the names of its library begin with.
        selftest: how much its self-test looks at.
        tool_version: for banners and manifest.
        force: emit firmware that does not fit all the same.
        render_report: makes the report's files.
    """
    count = len(findings.vectors.inputs)
    parts = _selftest_parts(findings, target, family, selftest)
    findings = replace(
        findings,
        vectors=findings.vectors.first(parts.vector_count),
        needs=replace(findings.needs, selftest_bytes=parts.nbytes),
    )
    fit = find_fit(findings.needs, target, family)
    arena = replace(arena, placement=fit.placement)
    section = _fit(findings, fit, count - parts.vector_count, target, family)
    tflite = _tflite(findings, family)
    report = make_report(
        findings, arena, target, family, tool_version=tool_version, tflite=tflite, fits=fit.fits, fit=section
    )
    complaint = None if fit.fits else complain(report)
    files: dict[str, bytes] = {
        "model.tflite": tflite,
        "labels.txt": labels_text(findings.labels),
        "model.layers.json": layers_document(findings.graph, findings.layer_names),
        **render_report(report),
    }
    if findings.keras is not None:
        files["model.keras"] = findings.keras
    if complaint is None or force:
        model = EmissionModel(
            name=findings.name,
            tflite=tflite,
            graph=findings.graph,
            labels=findings.labels,
            layer_names=findings.layer_names,
            vectors=findings.vectors,
            host_arena_bytes=findings.record.host_arena_bytes,
            tflm_revision=findings.record.tflm_revision,
            configuration_digest=findings.configuration.digest,
            preprocessing=findings.preprocessing,
            prefix=prefix,
            xnnpack_difference_lsb=findings.record.xnnpack_difference_lsb,
            trace=LayerTrace(
                tensors=findings.vectors.layers, hashed_count=parts.hashed_count, valued_count=parts.valued_count
            ),
            selftest=selftest,
            static=findings.static,
        )
        firmware = render(model, arena, target, family, tool_version=tool_version)
        files.update({f"{family.folder}/{name}": content for name, content in firmware.items()})
        files.update(render_archive(findings.name, prefix, family, firmware))
    manifest = make_manifest(findings.configuration, target.name, family.name, tool_version, files)
    files[MANIFEST] = (manifest.model_dump_json(indent=1) + "\n").encode()
    return Assembly(files=files, report=report, complaint=complaint)


def _selftest_parts(findings: Findings, target: Target, family: Family, selftest: SelfTest) -> SelftestParts:
    """Say what the self-test holds: values of layers where they are asked for, or where hashes say too little.

    Kernels that may differ from the vectors have other hashes without being wrong.
    """
    graph, count = findings.graph, len(findings.vectors.inputs)
    sizes = SelftestSizes(vector_bytes=findings.vectors.first(1).nbytes)
    if family.runtime.shows_layers and findings.vectors.layers:
        traced = traced_outputs(graph, observed_places(findings.static) if findings.static else None)
        sizes = replace(
            sizes, table_bytes=table_bytes(traced), hash_bytes=hash_bytes(traced), value_bytes=value_bytes(traced)
        )
    usual_count = 1 if family.kernels.tolerance_lsb else 0
    return affordable_selftest(
        findings.needs,
        sizes,
        target,
        vector_count=count,
        valued_count=count if selftest is SelfTest.FULL else usual_count,
    )


def _tflite(findings: Findings, family: Family) -> bytes:
    """Return the model as the family takes it: a file for apps says what it is."""
    if family.files is None:
        return findings.tflite
    return publish(
        findings.graph,
        name=findings.name,
        description=f"Compressed by edgewright, configuration {findings.configuration.digest}.",
        labels=findings.labels,
        preprocessing=findings.preprocessing,
    )


def _fit(findings: Findings, fit: Fit, dropped: int, target: Target, family: Family) -> FitSection:
    graph = findings.graph
    contributors = find_contributors(graph, findings.layer_names, kernels_of(family), target.core, findings.static)
    by_core: dict[str, StaticModel | None] = {}

    def compiled_for(other: Target, with_family: Family) -> StaticModel | None:
        if with_family.runtime is not Runtime.STATIC:
            return None
        if other.core not in by_core:
            by_core[other.core] = compile_for(graph, findings.layer_names, other, with_family, findings.options)
        return by_core[other.core]

    def measure(other: Target, with_family: Family) -> Footprint | None:
        if not supports(graph, findings.layer_names, other, with_family):
            return None
        static = compiled_for(other, with_family)
        return footprint(
            graph,
            tflite_bytes=len(findings.tflite),
            host_arena_bytes=findings.record.host_arena_bytes,
            target=other,
            family=with_family,
            selftest_bytes=findings.vectors.first(1).nbytes,
            static=static,
        )

    place = Place(target=target, family=family)
    suggestions = suggest(fit, findings.needs, contributors, place, measure)
    cost = family.external_ram.cost if family.external_ram and fit.placement is Placement.PSRAM else None
    return fit_section(fit, contributors, dropped_vectors=dropped, placement_cost=cost, suggestions=suggestions)
