"""MLPerf Tiny's architectures with seeded weights: as published, alive, and the same bytes every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.models import reference_models

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.cycles import count_macs, load_networks
from edgewright.pipeline.errors import BadInputError, ToolError
from edgewright.pipeline.feeding import model_inputs
from edgewright.pipeline.graph import read, strip, total_macs, write
from edgewright.pipeline.interpreters import Array, Request, run, tflm_engine
from edgewright.runtime_bench.networks import MLPERF, Network, obtain_network
from edgewright.runtime_bench.networks.weights import draw_samples

REDUCED = "anomaly_detection"
NAMES = [pytest.param(name, marks=[] if name == REDUCED else pytest.mark.full) for name in MLPERF]
SHAPES = {
    "keyword_spotting": ((1, 49, 10, 1), (1, 12), 2_656_768, 12),
    "visual_wake_words": ((1, 96, 96, 3), (1, 2), 7_489_664, 30),
    "image_classification": ((1, 32, 32, 3), (1, 10), 12_501_632, 15),
    "anomaly_detection": ((1, 640), (1, 640), 264_192, 10),
}
"""Input, output, MACs and operators."""


def outputs_of(network: Network) -> tuple[Array, Array]:
    """What TFLM's interpreter computes for the test samples, and the samples' classes."""
    tflite = network.tflite_path.read_bytes()
    test = network.data.load().test
    result = run(Request(engine=tflm_engine(), tflite=tflite, inputs=model_inputs(read(tflite), test.x)))
    return result.outputs[0], np.asarray(test.y[0])


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_an_architecture_is_the_published_one(network_cache: Cache, name: str) -> None:
    """Shapes, MACs by class and operators are those of the published description."""
    graph = read(obtain_network(name, network_cache).tflite_path.read_bytes())
    tensors, main = graph.main.tensors, graph.main
    assert SHAPES[name] == (
        tensors[main.inputs[0]].shape, tensors[main.outputs[0]].shape, total_macs(graph), len(main.operators),
    )  # fmt: skip
    assert load_networks()[name].counts == count_macs(graph)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_network_is_alive(network_cache: Cache, name: str) -> None:
    """Every int8 output varies over the inputs, few are saturated, and a classifier sees several classes."""
    network = obtain_network(name, network_cache)
    outputs, classes = outputs_of(network)
    assert (outputs.std(axis=0) > 1.0).all()
    saturated = np.isin(outputs, (-128, 127)).mean(axis=0)
    assert (saturated < 0.9).all()
    if network.reference.classes is not None:
        seen = outputs.argmax(axis=1)
        assert len(np.unique(seen)) > network.reference.classes // 2
        assert (seen == classes).mean() > 0.5


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_network_is_the_same_bytes_every_time(network_cache: Cache, tmp_path: Path, name: str) -> None:
    """Built and converted again without the cache, float weights, samples and .tflite are equal to the byte."""
    first, again = obtain_network(name, network_cache), obtain_network(name, Cache(root=tmp_path / "cache"))
    assert first.data.digest == again.data.digest
    assert first.tflite_path.read_bytes() == again.tflite_path.read_bytes()
    assert first.layers_path.read_bytes() == again.layers_path.read_bytes()


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "file"),
    [("keyword_spotting", "kws_ref_model.tflite"), ("image_classification", "pretrainedResnet_quant.tflite")],
)
def test_a_network_is_as_large_as_its_authors_file(network_cache: Cache, name: str, file: str) -> None:
    """The published .tflite has as many weights; without names it is as long as ours but for a RESHAPE."""
    published = (reference_models() / file).read_bytes()
    graph, own = read(published), read(obtain_network(name, network_cache).tflite_path.read_bytes())
    assert MLPERF[name].published_bytes == len(published)
    assert count_macs(graph) == count_macs(own)
    assert 0 <= len(write(strip(graph))) - len(write(own)) <= 512


@pytest.mark.slow
def test_another_seed_is_another_network(network_cache: Cache) -> None:
    """The seed decides the weights, and not the size of what they need."""
    first, other = (obtain_network(REDUCED, network_cache, seed).tflite_path.read_bytes() for seed in (1, 2))
    assert first != other
    assert total_macs(read(first)) == total_macs(read(other))


def test_samples_tell_their_classes_apart() -> None:
    """Most samples lie nearest to the mean of their own class, in every shape; by chance a quarter would."""
    for shape in ((49, 10, 1), (8, 8, 3), (640,)):
        x, classes = draw_samples(shape, 4, 80, seed=1)
        again, _ = draw_samples(shape, 4, 80, seed=1)
        assert ((80, *shape), np.float32) == (x.shape, x.dtype)
        assert (x == again).all()
        means = np.stack([x[classes == one].mean(axis=0).ravel() for one in range(4)])
        found = ((x.reshape(80, 1, -1) - means) ** 2).sum(axis=2).argmin(axis=1)
        assert (found == classes).mean() > 0.6


def test_an_unknown_network_is_refused(tmp_path: Path) -> None:
    """A name that is none is answered with those that there are."""
    with pytest.raises(BadInputError, match='network: "keyword" is unknown; '):
        obtain_network("keyword", Cache(root=tmp_path))


def test_a_build_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that ends with an error is a sentence with the line that runs it alone."""
    monkeypatch.setattr("edgewright.runtime_bench.networks.obtaining.WORKER", "absent")
    with pytest.raises(ToolError, match=r"anomaly_detection could not be built \(.*absent.*run it alone: "):
        obtain_network(REDUCED, Cache(root=tmp_path))
