"""Putting a result together: every file of an output folder, from what was found out about the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from edgewright.pipeline.advice import Place, suggest
from edgewright.pipeline.arena import kernels_of
from edgewright.pipeline.chain import Step
from edgewright.pipeline.contributors import find_contributors
from edgewright.pipeline.emission.firmware import render, render_archive
from edgewright.pipeline.evaluation import EvaluationRecord
from edgewright.pipeline.figures import PlanFigures
from edgewright.pipeline.fit import Fit, SelftestParts, SelftestSizes, affordable_selftest, find_fit
from edgewright.pipeline.footprint import Footprint, footprint
from edgewright.pipeline.graph import Graph
from edgewright.pipeline.layers import layers_document
from edgewright.pipeline.lint import Context, Finding, FindingSection, finding_sections, inspect
from edgewright.pipeline.manifest import Configuration, make_manifest
from edgewright.pipeline.operator_support import supports
from edgewright.pipeline.output import MANIFEST
from edgewright.pipeline.preprocessing import Preprocessing
from edgewright.pipeline.publication import labels_text, publish
from edgewright.pipeline.report import (
    ArenaSection,
    BudgetSection,
    CodeSection,
    FitSection,
    FootprintSection,
    MetricSection,
    Report,
    StageSection,
    TargetSection,
    TestSection,
    complain,
    fit_section,
    render_page,
)
from edgewright.pipeline.scales import ScalesRecord
from edgewright.pipeline.target import Family, Target
from edgewright.pipeline.trace import hash_bytes, table_bytes, value_bytes
from edgewright.pipeline.vocabulary import (
    Arena,
    EmissionModel,
    GoldenVectors,
    LayerTrace,
    Placement,
    Runtime,
    SelfTest,
)


@dataclass(frozen=True, kw_only=True)
class Findings:
    """All that is known about a compressed model."""

    name: str
    source: str
    seed: int
    labels: tuple[str, ...]
    tflite: bytes
    graph: Graph
    layer_names: tuple[str, ...]
    keras: bytes | None
    """The last float model; None where a `.tflite` was given."""
    steps: tuple[Step, ...]
    metric: MetricSection | None
    source_scores: dict[str, float]
    """Of the float source model on the test split; empty without data."""
    budget: BudgetSection | None
    scales: ScalesRecord | None
    """What was chosen for each layer's weights; None where nothing was."""
    needs: Footprint
    """What the model takes of the target."""
    plan: PlanFigures | None
    """What its memory plan saves; None where nothing was planned."""
    record: EvaluationRecord
    vectors: GoldenVectors
    configuration: Configuration
    preprocessing: tuple[Preprocessing, ...]
    """Of the samples of each input; empty where nobody declared any."""
    repaired: tuple[Finding, ...] = ()
    """Hazards that the model had before it was repaired."""


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
    report = _report(findings, arena, target, family, tool_version, fits=fit.fits, fit=section)
    complaint = None if fit.fits else complain(report)
    tflite = _tflite(findings, family)
    files: dict[str, bytes] = {
        "model.tflite": tflite,
        "labels.txt": labels_text(findings.labels),
        "model.layers.json": layers_document(findings.graph, findings.layer_names),
        "report.json": (report.model_dump_json(indent=1) + "\n").encode(),
        "report.html": render_page(report).encode(),
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
    if family.runtime is Runtime.TFLM and findings.vectors.layers:
        sizes = replace(
            sizes, table_bytes=table_bytes(graph), hash_bytes=hash_bytes(graph), value_bytes=value_bytes(graph)
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


def _report(
    findings: Findings, arena: Arena, target: Target, family: Family, tool_version: str, *, fits: bool, fit: FitSection
) -> Report:
    return Report(
        tool_version=tool_version,
        name=findings.name,
        source=findings.source,
        configuration_digest=findings.configuration.digest,
        seed=findings.seed,
        labels=findings.labels,
        stages=tuple(_stage(step) for step in findings.steps),
        metric=findings.metric,
        test=TestSection(source=findings.source_scores, result=findings.record.scores) if findings.metric else None,
        budget=findings.budget,
        scales=findings.scales,
        arena=ArenaSection(
            bytes=arena.arena_bytes,
            reserve_bytes=arena.reserve_bytes,
            method=arena.method,
            word_bits=arena.word_bits,
            kernels=arena.kernels,
            tflm_revision=arena.tflm_revision,
            host_bytes=findings.record.host_arena_bytes,
        ),
        plan=findings.plan,
        agreements=findings.record.agreements,
        latency=findings.record.latency,
        target=TargetSection(
            name=target.name,
            title=target.title,
            chip=target.chip,
            core=target.core,
            family=family.name,
            flash_bytes=target.flash_bytes,
            ram_bytes=target.ram_bytes,
            arena_limit_bytes=target.arena_limit_bytes,
            fits=fits,
        ),
        footprint=_footprint(findings.needs),
        fit=fit,
        lint=_lint(findings, target, family),
    )


def _lint(findings: Findings, target: Target, family: Family) -> tuple[FindingSection, ...]:
    context = Context(
        graph=findings.graph,
        tflite=findings.tflite,
        layers=findings.layer_names,
        target=target,
        family=family,
        preprocessing=findings.preprocessing,
    )
    return (*finding_sections(inspect(context)), *finding_sections(findings.repaired, is_repaired=True))


def _fit(findings: Findings, fit: Fit, dropped: int, target: Target, family: Family) -> FitSection:
    graph = findings.graph
    contributors = find_contributors(graph, findings.layer_names, kernels_of(family), target.core)

    def measure(other: Target, with_family: Family) -> Footprint | None:
        if not supports(graph, findings.layer_names, other, with_family):
            return None
        return footprint(
            graph,
            tflite_bytes=len(findings.tflite),
            host_arena_bytes=findings.record.host_arena_bytes,
            target=other,
            family=with_family,
            selftest_bytes=findings.vectors.first(1).nbytes,
        )

    place = Place(target=target, family=family)
    suggestions = suggest(fit, findings.needs, contributors, place, measure)
    cost = family.external_ram.cost if family.external_ram and fit.placement is Placement.PSRAM else None
    return fit_section(fit, contributors, dropped_vectors=dropped, placement_cost=cost, suggestions=suggestions)


def _stage(step: Step) -> StageSection:
    return StageSection(
        name=step.name,
        settings=step.settings.model_dump(mode="json") if step.settings else {},
        seconds=step.seconds,
        metrics=step.metrics,
        notes=step.notes,
        rolled_back=step.rolled_back,
    )


def _footprint(needs: Footprint) -> FootprintSection:
    return FootprintSection(
        weight_bytes=needs.weight_bytes,
        code=tuple(CodeSection(name=part.name, bytes=part.code_bytes, source=part.source) for part in needs.code_parts),
        code_bytes=needs.code_bytes,
        code_accuracy=needs.code_accuracy,
        selftest_bytes=needs.selftest_bytes,
        flash_bytes=needs.flash_bytes,
        arena_bytes=needs.arena_bytes,
        stack_bytes=needs.stack_bytes,
        static_bytes=needs.static_bytes,
        ram_bytes=needs.ram_bytes,
    )
