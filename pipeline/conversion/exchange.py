"""What the converter's process is given and gives back: names of files, and what is in two of them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from edgewright.pipeline.graph import DType

REQUEST = "request.json"
SAMPLES = "samples.npz"
CONVERTED = "converted.tflite"
FAILURE = "failure.json"


class Request(BaseModel):
    """What is to be converted, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    activations: DType
    boundary: DType
    per_channel_dense: bool
    per_channel_convolutions: bool


class Failure(BaseModel):
    """Why it was not."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    is_sentence: bool
    """Whether the text is a whole message of ours, else it is what TensorFlow said."""
    text: str
