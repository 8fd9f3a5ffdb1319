"""What channel pruning is for: file, multiply-accumulates and arena of the converted model fall."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.channel_models import TOLERANCE, largest_difference, mobilenet, resnet8, rest_of

from edgewright.pipeline.arena import measure_host_arena
from edgewright.pipeline.frameworks import KerasModel
from edgewright.pipeline.graph import read, total_macs
from edgewright.pipeline.models import float_tflite
from edgewright.pipeline.surgery.channel_groups import find_groups
from edgewright.pipeline.surgery.channels import prune_channels, zero_channels
from edgewright.pipeline.surgery.importance import ImportanceKind, importance, keep_uniform


@pytest.mark.slow
@pytest.mark.parametrize(
    ("build", "file_share", "macs_share", "arena_share"), [(resnet8, 0.32, 0.28, 0.6), (mobilenet, 0.55, 0.35, 0.65)]
)
def test_half_of_the_channels_take_file_macs_and_arena_with_them(
    build: Callable[[], KerasModel], file_share: float, macs_share: float, arena_share: float
) -> None:
    """At 50 % weights and MACs of inner layers fall to a quarter, activations to a half, and the outputs agree."""
    model = build()
    groups = find_groups(model)
    keep = keep_uniform(groups, importance(model, groups, ImportanceKind.L1), 0.5)
    pruned = prune_channels(model, keep)
    assert largest_difference(pruned, zero_channels(model, rest_of(groups, keep))) <= TOLERANCE
    before, after = float_tflite(model), float_tflite(pruned)
    assert len(after) < file_share * len(before)
    assert total_macs(read(after)) < macs_share * total_macs(read(before))
    assert measure_host_arena(after) < arena_share * measure_host_arena(before)
