"""What templates see: frozen facts, all computed here, so that a template contains no arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version

from edgewright.pipeline.codegen.emission import StaticContext, static_context
from edgewright.pipeline.digest import digest_bytes
from edgewright.pipeline.emission.filters import c_comment, c_identifier, java_package, package_name
from edgewright.pipeline.emission.layers import LayerContext, TraceContext, layers, trace_context
from edgewright.pipeline.emission.literals import byte_rows
from edgewright.pipeline.emission.machine import MachineContext, machine_context
from edgewright.pipeline.emission.operators import Registration, registrations
from edgewright.pipeline.emission.preprocessing import PreprocessingContext, preprocessings
from edgewright.pipeline.emission.samples import SampleContext, samples
from edgewright.pipeline.emission.tensors import TensorContext, VectorContext, boundary, vectors
from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.target import Family, Target, fill_command
from edgewright.pipeline.vocabulary import SELFTEST_VERSION, Arena, EmissionModel, Placement, Runtime, SelfTest

ARENA_ALIGNMENT_BYTES = 16
SCHEMA_VERSION = 3
ESP_APP_OFFSET_BYTES = 0x10000
"""ESP-IDF puts the application behind bootloader, partition table, NVS and PHY data, on a 64 KiB boundary."""
ESP_PARTITION_UNIT_BYTES = 0x10000


@dataclass(frozen=True, kw_only=True)
class ModelContext:
    """The model, as every template sees it."""

    name: str
    digest: str
    """SHA-256 of the `.tflite`."""
    identifier: str
    schema_version: int
    inputs: tuple[TensorContext, ...]
    outputs: tuple[TensorContext, ...]
    preprocessings: tuple[PreprocessingContext, ...]
    """Of the inputs that real values can be given to."""
    labels: tuple[str, ...]
    layers: tuple[LayerContext, ...]
    registrations: tuple[Registration, ...]
    registration_count: int
    data_bytes: int
    data_rows: tuple[str, ...]
    package: str
    """The Java package of what is generated for it."""
    package_name: str
    """The last part of that."""
    model_asset: str
    """Where an app finds the file below its assets; empty where the model is an array."""
    labels_asset: str

    @property
    def tensors(self) -> tuple[TensorContext, ...]:
        """Inputs, then outputs."""
        return self.inputs + self.outputs


@dataclass(frozen=True, kw_only=True)
class ArenaContext:
    """The tensor arena."""

    arena_bytes: int
    used_bytes: int
    """What the interpreter must take of it; 0 where that is not computed."""
    method: str
    tflm_revision: str
    placement: str
    """`internal` or `psram`."""
    header: str
    """That defines `attribute`; both are empty where the arena lies in the chip's own RAM."""
    attribute: str
    """What puts the arena into its place."""


@dataclass(frozen=True, kw_only=True)
class SelftestContext:
    """Golden vectors, and how far the target's kernels may stray from them."""

    version: int
    tolerance_lsb: int
    kernels: str
    origin: str
    vectors: tuple[VectorContext, ...]
    vector_count: int
    is_full: bool
    """Whether every layer is looked at, whatever the outputs are."""
    samples: tuple[SampleContext, ...]
    """Raw samples and what is made of them, for runtimes whose preprocessing tests itself."""


@dataclass(frozen=True, kw_only=True)
class BoardContext:
    """The board, in the units that build systems ask for; None where the target's facts say nothing."""

    title: str
    identifier: str
    """What the family's own tool calls it."""
    clock_mhz: int | None
    flash_mib: int | None
    app_partition: str
    """ESP-IDF: size of the application's partition, hexadecimal; empty without a flash size."""
    sdkconfig: str
    """ESP-IDF: lines that this board and its arena alone need in the configuration; often empty."""


@dataclass(frozen=True, kw_only=True)
class FamilyContext:
    """The firmware family's facts that its files mention."""

    title: str
    prefix: str
    """Of the names that the library defines, and the name of the library itself."""
    tflm_source: str
    tflm_version: str
    tflm_revision: str
    static_memory: bool
    tool_install: str
    build_command: str
    flash_command: str
    monitor_command: str
    user_files: tuple[str, ...]
    library_sources: tuple[str, ...]
    """C and C++ sources in the library's folder, sorted."""


