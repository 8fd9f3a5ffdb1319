"""The converter's process, seen from outside: what it is given, and what is told where it fails.

TensorFlow's calibration can end the process that it runs in (recurrent layers that are not unrolled, for instance).
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from edgewright.pipeline.conversion.complaints import died_sentence, failed_sentence, recurrent_layers
from edgewright.pipeline.conversion.exchange import CONVERTED, FAILURE, REQUEST, SAMPLES, Failure, Request
from edgewright.pipeline.conversion.flavour import Flavour
from edgewright.pipeline.conversion.samples import Samples
from edgewright.pipeline.errors import DataError, ModelError
from edgewright.pipeline.graph import DType

WORKER = "edgewright.pipeline.conversion.worker"
TIMEOUT_SECONDS = 1800.0


def convert(model_path: Path, samples: Samples, flavour: Flavour, *, timeout_seconds: float = TIMEOUT_SECONDS) -> bytes:
    """Convert a model to a full-integer `.tflite`, not stripped, in a process of its own.

    Args:
        model_path: a `.keras`, plain or quantization-aware, or an exported SavedModel.
        samples: what calibrates activations: one array (N, *shape) float32 for each input.
        flavour: which kind of integers; its `strip` is the caller's to do.
        timeout_seconds: the converter is killed after this.

    Raises:
        ModelError: the model cannot be converted, the converter fails, dies or takes too long.
        DataError: there are no samples.
    """
    if not samples or not len(samples[0]):
        raise DataError("convert: there are no representative samples; give training data of one sample or more.")
    _refuse_lstm(model_path, flavour)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        request = Request(
            model=str(model_path.resolve()),
            activations=flavour.activations,
            boundary=flavour.boundary_dtype,
            per_channel_dense=flavour.per_channel_dense,
            per_channel_convolutions=flavour.per_channel_convolutions,
        )
        (folder / REQUEST).write_text(request.model_dump_json(), encoding="utf-8")
        np.savez(folder / SAMPLES, *samples)
        command = [sys.executable, "-m", WORKER, name]
        try:
            finished = subprocess.run(command, capture_output=True, timeout=timeout_seconds, check=False)
        except subprocess.TimeoutExpired:
            raise ModelError(
                f"convert: TensorFlow's converter took longer than {timeout_seconds:.0f} s; give a smaller model or "
                "fewer representative samples (representative_count)."
            ) from None
        if finished.returncode == 0:
            return (folder / CONVERTED).read_bytes()
        raise ModelError(_sentence(finished, folder, model_path))


def _refuse_lstm(model_path: Path, flavour: Flavour) -> None:
    if flavour.activations is not DType.INT16:
        return
    for name in recurrent_layers(model_path, frozenset({"LSTM"}), unrolled=False):
        raise ModelError(
            f'convert: the layer "{name}" is an LSTM, which TensorFlow Lite does not have with int16 activations; take '
            'activations = "int8", or set unroll=True in that layer.'
        )


def _sentence(finished: subprocess.CompletedProcess[bytes], folder: Path, model_path: Path) -> str:
    log = finished.stderr.decode("utf-8", errors="replace")
    if (folder / FAILURE).is_file():
        failure = Failure.model_validate_json((folder / FAILURE).read_text(encoding="utf-8"))
        return failure.text if failure.is_sentence else failed_sentence(failure.text, log, model_path)
    if finished.returncode < 0:
        return died_sentence(signal.Signals(-finished.returncode).name, model_path)
    return failed_sentence(log.strip().rsplit("\n", maxsplit=1)[-1], log, model_path)
