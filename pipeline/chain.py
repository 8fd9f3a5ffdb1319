"""The chain of stages: each one runs once for the same ingredients, and is measured when it has run."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.code import LOADING, code_digest
from edgewright.pipeline.data import DataSource
from edgewright.pipeline.digest import digest_file, package_versions
from edgewright.pipeline.frameworks import VERSIONED_PACKAGES
from edgewright.pipeline.metrics import Metrics, class_accuracy, measure_tflite
from edgewright.pipeline.models import float_tflite, load_model
from edgewright.pipeline.progress import Reporter
from edgewright.pipeline.recipe import Recipe
from edgewright.pipeline.stages import ArtefactKind, Stage, StageSettings, StageWork
from edgewright.pipeline.training import predict

METRICS_MODULES = ("metrics.py", *LOADING)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One artefact of the chain: the source model, or what a stage made."""

    name: str
    path: Path
    metrics: Metrics
    seconds: float | None
    """How long the stage took when it ran; None for the source model."""


@dataclass(frozen=True, kw_only=True)
class Chain:
    """What a recipe made of a source model, step by step; the last step is the `.tflite`."""

    steps: tuple[Step, ...]

    @property
    def tflite_path(self) -> Path:
        """The converted model."""
        return self.steps[-1].path

    @property
    def keras_path(self) -> Path:
        """The last float model: what was converted."""
        return next(step.path for step in reversed(self.steps) if step.path.name == ArtefactKind.KERAS.value)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What every step of a chain is made with."""

    recipe: Recipe
    seed: int
    source_path: Path
    data: DataSource
    cache: Cache
    reporter: Reporter


def stage_ingredients(bench: Bench, stage: Stage, settings: StageSettings, input_path: Path) -> dict[str, object]:
    """Return what decides a stage's result, as the cache wants it."""
    return {
        "kind": stage.name,
        "settings": settings.model_dump(mode="json"),
        "input": digest_file(input_path),
        "source": digest_file(bench.source_path),
        "data": bench.data.digest,
        "augmentation": bench.recipe.settings.augmentation.model_dump(mode="json"),
        "seed": bench.seed,
        "code": code_digest(stage.modules),
        "versions": package_versions(VERSIONED_PACKAGES),
    }


def run_chain(bench: Bench) -> Chain:
    """Run a recipe's stages, or find their results in the cache.

    Raises:
        EdgewrightError: a stage refuses the model or fails; earlier results stay in the cache.
    """
    source = Step(name="source", path=bench.source_path, metrics=measure_keras(bench.source_path, bench), seconds=None)
    steps = [source]
    _tell(bench.reporter, source, cached=False)
    for stage, settings in bench.recipe.stages:
        steps.append(_run_stage(bench, stage, settings, steps[-1].path))
    return Chain(steps=tuple(steps))


def _run_stage(bench: Bench, stage: Stage, settings: StageSettings, input_path: Path) -> Step:
    wanted = stage_ingredients(bench, stage, settings, input_path)
    cached = bench.cache.find(wanted) is not None

    def make(folder: Path) -> None:
        started = time.monotonic()
        output_path = folder / stage.produces.value
        work = StageWork(
            input_path=input_path,
            source_path=bench.source_path,
            data=bench.data,
            augmentation=bench.recipe.settings.augmentation,
            seed=bench.seed,
            output_path=output_path,
            reporter=bench.reporter,
        )
        stage.run(settings, work)
        (folder / "seconds.txt").write_text(f"{time.monotonic() - started:.1f}\n", encoding="utf-8")

    folder = bench.cache.obtain(wanted, make)
    path = folder / stage.produces.value
    if stage.produces is ArtefactKind.KERAS:
        metrics = measure_keras(path, bench)
    else:
        metrics = measure_tflite(path.read_bytes(), None, source=str(path))
    seconds = float((folder / "seconds.txt").read_text(encoding="utf-8"))
    step = Step(name=stage.name, path=path, metrics=metrics, seconds=seconds)
    _tell(bench.reporter, step, cached=cached)
    return step


def with_accuracy(chain: Chain, accuracy: float | None) -> Chain:
    """Return the chain with the accuracy of its `.tflite`, which an interpreter has measured."""
    last = chain.steps[-1]
    measured = last.metrics.model_copy(update={"accuracy": accuracy})
    return replace(chain, steps=(*chain.steps[:-1], replace(last, metrics=measured)))


def measure_keras(path: Path, bench: Bench) -> Metrics:
    """Count and measure a float model on the test split.

    Args:
        path: a `.keras`.
        bench: gives data and cache.
    """
    ingredients = {
        "kind": "metrics",
        "model": digest_file(path),
        "data": bench.data.digest,
        "code": code_digest(METRICS_MODULES),
        "versions": package_versions(VERSIONED_PACKAGES),
    }

    def make(folder: Path) -> None:
        model, data = load_model(path, trust=True), bench.data.load()
        accuracy = class_accuracy(predict(model, data.x_test), data.y_test)
        metrics = measure_tflite(float_tflite(model), accuracy, source=str(path))
        (folder / "metrics.json").write_text(metrics.model_dump_json(indent=1) + "\n", encoding="utf-8")

    folder = bench.cache.obtain(ingredients, make)
    return Metrics.model_validate_json((folder / "metrics.json").read_text(encoding="utf-8"))


def _tell(reporter: Reporter, step: Step, *, cached: bool) -> None:
    metrics = step.metrics
    accuracy = "" if metrics.accuracy is None else f", accuracy {metrics.accuracy:.2%}"
    time_text = " (cached)" if cached else "" if step.seconds is None else f" in {step.seconds:.0f} s"
    reporter.line(
        f"[bold]{step.name}[/]{time_text}: {metrics.parameter_count:,} parameters, "
        f"{metrics.nonzero_parameter_count:,} not zero, {metrics.mac_count / 1e6:.2f} M MACs, "
        f"{metrics.file_bytes:,} bytes{accuracy}"
    )
