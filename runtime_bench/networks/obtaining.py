"""MLPerf Tiny's networks on disk: built and converted once, by the stage that converts every build, then cached."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.code import LOADING, code_digest
from edgewright.pipeline.data import DataSource, open_data
from edgewright.pipeline.digest import digest_file, package_versions
from edgewright.pipeline.errors import BadInputError, ToolError, nearest
from edgewright.pipeline.frameworks import VERSIONED_PACKAGES
from edgewright.pipeline.layers import layers_path
from edgewright.pipeline.stages.convert import ConvertSettings, convert_artefact
from edgewright.runtime_bench.networks.mlperf import MLPERF, Reference

WORKER = "edgewright.runtime_bench.networks.worker"
KERAS, DATA = "model.keras", "data.npz"
SEED = 1
OWN_CODE = ("families.py", "mlperf.py", "weights.py", "worker.py")


@dataclass(frozen=True, kw_only=True)
class Network:
    """One network, float and integer, and samples for it."""

    name: str
    reference: Reference
    keras_path: Path
    tflite_path: Path
    """Full-integer, as a build without a recipe converts."""
    data: DataSource
    """Of a classifier the classes are those that the float model sees; of an autoencoder they mean nothing."""

    @property
    def layers_path(self) -> Path:
        """The file with the layers of the operators."""
        return layers_path(self.tflite_path)


def obtain_network(name: str, cache: Cache, seed: int = SEED) -> Network:
    """Build and convert one of MLPerf Tiny's networks, or find that it was done before.

    Args:
        name: of the benchmark, `keyword_spotting` for instance.
        cache: where it is kept.
        seed: of weights and samples.

    Raises:
        BadInputError: there is no such network.
        ToolError: it could not be built.
        ModelError: the converter fails.
    """
    if name not in MLPERF:
        raise BadInputError(f'network: "{name}" is unknown; {nearest(name, list(MLPERF))}.')
    folder = cache.obtain(_ingredients(name, seed), lambda folder: _build(name, seed, folder))
    data = open_data(str(folder / DATA), Path(), cache)
    return Network(
        name=name,
        reference=MLPERF[name],
        keras_path=folder / KERAS,
        tflite_path=convert_artefact(folder / KERAS, ConvertSettings(), data, seed, cache),
        data=data,
    )


def _ingredients(name: str, seed: int) -> dict[str, object]:
    own = Path(__file__).parent
    return {
        "kind": "network",
        "name": name,
        "seed": seed,
        "code": [code_digest(LOADING), *(digest_file(own / module) for module in OWN_CODE)],
        "versions": package_versions(VERSIONED_PACKAGES),
    }


def _build(name: str, seed: int, folder: Path) -> None:
    command = [sys.executable, "-m", WORKER, str(folder), str(seed), name]
    finished = subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True)
    if finished.returncode:
        last = (finished.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise ToolError(f"{name} could not be built ({last}); run it alone: {' '.join(command)}")
