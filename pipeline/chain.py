"""The chain of stages: each runs once for the same ingredients, is measured, and is rolled back over the budget."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rich.markup import escape

from edgewright.pipeline.budget import Budget, drop_complaint, worst_score
from edgewright.pipeline.code import code_digest
from edgewright.pipeline.digest import digest_file, package_versions
from edgewright.pipeline.errors import DivergedError
from edgewright.pipeline.figures import CalibrationFigures
from edgewright.pipeline.frameworks import VERSIONED_PACKAGES
from edgewright.pipeline.measurement import measure_artefact, measure_conversion
from edgewright.pipeline.metrics import Metrics
from edgewright.pipeline.preflight import check_representative_samples, check_stages
from edgewright.pipeline.search import find_strongest
from edgewright.pipeline.stages import ArtefactKind, Stage, StageSettings, StageWork
from edgewright.pipeline.workshop import Workshop

RECORD = "stage.json"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One artefact of the chain: the source model, or what a stage made."""

    name: str
    path: Path
    settings: StageSettings | None
    """What the stage ran with; None for the source model."""
    metrics: Metrics
    seconds: float | None
    """How long the stage took when it ran; None for the source model."""
    is_cached: bool = field(default=False, compare=False)
    """Whether it ran earlier and was found."""
    notes: tuple[str, ...] = ()
    """What is worth telling: layers that stay and why, what a search tried, why nothing was saved."""
    rolled_back: str | None = None
    """Why the stage's result was not used; None where it was."""


@dataclass(frozen=True, kw_only=True)
class Chain:
    """What a recipe made of a source model, step by step; the last step is the `.tflite`."""

    steps: tuple[Step, ...]
    calibration: tuple[CalibrationFigures, ...] = ()
    """What is to be known about the representative samples."""

    @property
    def source(self) -> Step:
        """The source model."""
        return self.steps[0]

    @property
    def converted(self) -> Step:
        """The `.tflite`."""
        return self.steps[-1]

    @property
    def artefact(self) -> Step:
        """What was converted: the last float model that is used."""
        return next(step for step in reversed(self.steps[:-1]) if step.rolled_back is None)


@dataclass(frozen=True, kw_only=True)
class _Made:
    """What a stage left in the cache."""

    path: Path
    seconds: float
    notes: tuple[str, ...]
    is_cached: bool


def stage_ingredients(workshop: Workshop, stage: Stage, settings: StageSettings, input_path: Path) -> dict[str, object]:
    """Return what decides a stage's result, as the cache wants it."""
    folder = workshop.recipe.folder
    budget = workshop.recipe.settings.budget if settings.minds_budget else None
    return {
        "kind": stage.name,
        "settings": settings.model_dump(mode="json"),
        "files": [digest_file(path) for path in stage.files(settings, folder)],
        "input": digest_file(input_path),
        "source": digest_file(workshop.source_path),
        "data": workshop.data.digest,
        "augmentation": workshop.recipe.settings.augmentation.model_dump(mode="json"),
        **workshop.objective.ingredients,
        **({"max_accuracy_drop": budget.max_accuracy_drop} if budget else {}),
        "seed": workshop.seed,
        "code": code_digest(stage.modules),
        "versions": package_versions(VERSIONED_PACKAGES),
    }


def run_chain(workshop: Workshop, check_target: Callable[[Workshop], None] | None = None) -> Chain:
    """Run a recipe's stages, or find their results in the cache.

    Args:
        workshop: what they are made and measured with.
        check_target: refuses, before the first stage, what the target cannot compute.

    Raises:
        EdgewrightError: a stage refuses the model or fails; earlier results stay in the cache.
    """
    check_stages(workshop)
    calibration = check_representative_samples(workshop)
    metrics = measure_artefact(workshop.source_path, workshop)  # a metric that is no use ends here, nothing converted
    if check_target is not None:
        check_target(workshop)
    source = Step(name="source", path=workshop.source_path, settings=None, metrics=metrics, seconds=None)
    steps = [source]
    _tell(workshop, source)
    for position, (stage, settings) in enumerate(workshop.recipe.stages):
        step = _take_stage(workshop, stage, settings, steps, position)
        steps.append(step)
        _tell(workshop, step)
    return Chain(steps=tuple(steps), calibration=calibration)


def _take_stage(workshop: Workshop, stage: Stage, settings: StageSettings, steps: list[Step], position: int) -> Step:
    """Run one stage, with the strongest setting that the budget bears where it looks for its own."""
    before = next(step for step in reversed(steps) if step.rolled_back is None)
    budget = workshop.recipe.settings.budget
    notes: tuple[str, ...] = ()
    chosen = settings
    if settings.trials:
        limits = budget or Budget()
        found = find_strongest(
            settings.trials,
            lambda trial: _judge(workshop, limits, _try(workshop, stage, trial, before, steps[0]), steps[0], position),
            lambda trial: _changes(settings, trial),
        )
        notes = found.notes
        if found.settings is None:
            return _rolled_back(stage, settings, before, (*notes,), "the budget bears none of its settings")
        chosen = found.settings
    made = _run_stage(workshop, stage, chosen, before, steps[0])
    metrics = _measure(workshop, stage, made, before)
    complaint = None
    if budget is not None and stage.produces is ArtefactKind.KERAS:
        complaint = drop_complaint(budget, workshop.objective, steps[0].metrics, _score(workshop, metrics, position))
    saved_nothing = () if _saves(before.metrics, metrics) else (stage.why_not_smaller(chosen),)
    return Step(
        name=stage.name,
        path=made.path,
        settings=chosen,
        metrics=metrics,
        seconds=made.seconds,
        is_cached=made.is_cached,
        notes=(*notes, *made.notes, *(saved_nothing if stage.produces is ArtefactKind.KERAS else ())),
        rolled_back=complaint,
    )