@dataclass(frozen=True, kw_only=True)
class ToolContext:
    """What generated files say about their origin."""

    version: str
    configuration_digest: str
    origin: str
    """One line for banners."""


@dataclass(frozen=True, kw_only=True)
class EmissionContext:
    """Everything that a template may use."""

    model: ModelContext
    arena: ArenaContext
    selftest: SelftestContext
    trace: TraceContext
    board: BoardContext
    family: FamilyContext
    machine: MachineContext | None
    """None where the family's own framework starts the board."""
    tool: ToolContext
    static: StaticContext | None
    """Only of the static runtime."""


def installed_version() -> str:
    """Return the version of edgewright that runs."""
    return version("edgewright")


def build_context(
    model: EmissionModel,
    arena: Arena,
    target: Target,
    family: Family,
    *,
    library_sources: tuple[str, ...],
    tool_version: str,
) -> EmissionContext:
    """Compute everything that the templates of a family need.

    Args:
        model: the compressed model.
        arena: the tensor arena for this target; a multiple of 16 bytes.
        target: the board.
        family: the firmware family.
        library_sources: names of the C and C++ sources that end up in the family's library folder.
        tool_version: version of edgewright, for banners.

    Raises:
        TfliteError: the model has an operator that the family's TFLM lacks, or an input or output that the
            generated C cannot serve (floating point, dynamic, quantized per channel).
        ValueError: arena, vectors or preprocessing do not fit the model, or the arena cannot lie where it shall (a
            defect of the caller).
    """
    if arena.arena_bytes <= 0 or arena.arena_bytes % ARENA_ALIGNMENT_BYTES:
        raise ValueError(f"The arena's {arena.arena_bytes} bytes are not a positive multiple of 16.")
    model_context = _model_context(model, target, family)
    static = _static_context(model, model_context, family)
    return EmissionContext(
        model=model_context,
        arena=_arena_context(arena, target, family),
        selftest=_selftest_context(model, model_context, family),
        trace=_trace_context(model, family, static),
        board=_board_context(target, family, arena),
        family=_family_context(family, target, model.prefix, library_sources),
        machine=machine_context(target, model.prefix, library_sources) if family.needs_machine else None,
        static=static,
        tool=ToolContext(
            version=tool_version,
            configuration_digest=model.configuration_digest,
            origin=c_comment(
                f'edgewright {tool_version}, model "{model.name}", configuration {model.configuration_digest}'
            ),
        ),
    )


def _static_context(model: EmissionModel, context: ModelContext, family: Family) -> StaticContext | None:
    if family.runtime is not Runtime.STATIC:
        return None
    if model.static is None:
        raise ValueError("The static runtime needs the compiled model.")
    titles = tuple(f"{layer.operation} {layer.name}" for layer in context.layers)
    return static_context(model.static, titles, model.prefix)


def _trace_context(model: EmissionModel, family: Family, static: StaticContext | None) -> TraceContext:
    """Return what the layers give that the runtime shows; of one that shows nothing, nothing."""
    shown = [(seen.layer, seen.output) for seen in static.observations] if static else None
    trace = model.trace if family.runtime.shows_layers else None
    return trace_context(model.graph, trace, len(model.vectors.inputs), shown)


def _model_context(model: EmissionModel, target: Target, family: Family) -> ModelContext:
    if model.graph.version != SCHEMA_VERSION:
        raise TfliteError(
            f"The .tflite has schema version {model.graph.version}; TensorFlow Lite Micro reads version "
            f"{SCHEMA_VERSION}, so convert the model again."
        )
    is_tflm = family.runtime is Runtime.TFLM
    needed = registrations(model, target, family) if is_tflm else ()
    package = package_name(model.name)
    inputs = boundary(model.graph, "input")
    return ModelContext(
        name=model.name,
        digest=digest_bytes(model.tflite),
        identifier=c_identifier(model.name),
        schema_version=model.graph.version,
        inputs=inputs,
        outputs=boundary(model.graph, "output"),
        preprocessings=preprocessings(inputs, model.preprocessing),
        labels=model.labels,
        layers=layers(model),
        registrations=needed,
        registration_count=len(needed),
        data_bytes=model.static.constant_bytes if model.static else len(model.tflite),
        data_rows=byte_rows(model.tflite) if is_tflm else (),
        package=java_package(model.name),
        package_name=package,
        model_asset=_asset(family.files.place(family.files.model, package)) if family.files else "",
        labels_asset=_asset(family.files.place(family.files.labels, package)) if family.files else "",
    )


