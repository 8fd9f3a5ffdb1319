"""Advice: only what applies to the case at hand, with its figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgewright.pipeline.advice import Place, suggest
from edgewright.pipeline.code_sizes import CodePart
from edgewright.pipeline.contributors import AliveTensor, ArenaPeak, Contributors, Role, WeightTensor
from edgewright.pipeline.fit import find_fit
from edgewright.pipeline.footprint import Footprint
from edgewright.pipeline.graph import DType
from edgewright.pipeline.target import Family, Target, load_family, load_target
from edgewright.pipeline.vocabulary import Runtime

ESP32 = Place(target=load_target("esp32"), family=load_family("esp_idf"))
NEEDS = Footprint(
    weight_bytes=5_000_000,
    code_parts=(CodePart(name="code", code_bytes=94_304, source="made up"),),
    code_accuracy=0.1,
    arena_bytes=100_000,
    arena_source="made up",
    stack_bytes=1000,
    static_bytes=3840,
)
SMALL = replace(NEEDS, weight_bytes=1000)
WEIGHTS = (
    WeightTensor(layer="dense", op="FULLY_CONNECTED", shape=(1000, 4000), nbytes=4_000_000),
    WeightTensor(layer="conv", op="CONV_2D", shape=(9, 3, 3, 9), nbytes=1_000_000),
)
NOWHERE = "no other target holds it as it is"


def alive(role: Role, nbytes: int = 1000, dtype: DType = DType.INT8, *, is_boundary: bool = False) -> AliveTensor:
    """Return a tensor that is alive at the peak."""
    return AliveTensor(
        layer="layer", role=role, is_boundary=is_boundary, shape=(1, nbytes // 10, 10), dtype=dtype, nbytes=nbytes
    )


def peak(*tensors: AliveTensor) -> ArenaPeak:
    """Return a peak at a convolution."""
    return ArenaPeak(layer="conv", op="CONV_2D", tensors=tensors, scratch_bytes=0)


def advice(
    needs: Footprint,
    *,
    weights: tuple[WeightTensor, ...] = WEIGHTS,
    at: ArenaPeak | None = None,
    elsewhere: Footprint | None = None,
    place: Place = ESP32,
) -> tuple[str, ...]:
    """Return the suggestions for the ESP32, where other boards and families ask for `elsewhere`."""
    fit = find_fit(needs, place.target, place.family)
    found = Contributors(weights=weights, peak=at)
    return suggest(fit, needs, found, place, lambda target, family: elsewhere or replace(needs, weight_bytes=10**9))


def test_what_fits_needs_no_advice() -> None:
    """A model that fits gets none, whatever it is like."""
    assert () == advice(SMALL, at=peak(alive(Role.READ, 10**6)))


def test_weights_have_a_goal_and_a_layer() -> None:
    """Too many weights: by how much they must fall, rounded up, and the layer that holds most of them."""
    assert (
        'the weights must fall by 18 %, to 4,100,000 B: prune channels with amount = "auto", or factorize the layer '
        '"dense", which holds 80 % of them',
        NOWHERE,
    ) == advice(NEEDS)


@pytest.mark.parametrize(
    "weights",
    [
        tuple(replace(WEIGHTS[1], layer=f"conv{index}") for index in range(5)),
        (replace(WEIGHTS[0], op="GATHER"),),
        (),
    ],
    ids=["many of a size", "a layer of another kind", "none known"],
)
def test_factors_are_for_one_large_layer(weights: tuple[WeightTensor, ...]) -> None:
    """Where no layer holds a third of the weights, or it cannot be factorized, that is not proposed."""
    (first, _) = advice(NEEDS, weights=weights)
    assert first.endswith('prune channels with amount = "auto"')


def test_code_that_is_too_large_by_itself() -> None:
    """Where even no weights would fit, none are asked to fall."""
    code = (CodePart(name="code", code_bytes=4_194_305, source="made up"),)
    assert "without any weights the flash would still be 1 B too small" == advice(replace(NEEDS, code_parts=code))[0]


def test_the_arena_has_a_goal_and_a_place() -> None:
    """Too large an arena: how far it must fall in the tightest memory, and what lies around the peak."""
    found = advice(
        replace(SMALL, arena_bytes=200_000),
        at=peak(alive(Role.READ, 60_000), alive(Role.WRITTEN, 50_000), alive(Role.WAITING, 40_000)),
    )
    assert (
        'the arena must fall by 20 %, to 160,000 B: its peak is at the layer "conv" (CONV_2D), between [6000x10] and '
        "[5000x10], while 40,000 B wait for a later layer, so take a smaller input, or a stride or fewer channels "
        "there or before",
        NOWHERE,
    ) == found


def test_narrower_types_are_proposed_where_they_save() -> None:
    """Floats at the boundary and int16 between layers are told with what they take at the peak."""
    found = advice(
        replace(SMALL, arena_bytes=200_000),
        at=peak(
            alive(Role.READ, 80_000, DType.FLOAT32, is_boundary=True),
            alive(Role.WRITTEN, 40_000, DType.INT16),
            alive(Role.WAITING, 4000, DType.FLOAT32),
        ),
    )
    assert (
        'convert with boundary = "int8" instead of float32: 80,000 B less at the peak',
        'convert with activations = "int8" instead of int16: 20,000 B less at the peak',
    ) == found[1:3]


def test_an_arena_of_structures() -> None:
    """Where the interpreter's own data is most of the arena, fewer layers are proposed."""
    found = advice(replace(SMALL, arena_bytes=200_000), at=peak(alive(Role.READ, 90_000)))
    assert (
        "most of the arena, 110,000 B, is what the interpreter keeps for tensors and operators: take fewer layers"
    ) == found[1]
    assert "the arena must fall by 20 %, to 160,000 B" == advice(replace(SMALL, arena_bytes=200_000))[0]