def _rolled_back(stage: Stage, settings: StageSettings, before: Step, notes: tuple[str, ...], reason: str) -> Step:
    return Step(
        name=stage.name, path=before.path, settings=settings, metrics=before.metrics, seconds=None, notes=notes,
        rolled_back=reason,
    )  # fmt: skip


def _try(workshop: Workshop, stage: Stage, settings: StageSettings, before: Step, source: Step) -> Metrics:
    return _measure(workshop, stage, _run_stage(workshop, stage, settings, before, source), before)


def _judge(workshop: Workshop, budget: Budget, metrics: Metrics, source: Step, position: int) -> str | None:
    return drop_complaint(budget, workshop.objective, source.metrics, _score(workshop, metrics, position))


def _score(workshop: Workshop, metrics: Metrics, position: int) -> float:
    """Return the score that is judged: the integer model's, unless training under quantization is still to come."""
    later = [stage.name for stage, _ in workshop.recipe.stages[position + 1 :]]
    return metrics.float_score if "qat" in later else metrics.int8_score


def _measure(workshop: Workshop, stage: Stage, made: _Made, before: Step) -> Metrics:
    if stage.produces is ArtefactKind.KERAS:
        return measure_artefact(made.path, workshop)
    return measure_conversion(made.path, before.path, before.metrics, workshop)


def _saves(before: Metrics, after: Metrics) -> bool:
    """Tell whether a device notices: file, multiply-accumulates or arena became smaller."""
    return (
        after.file_bytes < before.file_bytes
        or after.mac_count < before.mac_count
        or after.arena_bytes < before.arena_bytes
    )


def _changes(settings: StageSettings, trial: StageSettings) -> str:
    given, tried = (one.model_dump(mode="json", exclude={"training", "step_epochs"}) for one in (settings, trial))
    return ", ".join(f"{key} = {value}" for key, value in tried.items() if value is not None and value != given[key])


def _run_stage(workshop: Workshop, stage: Stage, settings: StageSettings, before: Step, source: Step) -> _Made:
    budget = workshop.recipe.settings.budget
    wanted = stage_ingredients(workshop, stage, settings, before.path)
    is_cached = workshop.cache.find(wanted) is not None

    def make(folder: Path) -> None:
        started = time.monotonic()
        work = StageWork(
            input_path=before.path,
            source_path=workshop.source_path,
            recipe_folder=workshop.recipe.folder,
            data=workshop.data,
            objective=workshop.objective,
            augmentation=workshop.recipe.settings.augmentation,
            seed=workshop.seed,
            output_path=folder / stage.produces.value,
            reporter=workshop.reporter,
            cache=workshop.cache,
            measure=lambda path: measure_artefact(path, workshop),
            worst_score=worst_score(budget, workshop.objective, source.metrics) if budget else None,
            log_folder=workshop.log_folder / stage.name if workshop.log_folder else None,
        )
        try:
            stage.run(settings, work)
        except DivergedError as error:
            raise DivergedError(f"{error} The model before this stage is kept in {before.path}.") from error
        record = {"seconds": round(time.monotonic() - started, 1), "notes": work.notes}
        (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")

    folder = workshop.cache.obtain(wanted, make)
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    return _Made(
        path=folder / stage.produces.value,
        seconds=record["seconds"],
        notes=tuple(record["notes"]),
        is_cached=is_cached,
    )


def _tell(workshop: Workshop, step: Step) -> None:
    metrics = step.metrics
    time_text = " (cached)" if step.is_cached else "" if step.seconds is None else f" ({step.seconds:.0f} s)"
    scores = metrics.float_scores or metrics.int8_scores
    score = f", {workshop.objective.metric.name} {metrics.int8_score:.4f} in int8" if scores else ""
    if metrics.float_scores:
        score += f", {metrics.float_score:.4f} in float"
    workshop.reporter.line(
        f"[bold]{step.name}[/]{time_text}: {metrics.file_bytes:,} bytes, {metrics.mac_count / 1e6:.3f} M MACs, "
        f"arena {metrics.arena_bytes:,}{score}"
    )
    for note in step.notes:
        workshop.reporter.line(f"  {escape(note)}")
    if step.rolled_back is not None:
        workshop.reporter.line(f"  [yellow]rolled back:[/] {escape(step.rolled_back)}")
