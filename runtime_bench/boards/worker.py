"""The process in which one engine runs one device: `python -m ...boards.worker FOLDER PARENT`.

task.json, inputs.npz     written by the parent before it starts
progress                  how many samples are done, rewritten as they are
outputs.npz, reply.json   written by the worker; the reply comes last, and by renaming
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from edgewright.pipeline.errors import EdgewrightError
from edgewright.pipeline.interpreters import Array
from edgewright.pipeline.interpreters.worker import die_with_parent
from edgewright.runtime_bench.boards import board_engine_named
from edgewright.runtime_bench.boards.session import OtherModelError
from edgewright.runtime_bench.boards.types import BoardReply, BoardTask

TASK, INPUTS, PROGRESS, OUTPUTS, REPLY = "task.json", "inputs.npz", "progress", "outputs.npz", "reply.json"


def main(arguments: list[str]) -> None:
    """Do the task that lies in a folder, and write the reply there.

    Args:
        arguments: the folder, and the process id of the parent.
    """
    die_with_parent(int(arguments[1]))
    folder = Path(arguments[0])
    task = BoardTask.model_validate_json((folder / TASK).read_bytes())
    inputs = read_arrays(folder / INPUTS)

    def advance(done: int) -> None:
        (folder / PROGRESS).write_text(str(done))

    try:
        reply, outputs = board_engine_named(task.engine).run(task, inputs, advance)
    except EdgewrightError as error:
        reply, outputs = BoardReply(complaint=str(error), is_other_model=isinstance(error, OtherModelError)), ()
    write_arrays(folder / OUTPUTS, outputs)
    (folder / f"{REPLY}.new").write_text(reply.model_dump_json())
    (folder / f"{REPLY}.new").replace(folder / REPLY)


def write_arrays(path: Path, arrays: tuple[Array, ...]) -> None:
    """Write arrays in their order."""
    np.savez(path, *arrays)


def read_arrays(path: Path) -> tuple[Array, ...]:
    """Read arrays in their order, without pickle."""
    with np.load(path, allow_pickle=False) as archive:
        return tuple(archive[f"arr_{index}"] for index in range(len(archive.files)))


if __name__ == "__main__":
    main(sys.argv[1:])