def test_stack_and_variables_that_are_too_large_by_themselves() -> None:
    """Where even no arena would fit, it is not asked to shrink."""
    found = advice(replace(SMALL, static_bytes=163_841))
    assert "without any arena the RAM would still be 1 B too small" == found[0]


def test_other_families_and_boards_are_tried() -> None:
    """Families of the same board come first, then at most three boards with limits, those with the least RAM first."""
    measured: list[tuple[str, str, Runtime]] = []

    def measure(target: Target, family: Family) -> Footprint:
        measured.append((target.name, family.name, family.runtime))
        return replace(SMALL, arena_bytes=400_000 if target.name == "esp32c3" else 1000)

    fit = find_fit(NEEDS, ESP32.target, ESP32.family)
    found = suggest(fit, NEEDS, Contributors(weights=WEIGHTS, peak=None), ESP32, measure)
    assert "it fits as it is with family=arduino" == found[1]
    assert "it fits as it is with runtime=static" == found[2]
    boards = found[3].removeprefix("it fits as it is on ").replace(" or ", ", ").split(", ")
    rams = [load_target(name.removeprefix("target=")).ram_bytes or 0 for name in boards]
    assert (3, sorted(rams)) == (len(rams), rams)
    assert ("esp32", "esp_idf", Runtime.TFLM) not in measured
    assert ("esp32", "esp_idf", Runtime.STATIC) in measured
    assert "host" not in {name for name, _, _ in measured}


def test_another_runtime_is_proposed_where_it_fits() -> None:
    """Only where the same board holds the model without an interpreter, and by what was computed for that."""

    def measure(target: Target, family: Family) -> Footprint:
        is_small = target.name == "esp32" and family.runtime is Runtime.STATIC
        return SMALL if is_small else replace(NEEDS, weight_bytes=10**9)

    fit = find_fit(NEEDS, ESP32.target, ESP32.family)
    nothing = Contributors(weights=(), peak=None)
    assert ("it fits as it is with runtime=static", NOWHERE) == suggest(fit, NEEDS, nothing, ESP32, measure)[-2:]
    static = Place(target=ESP32.target, family=ESP32.family.over(Runtime.STATIC))
    found = suggest(fit, NEEDS, nothing, static, measure)
    assert not [line for line in found if "runtime=" in line]


def test_one_board_is_named_alone() -> None:
    """A single board that holds the model stands by itself."""

    def measure(target: Target, family: Family) -> Footprint:
        return SMALL if target.name == "pico2" else replace(NEEDS, weight_bytes=10**9)

    fit = find_fit(NEEDS, ESP32.target, ESP32.family)
    found = suggest(fit, NEEDS, Contributors(weights=(), peak=None), ESP32, measure)
    assert "it fits as it is on target=pico2" == found[-1]


def test_a_board_that_cannot_run_the_model_is_not_named() -> None:
    """Where an operator is missing, the size does not matter."""

    def measure(target: Target, family: Family) -> Footprint | None:
        return SMALL if target.name == "pico2" and family.name == "zephyr" else None

    fit = find_fit(NEEDS, ESP32.target, ESP32.family)
    found = suggest(fit, NEEDS, Contributors(weights=(), peak=None), ESP32, measure)
    assert "no other target holds it as it is" == found[-1]
