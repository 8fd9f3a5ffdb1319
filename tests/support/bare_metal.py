"""Bare-metal firmware in tests: emitted for a target, with a model in it that needs no runtime."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from support.emulated import REDUCED, usable_core

from edgewright.pipeline.emission.prefix import with_prefix
from edgewright.pipeline.machine import Machine, machine_of
from edgewright.pipeline.target import load_target, target_names
from edgewright.pipeline.vocabulary import EmissionModel

MODEL = Path(__file__).parents[1] / "emission" / "board_model.c"
MODEL_WORD = "MODEL=edgewright/edgewright_model.c"
STRICT_WORD = "OPTIMIZATION=-O2 -Werror"
FAST = ("microbit", "mps2-an386")
"""The only board that exists, and the core of the others that is used most."""


def every_machine(*, fast: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> list[object]:
    """Return the names of targets as parameters.

    Args:
        fast: those for the fast tests; every run takes those of REDUCED's cores and FAST, the complete grid all.
        without: targets that cannot do it.
    """
    names = [name for name in target_names() if load_target(name).machine and name not in without]
    return [pytest.param(name, marks=() if name in fast else (_mark(name),)) for name in names]


def _mark(name: str) -> pytest.MarkDecorator:
    return pytest.mark.slow if name in FAST or load_target(name).machine in REDUCED else pytest.mark.full


def put_firmware(
    folder: Path,
    target_name: str,
    model: EmissionModel,
    emit: Callable[..., Mapping[str, bytes]],
    *,
    defines: str = "",
    is_compiled: bool = False,
) -> Machine:
    """Write the firmware of a model into a folder, with the board model in its place, or skip the test.

    Args:
        folder: where it goes.
        target_name: the board.
        model: the tiny model.
        emit: the fixture that renders a model.
        defines: names of macros that the board model is compiled with, separated by blanks.
        is_compiled: whether the compiled model stays, and no board model takes its place.
    """
    target = load_target(target_name)
    machine = usable_core(machine_of(target).name)
    if shutil.which("make") is None:
        pytest.skip("no make: install it (Debian: apt install make)")
    for name, content in emit(model, "bare_metal", target=target).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    if is_compiled:
        return machine
    head = "".join(f"#define {name}\n" for name in defines.split())
    text = with_prefix(head + MODEL.read_text(), model.prefix)
    (folder / model.prefix / f"{model.prefix}_model.c").write_text(text)
    return machine
