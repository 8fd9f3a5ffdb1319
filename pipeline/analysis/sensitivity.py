"""The analysis of a model: each of its layers is made smaller alone, in every way there is, and the model scored."""

from __future__ import annotations

import math

from edgewright.pipeline.analysis.channel_trials import ChannelTrials, Compare
from edgewright.pipeline.analysis.int8_trials import Int8Trials
from edgewright.pipeline.analysis.rank_trials import RankTrials
from edgewright.pipeline.analysis.schema import Analysis, LayerAnalysis, Trial
from edgewright.pipeline.analysis.scoring import Arrays, Measure, Scorer
from edgewright.pipeline.frameworks import KerasModel, load_tensorflow
from edgewright.pipeline.progress import Reporter
from edgewright.pipeline.surgery.layer_costs import layer_macs, layer_parameters
from edgewright.pipeline.surgery.rebuild import KerasLayer, clone


def analyze(
    model: KerasModel,
    measure: Measure,
    x: Arrays,
    calibration: Arrays,
    reporter: Reporter,
    *,
    per_channel_dense: bool = False,
) -> Analysis:
    """Find out what each layer costs, and what the score loses when the layer is made smaller.

    Nothing is trained: the figures tell layers apart, and training afterwards makes up for much of a loss.

    Args:
        model: a built Sequential or functional tf_keras model with fixed shapes; it is not changed.
        measure: what is compared.
        x: validation samples, for each input of the model one (N, *shape) float32; some hundreds are enough.
        calibration: training samples in the same form, which decide the ranges of int8.
        reporter: shows a bar.
        per_channel_dense: int8 has a scale for each unit of a Dense layer instead of one for all its weights.

    Raises:
        DataError: there are no samples, or a layer gives NaN or infinity for one.
        ModelError: a shape is not fixed, or a score is not finite.
    """
    flat = clone(model)
    scorer = Scorer(flat, measure, x)
    layers = [layer for layer in flat.layers if layer.weights]
    channels, ranks = ChannelTrials(flat), RankTrials(flat)
    int8 = Int8Trials(flat, calibration, per_channel_dense=per_channel_dense)
    count = channels.count(layers) + ranks.count(layers) + int8.count(layers)
    with reporter.bar("analyze", count) as advance:

        def compare(name: str, changed: KerasModel) -> Trial:
            trial = scorer.compare(changed)
            advance(name)
            return trial

        found = tuple(_analyze_layer(layer, channels, ranks, int8, compare) for layer in layers)
        all_int8 = int8.measure_all(compare)
    return Analysis(
        model=model.name,
        score_name=measure.name,
        higher_is_better=measure.higher_is_better,
        is_share=measure.is_share,
        sample_count=len(x[0]),
        calibration_count=len(calibration[0]),
        baseline=scorer.baseline,
        int8=all_int8,
        layers=found,
    )


def _analyze_layer(
    layer: KerasLayer, channels: ChannelTrials, ranks: RankTrials, int8: Int8Trials, compare: Compare
) -> LayerAnalysis:
    shapes = [tuple(tensor.shape[1:]) for tensor in load_tensorflow().nest.flatten(layer.get_output_at(0))]
    of_channels, of_ranks = channels.measure(layer, compare), ranks.measure(layer, compare)
    of_int8 = int8.measure(layer, compare)
    return LayerAnalysis(
        name=layer.name,
        kind=type(layer).__name__,
        output_shape=shapes[0],
        parameters=layer_parameters(layer),
        macs=layer_macs(layer),
        int8_weight_bytes=of_int8.weight_bytes,
        activation_bytes=sum(map(math.prod, shapes)),
        channel_groups=of_channels.groups,
        shares_channels_with=of_channels.shares_with,
        channels=of_channels.trials,
        channels_reason=of_channels.reason,
        ranks=of_ranks.trials,
        ranks_reason=of_ranks.reason,
        int8=of_int8.trial,
        int8_reason=of_int8.reason,
    )
