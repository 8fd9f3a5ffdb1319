"""A made-up analysis for tests of what shows it; its figures are round, none was measured."""

from __future__ import annotations

from typing import Any

from edgewright.pipeline.analysis.schema import Analysis, ChannelTrial, LayerAnalysis, RankTrial, Trial


def trial(change: float, output_change: float = 0.1) -> Trial:
    """Return a trial of int8."""
    return Trial(score=0.9 + change, change=change, output_change=output_change)


def channel_trial(removed_share: float, change: float, **changed: Any) -> ChannelTrial:
    """Return a trial of 16 channels."""
    figures = {
        "removed_share": removed_share, "removed_count": int(16 * removed_share), "channel_count": 16,
        "macs_saved": 1000, "parameters_saved": 100,
    }  # fmt: skip
    return ChannelTrial(**{**trial(change).model_dump(), **figures, **changed})


def rank_trial(retained_energy: float, change: float, **changed: Any) -> RankTrial:
    """Return a trial of a Dense layer."""
    figures = {
        "retained_energy": retained_energy, "rank": 5, "decomposition": "dense", "macs_saved": 400,
        "parameters_saved": 400,
    }  # fmt: skip
    return RankTrial(**{**trial(change).model_dump(), **figures, **changed})


def layer(name: str, **changed: Any) -> LayerAnalysis:
    """Return a Dense layer about which nothing could be measured."""
    figures = {
        "name": name, "kind": "Dense", "output_shape": (16,), "parameters": 1000, "macs": 1000,
        "int8_weight_bytes": 1000, "activation_bytes": 16, "channel_groups": (), "shares_channels_with": (),
        "channels": (), "channels_reason": "it is the model's output", "ranks": (),
        "ranks_reason": "its factors are larger", "int8": None, "int8_reason": "it is not rounded",
    }  # fmt: skip
    return LayerAnalysis.model_validate({**figures, **changed})


def convolution(name: str, half: float = -0.02, **changed: Any) -> LayerAnalysis:
    """Return a convolution that may lose channels, and what losing half of them changes."""
    figures = {
        "kind": "Conv2D", "output_shape": (4, 4, 16), "activation_bytes": 256, "channel_groups": (name,),
        "channels": (channel_trial(0.25, half / 4), channel_trial(0.5, half), channel_trial(0.75, 8 * half)),
        "channels_reason": None, "int8": trial(half / 10), "int8_reason": None,
    }  # fmt: skip
    return layer(name, **{**figures, **changed})


def analysis(*layers: LayerAnalysis, **changed: Any) -> Analysis:
    """Return the analysis of a classifier."""
    figures = {
        "model": "digits", "score_name": "accuracy", "higher_is_better": True, "is_share": True, "sample_count": 400,
        "calibration_count": 200, "baseline": 0.9, "int8": trial(-0.001),
        "layers": layers or (convolution("first"), convolution("second", -0.1), layer("classes")),
    }  # fmt: skip
    return Analysis.model_validate({**figures, **changed})