def _asset(path: str) -> str:
    """Return what an app calls the file of that path in the emitted tree."""
    return path.partition("/assets/")[2]


def _selftest_context(model: EmissionModel, context: ModelContext, family: Family) -> SelftestContext:
    golden = vectors(model.vectors, context.inputs, context.outputs)
    return SelftestContext(
        version=SELFTEST_VERSION,
        tolerance_lsb=tolerance_lsb(family, model),
        kernels=Runtime.STATIC.value if family.runtime is Runtime.STATIC else family.kernels.value,
        origin=model.vectors.origin,
        vectors=golden,
        vector_count=len(golden),
        is_full=model.selftest is SelfTest.FULL,
        samples=()
        if family.runtime.shows_layers
        else samples(model.graph, context.preprocessings, model.preprocessing),
    )


def tolerance_lsb(family: Family, model: EmissionModel) -> int:
    """Return the largest difference to the golden vectors that a self-test accepts.

    Where the kernels are not TFLM's, no rule bounds it for every model: what was measured of this one counts as well.
    """
    if family.runtime is Runtime.STATIC:
        return 0
    if family.tolerance_lsb is None:
        return family.kernels.tolerance_lsb
    has_softmax = any(operator.op == "SOFTMAX" for subgraph in model.graph.subgraphs for operator in subgraph.operators)
    usual = (family.softmax_tolerance_lsb or family.tolerance_lsb) if has_softmax else family.tolerance_lsb
    return max(usual, model.xnnpack_difference_lsb)


def _arena_context(arena: Arena, target: Target, family: Family) -> ArenaContext:
    is_outside = arena.placement is Placement.PSRAM
    if is_outside and (family.external_ram is None or target.psram_bytes is None):
        raise ValueError(f"The arena cannot lie in PSRAM: {target.name} has none, or {family.name} cannot use it.")
    ram = family.external_ram if is_outside else None
    return ArenaContext(
        arena_bytes=arena.arena_bytes,
        used_bytes=arena.used_bytes or 0,
        method=arena.method.value,
        tflm_revision=arena.tflm_revision,
        placement=arena.placement.value,
        header=ram.header if ram else "",
        attribute=ram.attribute if ram else "",
    )


def _board_context(target: Target, family: Family, arena: Arena) -> BoardContext:
    own = [target.sdkconfig.strip()]
    if arena.placement is Placement.PSRAM and family.external_ram:
        own += [family.external_ram.sdkconfig.strip() + "\n" + target.psram_sdkconfig.strip()]
    app_bytes = 0
    if target.flash_bytes is not None:
        app_bytes = (target.flash_bytes - ESP_APP_OFFSET_BYTES) // ESP_PARTITION_UNIT_BYTES * ESP_PARTITION_UNIT_BYTES
    return BoardContext(
        title=target.title,
        identifier=target.boards.get(family.name, ""),
        clock_mhz=None if target.clock_hz is None else target.clock_hz // 1_000_000,
        flash_mib=None if target.flash_bytes is None else target.flash_bytes // (1 << 20),
        app_partition=f"0x{app_bytes:x}" if app_bytes > 0 else "",
        sdkconfig="\n\n".join(text.strip() for text in own if text.strip()),
    )


def _family_context(family: Family, target: Target, prefix: str, library_sources: tuple[str, ...]) -> FamilyContext:
    def text(command: tuple[str, ...]) -> str:
        return " ".join(fill_command(command, target, family, port="PORT"))

    return FamilyContext(
        title=family.title,
        prefix=prefix,
        tflm_source=family.tflm_source,
        tflm_version=family.tflm_version,
        tflm_revision=family.tflm_revision,
        static_memory=family.static_memory,
        tool_install=family.tool_install,
        build_command=text(family.build_command),
        flash_command=text(family.flash_command),
        monitor_command=text(family.monitor_command),
        user_files=family.user_files,
        library_sources=library_sources,
    )
