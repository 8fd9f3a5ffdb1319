"""What kind of integers a model becomes."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from edgewright.pipeline.graph import DType

BOUNDARIES: dict[DType, tuple[DType, ...]] = {
    DType.INT8: (DType.INT8, DType.UINT8, DType.FLOAT32),
    DType.INT16: (DType.INT16, DType.FLOAT32),
}
"""For each type of activations what inputs and outputs may be; TensorFlow's converter knows no other pairs."""


@dataclass(frozen=True, kw_only=True)
class Flavour:
    """How a model is quantized; weights are int8 always.

    Raises:
        ValueError: activations and boundary do not go together.
    """

    activations: DType = DType.INT8
    boundary: DType | None = None
    """Type of inputs and outputs; None takes that of the activations."""
    per_channel_dense: bool = False
    per_channel_convolutions: bool = True
    strip: bool = True
    """Leave out names and whatever else no interpreter reads."""

    def __post_init__(self) -> None:
        if self.activations not in BOUNDARIES:
            raise ValueError(f"{self.activations.value} activations are not known; accepted: int8, int16")
        if self.activations is DType.INT16 and not self.per_channel_convolutions:
            raise ValueError("int16 activations go with a scale for each channel of a convolution only")
        accepted = BOUNDARIES[self.activations]
        if self.boundary is not None and self.boundary not in accepted:
            raise ValueError(
                f"{self.boundary.value} does not go with {self.activations.value} activations; accepted: "
                f"{', '.join(dtype.value for dtype in accepted)}"
            )

    @property
    def boundary_dtype(self) -> DType:
        """Type of inputs and outputs."""
        return self.boundary or self.activations

    @property
    def ingredients(self) -> dict[str, object]:
        """Plain values that tell flavours with different results apart."""
        return {**asdict(self), "activations": self.activations.value, "boundary": self.boundary_dtype.value}
