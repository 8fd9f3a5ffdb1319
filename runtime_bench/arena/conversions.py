"""The networks as full-integer `.tflite`: all that are missing in the cache are converted in one process."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.code import code_digest
from edgewright.pipeline.conversion import MODULES
from edgewright.pipeline.digest import digest_file, package_versions
from edgewright.pipeline.errors import ToolError
from edgewright.pipeline.frameworks import VERSIONED_PACKAGES

WORKER = "edgewright.runtime_bench.arena.worker"
TFLITE = "model.tflite"
SEED = 1
OWN_CODE = ("../networks/families.py", "subjects.py", "worker.py")


def obtain_models(names: Iterable[str], cache: Cache) -> dict[str, bytes]:
    """Return the networks of some names, converting those that are not in the cache.

    Raises:
        ToolError: the converter failed.
    """
    wanted = tuple(names)
    missing = [name for name in wanted if cache.find(_ingredients(name)) is None]
    if missing:
        with tempfile.TemporaryDirectory() as folder:
            _convert(missing, Path(folder))
            for name in missing:
                cache.obtain(_ingredients(name), partial(_keep, Path(folder) / f"{name}.tflite"))
    return {name: _read(name, cache) for name in wanted}


def _keep(converted: Path, entry: Path) -> None:
    (entry / TFLITE).write_bytes(converted.read_bytes())


def _read(name: str, cache: Cache) -> bytes:
    folder = cache.find(_ingredients(name))
    if folder is None:
        raise ToolError(f"cache: the entry of {name} was damaged while it was written; run the command again.")
    return (folder / TFLITE).read_bytes()


def _ingredients(name: str) -> dict[str, object]:
    own = Path(__file__).parent
    return {
        "kind": "bench_model",
        "name": name,
        "seed": SEED,
        "code": [code_digest(MODULES), *(digest_file(own / module) for module in OWN_CODE)],
        "versions": package_versions(VERSIONED_PACKAGES),
    }


def _convert(names: list[str], folder: Path) -> None:
    command = [sys.executable, "-m", WORKER, str(folder), str(SEED), *names]
    finished = subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True)
    if finished.returncode:
        last = (finished.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise ToolError(f"the conversion of the measured networks failed ({last}); run it alone: {' '.join(command)}")
