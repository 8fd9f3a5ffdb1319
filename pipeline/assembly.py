"""Putting a result together: every file of an output folder, from what was found out about the model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from edgewright.pipeline.chain import Step
from edgewright.pipeline.emission.firmware import render
from edgewright.pipeline.evaluation import EvaluationRecord
from edgewright.pipeline.graph import Graph
from edgewright.pipeline.manifest import Configuration, make_manifest
from edgewright.pipeline.output import MANIFEST
from edgewright.pipeline.report import ArenaSection, Report, StageSection, TargetSection, render_page
from edgewright.pipeline.target import Family, Target
from edgewright.pipeline.vocabulary import Arena, EmissionModel, GoldenVectors

LAYERS_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Findings:
    """All that is known about a compressed model before a target is chosen."""

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
    stage_settings: tuple[dict[str, object], ...]
    """Settings of each step but the first."""
    record: EvaluationRecord
    vectors: GoldenVectors
    configuration: Configuration


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """The files of an output folder."""

    files: Mapping[str, bytes]
    report: Report
    complaint: str | None
    """Why the model does not fit the target, or None where it does."""


def assemble(
    findings: Findings, arena: Arena, target: Target, family: Family, *, tool_version: str, force: bool
) -> Assembly:
    """Return every file of the output folder.

    Args:
        findings: the model and what was measured.
        arena: what the firmware reserves.
        target: the board.
        family: which firmware.
        tool_version: for banners and manifest.
        force: emit firmware that does not fit all the same.
    """
    report = _report(findings, arena, target, family, tool_version)
    complaint = None if report.target.fits else _complaint(report)
    files: dict[str, bytes] = {
        "model.tflite": findings.tflite,
        "labels.txt": "".join(f"{' '.join(label.splitlines())}\n" for label in findings.labels).encode(),
        "model.layers.json": _layers_json(findings),
        "report.json": (report.model_dump_json(indent=1) + "\n").encode(),
        "report.html": render_page(report).encode(),
    }
    if findings.keras is not None:
        files["model.keras"] = findings.keras
    if complaint is None or force:
        model = EmissionModel(
            name=findings.name,
            tflite=findings.tflite,
            graph=findings.graph,
            labels=findings.labels,
            layer_names=findings.layer_names,
            vectors=findings.vectors,
            host_arena_bytes=findings.record.host_arena_bytes,
            tflm_revision=findings.record.tflm_revision,
            configuration_digest=findings.configuration.digest,
        )
        firmware = render(model, arena, target, family, tool_version=tool_version)
        files.update({f"firmware/{name}": content for name, content in firmware.items()})
    manifest = make_manifest(findings.configuration, target.name, family.name, tool_version, files)
    files[MANIFEST] = (manifest.model_dump_json(indent=1) + "\n").encode()
    return Assembly(files=files, report=report, complaint=complaint)


def _report(findings: Findings, arena: Arena, target: Target, family: Family, tool_version: str) -> Report:
    settings = ({}, *findings.stage_settings)
    model_bytes = len(findings.tflite)
    fits = (target.flash_bytes is None or model_bytes <= target.flash_bytes) and (
        target.arena_limit_bytes is None or arena.arena_bytes <= target.arena_limit_bytes
    )
    return Report(
        tool_version=tool_version,
        name=findings.name,
        source=findings.source,
        configuration_digest=findings.configuration.digest,
        seed=findings.seed,
        labels=findings.labels,
        stages=tuple(
            StageSection(name=step.name, settings=chosen, seconds=step.seconds, metrics=step.metrics)
            for step, chosen in zip(findings.steps, settings, strict=True)
        ),
        int8_accuracy=findings.record.accuracy,
        arena=ArenaSection(
            bytes=arena.arena_bytes,
            method=arena.method,
            word_bits=arena.word_bits,
            kernels=arena.kernels,
            tflm_revision=arena.tflm_revision,
            host_bytes=findings.record.host_arena_bytes,
            scratch_bytes=target.kernel_scratch_bytes,
        ),
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
            model_bytes=model_bytes,
            arena_bytes=arena.arena_bytes,
            fits=fits,
        ),
    )


def _complaint(report: Report) -> str:
    target = report.target
    lacks = []
    if target.flash_bytes is not None and target.model_bytes > target.flash_bytes:
        lacks.append(f"the model takes {target.model_bytes:,} bytes of {target.flash_bytes:,} bytes of flash")
    if target.arena_limit_bytes is not None and target.arena_bytes > target.arena_limit_bytes:
        lacks.append(f"the arena takes {target.arena_bytes:,} of {target.arena_limit_bytes:,} bytes of RAM")
    return (
        f"{report.name} does not fit {target.title}: {' and '.join(lacks)}; compress it further, choose another "
        "target, or give --force to emit the firmware all the same. Everything but the firmware was written."
    )


def _layers_json(findings: Findings) -> bytes:
    rows = [
        {"operator": operator.index, "op": operator.label, "layer": layer}
        for operator, layer in zip(findings.graph.main.operators, findings.layer_names, strict=True)
    ]
    return (json.dumps({"version": LAYERS_VERSION, "operators": rows}, indent=1) + "\n").encode()
