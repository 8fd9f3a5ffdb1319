"""Making the report of a result from what was found out about the model."""

from __future__ import annotations

from edgewright.pipeline.chain import Step
from edgewright.pipeline.digest import digest_bytes, package_versions
from edgewright.pipeline.findings import Findings
from edgewright.pipeline.footprint import Footprint
from edgewright.pipeline.frameworks import VERSIONED_PACKAGES
from edgewright.pipeline.lint import Context, FindingSection, finding_sections, inspect
from edgewright.pipeline.report import (
    ArenaSection,
    CodeSection,
    FitSection,
    FootprintSection,
    ProvenanceSection,
    Report,
    StageSection,
    TargetSection,
    TestSection,
    layer_sections,
    static_section,
    static_timeline,
    timeline_section,
)
from edgewright.pipeline.target import Family, Target
from edgewright.pipeline.vocabulary import Arena


def make_report(
    findings: Findings,
    arena: Arena,
    target: Target,
    family: Family,
    *,
    tool_version: str,
    tflite: bytes,
    fits: bool,
    fit: FitSection,
) -> Report:
    """Return the report of a result.

    Args:
        findings: the model and what was measured.
        arena: what the firmware reserves.
        target: the board.
        family: which firmware.
        tool_version: that made it.
        tflite: the model as it is written.
        fits: whether the board holds it.
        fit: what the report says about that.
    """
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
        static=static_section(findings.graph, findings.layer_names, findings.static, findings.options)
        if findings.static
        else None,
        lint=_lint(findings, target, family),
        comparison=findings.record.comparison,
        calibration=findings.calibration,
        timeline=static_timeline(findings.static, findings.graph, findings.layer_names)
        if findings.static
        else timeline_section(findings.graph, findings.layer_names, target, family),
        layers=layer_sections(findings.graph, findings.layer_names),
        provenance=ProvenanceSection(
            inputs=findings.configuration.inputs,
            tflite_digest=digest_bytes(tflite),
            packages=package_versions(VERSIONED_PACKAGES),
        ),
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
