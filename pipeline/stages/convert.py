"""Conversion to a full-integer `.tflite` with a representative dataset, in a process of its own.

Source: Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
2018; done by TensorFlow's converter, whose calibration can end the process (unrolled recurrent layers, for instance).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from edgewright.pipeline.code import LOADING
from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import load_tensorflow
from edgewright.pipeline.graph import read, require_full_integer, write
from edgewright.pipeline.models import converter_for, load_model
from edgewright.pipeline.stages.stage import ArtefactKind, Stage, StageSettings, StageWork

TIMEOUT_SECONDS = 1800


class ConvertSettings(StageSettings):
    """How the model is quantized."""

    stage: Literal["convert"] = "convert"
    representative_count: Annotated[int, Field(ge=1, le=100_000)] = 200
    """Training samples that calibrate the activations, drawn with the run's seed."""
    per_channel_dense: bool = False
    """Quantize Dense weights per channel: a little more accurate, but costs RAM on a microcontroller."""


def run(settings: ConvertSettings, work: StageWork) -> None:
    """Convert a model to int8 in, int8 out, int8 inside.

    Raises:
        ModelError: the converter fails.
        TfliteError: an operator stayed in floating point.
    """
    x = work.data.load().x_train
    count = min(settings.representative_count, len(x))
    chosen = np.random.default_rng(work.seed).choice(len(x), count, replace=False)
    with tempfile.TemporaryDirectory() as folder:
        samples_path = Path(folder) / "representative.npy"
        converted_path = Path(folder) / "converted.tflite"
        np.save(samples_path, x[chosen])
        request = [str(work.input_path), str(samples_path), str(converted_path), settings.per_channel_dense]
        _run_converter(json.dumps(request))
        graph = read(converted_path.read_bytes(), source="the converter's result")
    require_full_integer(graph, "the converter's result")
    work.output_path.write_bytes(write(graph))


def _run_converter(request: str) -> None:
    command = [sys.executable, "-m", __name__, request]
    try:
        finished = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise ModelError(
            f"convert: TensorFlow's converter took longer than {TIMEOUT_SECONDS} s; give a smaller model or fewer "
            "representative samples (representative_count)."
        ) from None
    if finished.returncode != 0:
        lines = [line for line in finished.stderr.strip().splitlines() if line.strip()]
        reason = lines[-1] if lines and finished.returncode > 0 else f"it ended with signal {-finished.returncode}"
        raise ModelError(
            f"convert: TensorFlow's converter cannot convert this model ({reason}); replace the layer that it names."
        )


def convert_in_this_process(model_path: Path, samples_path: Path, output_path: Path, per_channel_dense: bool) -> None:
    """Convert with TensorFlow; called in the subprocess.

    Args:
        model_path: a `.keras`.
        samples_path: an `.npy` with (N, *input shape) float32.
        output_path: where the `.tflite` goes.
        per_channel_dense: quantize Dense weights per channel.
    """
    tensorflow = load_tensorflow()

    samples = np.load(samples_path, allow_pickle=False)
    converter = converter_for(load_model(model_path, trust=True))
    converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([sample[np.newaxis]] for sample in samples)
    converter.target_spec.supported_ops = [tensorflow.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tensorflow.int8
    # There is no public switch for this one in TensorFlow 2.21.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = not per_channel_dense
    output_path.write_bytes(converter.convert())


STAGE = Stage(
    name="convert",
    settings=ConvertSettings,
    accepts=ArtefactKind.KERAS,
    produces=ArtefactKind.TFLITE,
    run=run,
    modules=("stages/convert.py", *LOADING),
)

if __name__ == "__main__":
    model_text, samples_text, output_text, per_channel = json.loads(sys.argv[1])
    convert_in_this_process(Path(model_text), Path(samples_text), Path(output_text), per_channel)
