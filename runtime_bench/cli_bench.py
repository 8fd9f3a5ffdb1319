"""The command `edgewright bench`."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from edgewright.pipeline.errors import BadInputError, RegressionError
from edgewright.runtime_bench.cli_options import PortOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgewright.pipeline.amendment import Amendable
    from edgewright.runtime_bench.bench import Bench, Change

console = Console(emoji=False)
EPILOG = "Example: edgewright bench build/esp32 --data my.npz --baseline old/bench.json"


def bench(
    models: Annotated[
        list[Path], typer.Argument(help="A .tflite, or the output folder of a build; several are compared.")
    ],
    data: Annotated[
        str | None, typer.Option(help="Data as a build takes it: its test split is run on every engine, and scored.")
    ] = None,
    recipe: Annotated[Path | None, typer.Option(help="TOML file whose data, task and preprocessing are taken.")] = None,
    engine: Annotated[
        list[str] | None, typer.Option(help="Measure this engine only; may be given several times.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, max=256, help="Measure XNNPACK with 1, 2, 4, … up to this many.")] = 1,
    seconds: Annotated[
        float, typer.Option(min=0.1, max=3600, help="Give a latency up that has no narrow interval after this long.")
    ] = 15.0,
    port: PortOption = None,
    baud: Annotated[int, typer.Option(min=300, max=4_000_000, help="Of that port; over USB any will do.")] = 115_200,
    elf: Annotated[
        Path | None,
        typer.Option(help="Emitted firmware as a program for an emulated core: its instructions are counted."),
    ] = None,
    core: Annotated[str | None, typer.Option(help="The core that the program is for, such as cortex-m4.")] = None,
    device_samples: Annotated[
        int | None, typer.Option(min=1, help="Run the first so many samples on devices, instead of all.")
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="An earlier bench.json: show what changed, and end with 4 if it is worse.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Output folder.")] = Path("build/bench"),
    cache: Annotated[
        Path, typer.Option("--cache", envvar="EDGEWRIGHT_CACHE", help="Folder in which data is kept.")
    ] = Path("build/cache"),
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Of the inputs that are drawn without data.")] = 1,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that were edited.")] = False,
) -> None:
    """Measure models on every engine at hand: latency, memory, accuracy, agreement, and layer by layer."""
    from edgewright.pipeline.amendment import open_amendable
    from edgewright.pipeline.cache import Cache
    from edgewright.pipeline.output import require_ours
    from edgewright.runtime_bench import bench as package
    from edgewright.runtime_bench.boards import Place

    if any(path.is_dir() and path.resolve() == out.resolve() for path in models):
        raise BadInputError(f"out: {out} is what is measured, and a bench takes its place; give another --out.")
    require_ours(out, force=force)
    earlier = package.load_bench(baseline) if baseline is not None else None
    reports = [open_amendable(path, force=force) for path in models]
    plan = package.Plan(
        candidates=package.open_candidates(models),
        setups=package.choose_setups(engine or (), threads=threads),
        boards=package.choose_boards(
            engine or (), Place(port=port, baud=baud, elf=elf, core=core, cache=cache), most_samples=device_samples
        ),
        examination=package.open_examination(data, recipe, Cache(root=cache)),
        limits=package.Limits(time_limit_seconds=seconds),
        seed=seed,
    )
    if baseline is not None and earlier is not None:
        package.require_common_model(earlier, [one.name for one in plan.candidates], baseline)
    with console.status("starting") as status:
        found = package.measure(plan, status.update)
    changes = package.compare_benches(earlier, found) if earlier is not None else None
    shown = [*package.views(found), *([] if changes is None else [package.changes_view(changes)])]
    for view in shown:
        console.print(package.render_view(view))
    _write(out, found, package.render_markdown(shown), force=force)
    _amend(reports, found, force=force)
    _end(changes or ())


def _amend(reports: Sequence[Amendable | None], found: Bench, *, force: bool) -> None:
    """Put what was measured into the reports of the builds that were measured."""
    from edgewright.pipeline.amendment import amend
    from edgewright.runtime_bench.bench import report_section

    for report, model in zip(reports, found.models, strict=True):
        if report is not None:
            amend(report, report_section(found, model), force=force)
            line = f"{report.folder}: report.html shows this bench"
            console.print(line, soft_wrap=True, markup=False, highlight=False)


def _write(out: Path, found: Bench, page: str, *, force: bool) -> None:
    from edgewright.pipeline.digest import digest_bytes
    from edgewright.pipeline.output import MANIFEST, write_tree

    files = {"bench.json": (found.model_dump_json(indent=1) + "\n").encode(), "bench.md": page.encode()}
    digests = {name: digest_bytes(content) for name, content in files.items()}
    manifest = {"tool_version": version("edgewright"), "outputs": digests}
    files[MANIFEST] = (json.dumps(manifest, indent=1) + "\n").encode()
    written = write_tree(out, files, force=force)
    state = "written" if written.changed else "unchanged"
    console.print(f"{out}: {state}", soft_wrap=True, markup=False, highlight=False)


def _end(changes: Sequence[Change]) -> None:
    """Raise where something became worse.

    Raises:
        RegressionError: it did.
    """
    worse = [
        f"{change.model} {change.figure} {change.before} -> {change.after}"
        for change in changes
        if change.is_regression
    ]
    if worse:
        raise RegressionError(f"baseline: {len(worse)} became worse ({'; '.join(worse)}); see bench.md.")
