"""The measured plans as a document for people: `docs/arena.md`."""

from __future__ import annotations

from collections.abc import Iterator

from edgewright.pipeline.vocabulary import PlanEnding
from edgewright.runtime_bench.arena.figures import ArenaResults, ModelResult, PlanRow

ENDINGS = {
    PlanEnding.AT_BOUND: "at the bound",
    PlanEnding.PROVED: "proved the best",
    PlanEnding.BOUND_REFUTED: "bound refuted",
    PlanEnding.STEP_LIMIT: "step limit",
}
REORDERED = " ↻"
HEAD = """# Memory plans

TensorFlow Lite Micro places activations and scratch buffers greedily, the largest first; that is the head of its arena.
edgewright looks for better places, and for a better order of the operators where branches leave a choice (marked ↻),
and writes them into the `.tflite`, where TFLM takes them from, if the arena falls.
The bound is the most that 16-rounded tensors and scratch take at one moment: with that order no plan takes less.
A search that does not reach it either proves that no plan does, or says that its steps ran out.

{count} untrained networks with seeded weights, converted as every build converts them{others}.
Bytes everywhere. Made on {date} at commit `{commit}` with `{command}`.

## Reference kernels, on this computer

Heads and arenas are those of TFLM's own interpreter, the arena by trying; seconds are those of the search.
What is computed of the arena, from the model alone, is never less and at most 3 % or 256 bytes more.
Outputs are compared to the byte in that interpreter, on 100 random inputs each; without a gain the file stays the same.

| model | `.tflite` | layers | TFLM's head | ours | bound | ended | seconds | TFLM's arena | ours | computed | outputs |
|---|---:|---:|---:|---:|---:|---|---:|---:|---:|---:|---|
"""
OTHERS = """
## Other kernels

Their scratch takes part in the plan. Heads as TFLM places them and as we do; then the computed arena, where it falls.
Each model with a plan was compared on 100 inputs as above{limits}.

"""


def render_document(results: ArenaResults) -> str:
    """Return the document as Markdown."""
    own = sum(not model.name.endswith(".tflite") for model in results.models)
    others = f", and {len(results.models) - own} files that were given" if own < len(results.models) else ""
    head = HEAD.format(count=own, others=others, date=results.date, commit=results.commit, command=results.command)
    titles = [row.kernels for row in results.models[0].plans[1:]]
    slowest = max(row.seconds for model in results.models for row in model.plans)
    limits = f"; the slowest search of all took {slowest:.2f} s"
    lines = [
        *(_reference_row(model) for model in results.models),
        OTHERS.format(limits=limits).rstrip("\n"),
        "",
        "| model | " + " | ".join(f"{title}: head | arena" for title in titles) + " |",
        "|---|" + "---:|---:|" * len(titles),
        *("| " + " | ".join([model.name, *_cells(model)]) + " |" for model in results.models),
    ]
    return head + "\n".join(lines) + "\n"


def _reference_row(model: ModelResult) -> str:
    row = model.plans[0]
    cells = (
        model.name,
        _change(model.file_bytes, model.planned_file_bytes),
        str(model.operator_count),
        f"{model.before.head_bytes:,}",
        f"{model.after.head_bytes:,}{REORDERED if row.is_reordered else ''}",
        f"{row.bound_bytes:,}",
        ENDINGS[row.ending],
        f"{row.seconds:.2f}",
        f"{model.before.arena_bytes:,}",
        f"{model.after.arena_bytes:,}",
        f"{model.after.computed_bytes:,}",
        f"equal on {row.compared_inputs}" if row.compared_inputs else "same file",
    )
    return "| " + " | ".join(cells) + " |"


def _cells(model: ModelResult) -> Iterator[str]:
    for row in model.plans[1:]:
        yield _change(row.greedy_bytes, row.head_bytes) + _mark(row)
        yield _change(row.arena_before_bytes, row.arena_bytes)


def _mark(row: PlanRow) -> str:
    ending = "" if row.ending is PlanEnding.AT_BOUND else f" ({ENDINGS[row.ending]})"
    return (REORDERED if row.is_reordered else "") + ending


def _change(before: int, after: int) -> str:
    return f"{before:,}" if before == after else f"{before:,} → {after:,}"
