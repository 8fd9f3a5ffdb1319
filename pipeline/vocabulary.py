"""The words that cross module boundaries: enums and frozen dataclasses, without behaviour beyond their own facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.graph.types import Graph
from edgewright.pipeline.preprocessing import Preprocessing

if TYPE_CHECKING:  # it is made of what this module says
    from edgewright.pipeline.codegen.static_model import StaticModel

DEFAULT_PREFIX = "edgewright"
"""What every name of a generated library begins with, unless the user wants another one."""
SELFTEST_VERSION = 2
"""Version of the golden vectors' format and of the self-test's last line (docs/selftest.md)."""


class Runtime(str, Enum):
    """What runs the model on a target."""

    TFLM = "tflm"
    """TensorFlow Lite Micro: the model and its arena are arrays, and every operator is registered by hand."""
    STATIC = "static"
    """No interpreter: the model is C99, one call of a kernel for each step."""
    LITERT = "litert"
    """LiteRT, known as TensorFlow Lite: the model is a file, and the interpreter allocates by itself."""

    @property
    def shows_layers(self) -> bool:
        """Whether a self-test in C can look at what each layer gives."""
        return self is not Runtime.LITERT


class Kernels(str, Enum):
    """A set of kernels that TensorFlow Lite Micro can be built with."""

    REFERENCE = "reference"
    CMSIS_NN = "cmsis_nn"
    ESP_NN = "esp_nn"

    @property
    def tolerance_lsb(self) -> int:
        """Largest difference to TFLM's reference kernels, in LSB, that a self-test accepts.

        Reference and CMSIS-NN kernels were found to be bit-exact; esp-nn is not measured on every chip yet.
        """
        return 1 if self is Kernels.ESP_NN else 0


def promised_lsb(kernels: str) -> int:
    """Return the largest difference to TFLM's reference kernels that firmware with these kernels is held to.

    Args:
        kernels: as firmware calls them; what is none of `Kernels` is held to 1 LSB.
    """
    known = {one.value: one.tolerance_lsb for one in Kernels}
    return known.get(kernels, 1)


class SelfTest(str, Enum):
    """How much a firmware's self-test looks at."""

    USUAL = "usual"
    """The outputs at every boot, and the layers after an output that is wrong."""
    FULL = "full"
    """Every layer at every boot, with as many expected values as the flash holds."""


class BlockKind(str, Enum):
    """What lies in a part of the arena."""

    INPUT = "input"
    ACTIVATION = "activation"
    OUTPUT = "output"
    SCRATCH = "scratch"
    """What a kernel requests for the time in which it runs."""


class ArenaMethod(str, Enum):
    """How an arena size was found."""

    MEASURED_ON_HOST = "measured_on_host"
    """Smallest arena in which TFLM's host build allocates and invokes."""
    COMPUTED = "computed"
    """What TFLM allocates on a 32-bit core for the model and its kernels, with a reserve: an upper bound."""
    PLANNED = "planned"
    """What the static runtime's plan of the memory takes, to the byte: nothing is allocated at run time."""


class PlanEnding(str, Enum):
    """How the search for a memory plan ended."""

    AT_BOUND = "at_bound"
    """The plan takes what is needed at one moment; none can take less."""
    PROVED = "proved"
    """It was proved that no plan takes less, although this one is above that bound."""
    BOUND_REFUTED = "bound_refuted"
    """It was proved that no plan reaches the bound; one between it and this one may exist."""
    STEP_LIMIT = "step_limit"
    """Nothing was proved within the steps."""


class Placement(str, Enum):
    """In which memory a tensor arena lies."""

    INTERNAL = "internal"
    """The chip's own RAM."""
    PSRAM = "psram"
    """RAM outside the chip's own, behind a cache."""


@dataclass(frozen=True, kw_only=True)
class Arena:
    """A tensor arena's size and where the figure comes from."""

    arena_bytes: int
    reserve_bytes: int
    """The part of it that is kept free for another revision of TFLM."""
    method: ArenaMethod
    word_bits: int
    kernels: Kernels
    tflm_revision: str
    placement: Placement = Placement.INTERNAL
    used_bytes: int | None = None
    """What `arena_used_bytes()` should report there; None where it is not known."""


@dataclass(frozen=True, kw_only=True)
class GoldenVectors:
    """Inputs of a model and the outputs that TFLM's interpreter computes for them.

    `inputs[v][i]` is vector v's array for the model's input i, quantized, with the tensor's own shape (batch 1) and
    dtype; `outputs[v][o]` likewise. `origin` tells where the inputs come from ("test samples", "random, seed 1").
    """

    inputs: tuple[tuple[npt.NDArray[np.generic], ...], ...]
    outputs: tuple[tuple[npt.NDArray[np.generic], ...], ...]
    origin: str
    layers: Mapping[int, npt.NDArray[np.generic]] = field(default_factory=dict)
    """What the operators of the main subgraph give, by their tensor's index: (V, *shape without the batch) each. Empty
    where nobody traced them."""

    @property
    def nbytes(self) -> int:
        """What they take as arrays in flash."""
        return sum(array.nbytes for vector in (*self.inputs, *self.outputs) for array in vector)

    def first(self, count: int) -> GoldenVectors:
        """Return so many of them."""
        return replace(self, inputs=self.inputs[:count], outputs=self.outputs[:count])


@dataclass(frozen=True, kw_only=True)
class LayerTrace:
    """What a firmware holds of what the operators of a model's main subgraph give for its golden vectors.

    `tensors` are the golden vectors' `layers`. The first `hashed_count` vectors' hashes are held, and the first
    `valued_count` vectors' values.
    """

    tensors: Mapping[int, npt.NDArray[np.generic]]
    hashed_count: int
    valued_count: int = 0


@dataclass(frozen=True, kw_only=True)
class EmissionModel:
    """Everything about one compressed model that a firmware family may use; the same for every target."""

    name: str
    """The user's name of the model, any text."""
    tflite: bytes
    graph: Graph
    labels: tuple[str, ...]
    """One label for each class, any text; empty where the model does not classify."""
    layer_names: tuple[str, ...]
    """For each operator of the main subgraph the source model's layer."""
    vectors: GoldenVectors
    host_arena_bytes: int
    """Smallest arena that works in TFLM's host build."""
    tflm_revision: str
    """Version of the TFLM package that computed vectors and arena."""
    configuration_digest: str
    """SHA-256 of what the model was made from, for the banner of generated files."""
    preprocessing: tuple[Preprocessing, ...] = ()
    """What is done to the samples of each input, every figure known; empty where nothing was declared."""
    prefix: str = DEFAULT_PREFIX
    """What the names of the generated library begin with."""
    xnnpack_difference_lsb: int = 0
    """Largest difference of XNNPACK's outputs to TFLM's on this computer; 0 where it was not measured."""
    trace: LayerTrace | None = None
    """What a self-test finds a wrong layer by; None where the firmware holds nothing of that."""
    selftest: SelfTest = SelfTest.USUAL
    static: StaticModel | None = None
    """The model as the static runtime computes it; None for every other runtime."""
